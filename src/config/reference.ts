import { isAbsolute } from 'node:path'
import { nearest } from '../core/nearest.ts'
import { rememberSecret, SHORTEST_SECRET, type SecretKind } from '../core/redaction.ts'
import type { Reference } from '../core/reference.ts'
import { Secret } from '../core/secret.ts'
import { isHeaderSafe } from '../core/vocabulary.ts'
import { passwordOf } from './addresses.ts'

/** A reference as it stands in a file: its text, or a command with the variables that it may see. */
export type ReferenceText = string | { readonly cmd: readonly string[]; readonly env?: readonly string[] | undefined }

export type ParsedReference = { readonly reference: Reference } | { readonly message: string; readonly nearest?: string | undefined }

const OIDC_SOURCES: readonly string[] = ['github', 'circleci', 'buildkite', 'azure-pipelines', 'gcp', 'azure', 'fly']
/** Systems that are not asked, and how the token that they put into a job is written. */
const OIDC_PLACES: ReadonlyMap<string, string> = new Map([
  ['gitlab', 'env:NAME'],
  ['bitbucket', 'env:BITBUCKET_STEP_OIDC_TOKEN'],
  ['vercel', 'env:VERCEL_OIDC_TOKEN'],
  ['modal', 'env:MODAL_IDENTITY_TOKEN'],
  ['kubernetes', 'file:/path'],
  ['spiffe', 'file:/path'],
  ['jenkins', 'env:NAME'],
])
const SCHEMES: readonly string[] = ['env', 'file', 'cmd', 'cred', 'keyring', 'oidc']
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
const ENTRY_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,127}$/
const KEYRING_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@/-]{0,127}$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be refused
const CONTROL = /[\u0000-\u001F\u007F]/

/**
 * Reads a reference to a secret (`scheme:rest`), or takes the text for the secret itself. No interpolation, no nesting.
 * The messages say what is wrong and never repeat a part of the text.
 */
export function parseReference(written: ReferenceText, kind: SecretKind): ParsedReference {
  if (typeof written !== 'string') return command(written.cmd, written.env ?? [])
  const colon = written.indexOf(':')
  const rest = written.slice(colon + 1)
  switch (written.slice(0, Math.max(0, colon))) {
    case 'env':
      return VARIABLE.test(rest) ? { reference: { scheme: 'env', name: rest } } : { message: 'must name a variable, as in `env:NAME`' }
    case 'file':
      return isAbsolute(rest) && !CONTROL.test(rest)
        ? { reference: { scheme: 'file', path: rest } }
        : { message: 'must give an absolute path, as in `file:/run/secrets/NAME`' }
    case 'cmd':
      return commandText(rest)
    case 'cred':
      return ENTRY_NAME.test(rest)
        ? { reference: { scheme: 'cred', name: rest } }
        : { message: 'must name a file of $CREDENTIALS_DIRECTORY, as in `cred:NAME`' }
    case 'keyring':
      return KEYRING_NAME.test(rest)
        ? { reference: { scheme: 'keyring', name: rest } }
        : { message: 'must name an entry, as in `keyring:NAME`' }
    case 'oidc':
      return identitySource(rest)
    case 'op':
      return {
        message: 'is an address of 1Password, which its own program must read',
        nearest: 'cmd:["op","read","--no-newline","op://…"]',
      }
    default:
      return literal(written, kind)
  }
}

/** The address of a shared store: a reference, or written out, with or without a password in it. */
export function parseStoreUrl(written: ReferenceText): ParsedReference {
  if (typeof written !== 'string' || SCHEMES.includes(written.split(':', 1)[0] ?? '')) return parseReference(written, 'token')
  const isUrl = /^(?:postgres|postgresql|redis|rediss):\/\/[\x21-\x7e]+$/.test(written) && URL.canParse(written)
  if (!isUrl) return { message: 'must be a reference, as in `env:STORE_URL`, or an address that begins with `postgres://` or `rediss://`' }
  const password = passwordOf(written)
  if (password !== undefined) rememberSecret(password, 'token')
  return { reference: { scheme: 'literal', secret: new Secret(written, 'token') } }
}

function command(argv: readonly string[], env: readonly string[]): ParsedReference {
  if (argv.length === 0 || argv[0] === '' || argv.some((part) => part.includes('\0')))
    return { message: 'must name a program and its arguments, one string each' }
  if (!env.every((name) => VARIABLE.test(name))) return { message: 'must list the names of variables under `env`' }
  return { reference: { scheme: 'cmd', argv: [...argv], env: [...env] } }
}

function commandText(text: string): ParsedReference {
  const fault = { message: 'must be a JSON array of strings, as in `cmd:["op","read","op://…"]`: no shell reads it' }
  try {
    const argv: unknown = JSON.parse(text)
    return Array.isArray(argv) && argv.every((part) => typeof part === 'string') ? command(argv, []) : fault
  } catch {
    return fault
  }
}

function identitySource(text: string): ParsedReference {
  const [source = '', ...query] = text.split('?')
  const place = OIDC_PLACES.get(source)
  if (place !== undefined) return { message: `names a system that puts its token into a job: write \`${place}\``, nearest: place }
  if (!OIDC_SOURCES.includes(source)) {
    const [meant] = nearest(source, OIDC_SOURCES)
    return { message: `must name a source of identity tokens: ${OIDC_SOURCES.join(', ')}`, nearest: meant && `oidc:${meant}` }
  }
  if (query.length === 0) return { reference: { scheme: 'oidc', source, audience: undefined } }
  const parameters = new URLSearchParams(query.join('?'))
  const audience = parameters.get('audience')
  if (!audience || CONTROL.test(audience) || [...parameters.keys()].length !== 1)
    return { message: 'may only give an audience, as in `oidc:github?audience=https://…`' }
  return { reference: { scheme: 'oidc', source, audience } }
}

function literal(text: string, kind: SecretKind): ParsedReference {
  const scheme = /^([a-z]{2,12}):/.exec(text)?.[1]
  if (scheme !== undefined) {
    const [meant] = nearest(scheme, SCHEMES)
    return { message: `has no known scheme: ${SCHEMES.map((name) => `${name}:`).join(' ')}`, nearest: meant && `${meant}:` }
  }
  if (text.length < SHORTEST_SECRET)
    return { message: `is shorter than ${SHORTEST_SECRET} characters: too short for a secret, and no reference either` }
  if (!isHeaderSafe(text)) return { message: 'holds characters that no key has (blanks, control characters, or more than ASCII)' }
  return { reference: { scheme: 'literal', secret: new Secret(text, kind) } }
}
