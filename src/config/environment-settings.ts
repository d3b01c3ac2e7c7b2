import { parseDuration } from '../core/duration.ts'
import { nearest } from '../core/nearest.ts'
import type { Reference } from '../core/reference.ts'
import { isName, type AuthMode } from '../core/vocabulary.ts'
import type { Environment } from '../platform/environment.ts'
import type { CatalogueNames } from './config-request.ts'
import type { Problem } from './problem.ts'

/** What the variables of claw say. A value is never repeated in a fault. */
export interface EnvironmentSettings {
  readonly model?: string
  readonly authMode?: AuthMode
  readonly prefer?: 'api_key' | 'oauth'
  readonly profile?: string
  readonly timeoutMs?: number
  readonly enabled: readonly string[]
  readonly store?: { readonly backend: string; readonly url?: Reference }
  readonly storeKey?: Reference
}

export function readEnvironment(
  environment: Environment,
  catalogue: CatalogueNames,
): { readonly settings: EnvironmentSettings; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const fault = (key: string, message: string, meant: string | undefined = undefined): undefined => {
    problems.push({
      file: 'environment',
      line: null,
      column: null,
      key,
      message,
      nearest: meant ?? null,
      kind: 'invalid',
      ...(meant ? {} : { fix: `unset ${key}` }),
    })
  }
  const valid = (name: string, isValid: (value: string) => boolean, message: string): string | undefined => {
    const value = environment.get(name)
    return value === undefined || isValid(value) ? value : fault(name, message)
  }
  const oneOf = <Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined => {
    const value = environment.get(name)
    if (value === undefined) return undefined
    return (
      choices.find((choice) => choice === value) ??
      fault(name, `must be ${choices.map((choice) => `\`${choice}\``).join(', ')}`, nearest(value, choices, 1)[0])
    )
  }

  const model = valid('CLAW_MODEL', (value) => /^[\x21-\x7e]{1,256}$/.test(value), 'must be a model reference, as in `provider/model`')
  const profile = valid('CLAW_PROFILE', isName, 'is no name of a profile: lower-case letters, digits, `-` and `_`, at most 64')
  const timeout = valid('CLAW_TIMEOUT', (value) => (parseDuration(value) ?? 0) > 0, 'must be a duration, as in `30s`')
  const authMode = oneOf('CLAW_AUTH_MODE', ['auto', 'api_key', 'oauth'])
  const prefer = oneOf('CLAW_AUTH_PREFER', ['api_key', 'oauth'])
  const store = readStore(environment, fault)
  const storeKey = readStoreKey(environment, fault)
  const settings: EnvironmentSettings = {
    enabled: readEnabled(environment, catalogue, fault),
    ...(model !== undefined && { model }),
    ...(profile !== undefined && { profile }),
    ...(timeout !== undefined && { timeoutMs: parseDuration(timeout) ?? 0 }),
    ...(authMode && { authMode }),
    ...(prefer && { prefer }),
    ...(store && { store }),
    ...(storeKey && { storeKey }),
  }
  return { settings, problems }
}

type Fault = (key: string, message: string, meant?: string) => undefined

const BACKENDS: readonly string[] = ['file', 'keyring', 'memory', 'postgres', 'redis']
const SHARED: Readonly<Record<string, string>> = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'redis:': 'redis',
  'rediss:': 'redis',
}

function readStore(environment: Environment, fault: Fault): EnvironmentSettings['store'] {
  const value = environment.get('CLAW_STORE')
  if (value === undefined) return undefined
  if (BACKENDS.includes(value)) return { backend: value }
  const scheme = URL.canParse(value) ? new URL(value).protocol : ''
  // The address may hold a password: it stays in the environment until it is used.
  if (Object.hasOwn(SHARED, scheme)) return { backend: SHARED[scheme] ?? '', url: { scheme: 'env', name: 'CLAW_STORE' } }
  return fault(
    'CLAW_STORE',
    'must be `file`, `keyring`, `memory`, or an address that begins with `postgres://` or `rediss://`',
    nearest(value, BACKENDS, 1)[0],
  )
}

function readStoreKey(environment: Environment, fault: Fault): Reference | undefined {
  const isSet = environment.get('CLAW_STORE_KEY') !== undefined
  const path = environment.get('CLAW_STORE_KEY_FILE')
  if (isSet && path !== undefined) return fault('CLAW_STORE_KEY', 'and `CLAW_STORE_KEY_FILE` are both set')
  if (isSet) return { scheme: 'env', name: 'CLAW_STORE_KEY' }
  if (path === undefined) return undefined
  return path.startsWith('/') ? { scheme: 'file', path } : fault('CLAW_STORE_KEY_FILE', 'must be an absolute path')
}

function readEnabled(environment: Environment, catalogue: CatalogueNames, fault: Fault): string[] {
  const words = (environment.get('CLAW_ENABLE') ?? '').split(/[\s,]+/).filter((word) => word !== '')
  return words.filter((word) => {
    const [provider = '', auth = '', ...more] = word.split('/')
    if (more.length > 0 || !isName(provider) || !isName(auth)) {
      fault('CLAW_ENABLE', 'must list methods by provider and id, as in `anthropic/oauth,anthropic/setup-token`')
      return false
    }
    const known = catalogue.authIds(provider)
    if (!catalogue.ids.includes(provider) || known.includes(auth)) return true
    const meant = nearest(auth, known, 1)[0]
    fault('CLAW_ENABLE', `names a method that \`${provider}\` does not have`, meant && `${provider}/${meant}`)
    return false
  })
}
