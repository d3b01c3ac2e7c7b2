import { ClawError } from '../core/errors.ts'
import { formatInstant } from '../core/duration.ts'
import type { Secret } from '../core/secret.ts'
import { type Kind, isName } from '../core/vocabulary.ts'
import { secretFrom } from './secret-text.ts'

const SCHEMA = 'claw.bundle/1'
const KINDS: readonly Kind[] = ['api_key', 'token', 'oauth', 'identity']

/** An access-only credential for another machine or job: it cannot be renewed there. */
export interface Bundle {
  readonly provider: string
  readonly route: string
  readonly kind: Kind
  readonly token: Secret
  readonly tokenType: string
  /** Instant, ms; null = no end is known. */
  readonly expiresAt: number | null
  readonly account: string | null
  readonly baseUrl: string
  /** Hosts that may receive the token, with a port where it is not the usual one. */
  readonly hosts: readonly string[]
}

/** The text of a bundle, for a 0600 file or a pipe. It holds the token. */
export function writeBundle(bundle: Bundle): string {
  const { provider, route, kind, token, tokenType, expiresAt, account, baseUrl, hosts } = bundle
  const written = {
    schema: SCHEMA,
    provider,
    route,
    kind,
    token: token.reveal(),
    tokenType,
    expiresAt: expiresAt === null ? null : formatInstant(expiresAt),
    account,
    baseUrl,
    hosts,
  }
  return `${JSON.stringify(written)}\n`
}

/**
 * Reads a bundle.
 *
 * @param source how errors name it
 * @throws {ClawError} `CLAW_DATA_INVALID` naming the field at fault; `CLAW_KEY_INVALID` for the token.
 */
export function readBundle(text: string, source: string): Bundle {
  const fields = parse(text, source)
  const fault = (field: string, what: string): ClawError =>
    new ClawError('CLAW_DATA_INVALID', {
      what: `the bundle of \`${source}\` is invalid`,
      why: `\`${field}\` ${what}`,
      fix: 'write it anew with `claw token PROVIDER --bundle FILE`',
    })
  const textOf = (field: string): string => {
    const value = fields.get(field)
    if (typeof value !== 'string' || value === '') throw fault(field, 'must be text')
    return value
  }
  const nameOf = (field: string): string => {
    const value = textOf(field)
    if (!isName(value)) throw fault(field, 'must be a name')
    return value
  }
  if (fields.get('schema') !== SCHEMA) throw fault('schema', `must be \`${SCHEMA}\``)
  const kind = KINDS.find((each) => each === fields.get('kind'))
  if (kind === undefined) throw fault('kind', `must be one of ${KINDS.join(', ')}`)
  const baseUrl = textOf('baseUrl')
  if (!URL.canParse(baseUrl)) throw fault('baseUrl', 'must be an address')
  const hosts = fields.get('hosts')
  if (!Array.isArray(hosts) || hosts.length === 0 || !hosts.every(isHost)) throw fault('hosts', 'must list hosts')
  const account = fields.get('account') ?? null
  if (account !== null && typeof account !== 'string') throw fault('account', 'must be text or null')
  return {
    provider: nameOf('provider'),
    route: nameOf('route'),
    kind,
    token: secretFrom(textOf('token'), source, kind === 'api_key' ? 'api-key' : 'access-token'),
    tokenType: textOf('tokenType'),
    expiresAt: expiryOf(fields.get('expiresAt'), () => fault('expiresAt', 'must be a time (RFC 3339) or null')),
    account,
    baseUrl,
    hosts,
  }
}

function parse(text: string, source: string): ReadonlyMap<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ClawError('CLAW_DATA_INVALID', {
      what: `the bundle of \`${source}\` is no JSON object`,
      fix: 'write it anew with `claw token PROVIDER --bundle FILE`',
    })
  }
  return new Map(Object.entries(value))
}

function expiryOf(value: unknown, fault: () => ClawError): number | null {
  if (value === null || value === undefined) return null
  const instant = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN
  if (!Number.isFinite(instant)) throw fault()
  return instant
}

function isHost(value: unknown): value is string {
  return typeof value === 'string' && /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[::1\])(?::\d{1,5})?$/.test(value)
}
