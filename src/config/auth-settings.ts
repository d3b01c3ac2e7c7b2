import { nearest } from '../core/nearest.ts'
import type { SecretKind } from '../core/redaction.ts'
import type { Reference } from '../core/reference.ts'
import type { ReferenceText } from './reference.ts'
import type { AuthDocument } from './schema.ts'
import { authSchema, federationShape, IDENTITY_IDS } from './schema-auth.ts'
import { camelCase, inCamelCase } from './shape-walk.ts'

/** How the reader of a provider tells a fault of one of its keys, and turns the text of a reference into one. */
export interface Reading {
  fault(path: readonly string[], message: string, nearest?: string): void
  secret(path: readonly string[], written: ReferenceText, kind: SecretKind): Reference | undefined
}

/** Names of RFC 8414, RFC 7009 and RFC 6749, and the fields of the catalogue that they are other names of. */
const SYNONYMS = [
  ['device_authorization_endpoint', 'device_url'],
  ['authorization_endpoint', 'authorize_url'],
  ['token_endpoint', 'token_url'],
  ['revocation_endpoint', 'revocation_url'],
  ['scope', 'scopes'],
] as const
const WIRE_NAMES: readonly string[] = SYNONYMS.map(([wire]) => wire)
/** Fields that both a grant and an exchange have. */
const SHARED_FIELDS: readonly string[] = ['token_url', 'token_body', 'access_ttl_s']

/**
 * `[providers.ID.auth.NAME]` in the words of the catalogue. `known` are the ids of the provider's own entries there: any
 * other name brings its `method`, and with it what that method cannot do without.
 */
export function toAuthSettings(
  id: string,
  written: AuthDocument,
  known: readonly string[],
  { fault, secret }: Reading,
): Readonly<Record<string, unknown>> {
  const isOwn = !known.includes(id)
  const method = written.method ?? (id === 'federation' ? 'identity' : undefined)
  if (isOwn && method === undefined)
    fault([], 'is no method of this provider in the catalogue, and an own one needs `method`', nearest(id, known, 1)[0])
  for (const [wire, field] of SYNONYMS)
    if (written[wire] !== undefined && written[field] !== undefined) fault([wire], `means the same as \`${field}\`, and both are set`)
  if (isOwn) checkEndpoints(written, fault)

  const fields: Record<string, unknown> = {}
  const federation: Record<string, unknown> = {}
  const ids: Record<string, unknown> = {}
  const shapes = authSchema.members.type === 'table' ? authSchema.members.keys : {}
  const put = (name: string, value: unknown): void => {
    const isExchange = Object.hasOwn(federationShape, name) || (method === 'identity' && SHARED_FIELDS.includes(name))
    const target = isExchange ? federation : fields
    const shape = shapes[name]
    target[camelCase(name)] = shape ? inCamelCase(shape, value) : value
  }
  for (const [name, value] of Object.entries(written)) {
    if (IDENTITY_IDS.includes(name)) ids[name] = value
    else if (name !== 'client_secret' && name !== 'subject_token' && !WIRE_NAMES.includes(name)) put(name, value)
  }
  for (const [wire, field] of SYNONYMS) {
    const value = written[wire]
    if (value !== undefined) put(field, wire === 'scope' ? value.split(/\s+/).filter((scope) => scope !== '') : value)
  }
  if (written.client_secret !== undefined) fields.clientSecret = secret(['client_secret'], written.client_secret, 'client-secret')
  if (written.subject_token !== undefined) fields.subjectToken = secret(['subject_token'], written.subject_token, 'subject-token')
  if (method !== undefined) fields.method = method
  return { ...fields, ...(Object.keys(federation).length > 0 && { federation }), ...(Object.keys(ids).length > 0 && { ids }) }
}

/** A sign-in at an authorization server of one's own needs discovery, or the endpoints that the method uses. */
function checkEndpoints(written: AuthDocument, fault: Reading['fault']): void {
  const { method } = written
  if (method !== 'device' && method !== 'pkce') return
  const first =
    method === 'device'
      ? (written.device_authorization_endpoint ?? written.device_url)
      : (written.authorization_endpoint ?? written.authorize_url)
  const hasEndpoints = first !== undefined && (written.token_endpoint ?? written.token_url) !== undefined
  const name = method === 'device' ? 'device_authorization_endpoint' : 'authorization_endpoint'
  if (written.issuer === undefined && !hasEndpoints) fault([], `needs \`issuer\`, or both \`${name}\` and \`token_endpoint\``)
  if (written.client_id === undefined && written.no_client_id !== true) fault([], 'needs `client_id`')
}
