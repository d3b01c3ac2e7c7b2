import type { SecretKind } from '../core/redaction.ts'
import { Secret } from '../core/secret.ts'
import { JsonObject, parseJson, ShapeError } from './json-shape.ts'
import type { Account, Barring, CredentialRecord, DerivedMetadata, ExchangeFacts, GrantClient, Intent, RecordSecrets } from './record.ts'

const KINDS = ['api_key', 'token', 'oauth', 'identity', 'none'] as const
export const METHODS = ['api_key', 'token', 'pkce', 'device', 'identity', 'none'] as const

/** @throws {ShapeError} */
export function decodeRecord(fields: JsonObject): CredentialRecord {
  const state = fields.oneOf('state', ['ok', 'rejected', 'logged_out'] as const)
  const secrets = fields.objectOrNull('secrets')
  if (state !== 'logged_out' && secrets === null) throw new ShapeError(fields.at('secrets'))
  const rejection = fields.objectOrNull('rejection')
  const renewal = fields.objectOrNull('renewal')
  const lastRefresh = fields.objectOrNull('lastRefresh')
  const derived = fields.mapOrNull('derived')
  const kind = fields.oneOf('kind', KINDS)
  return {
    id: fields.filled('id'),
    provider: fields.name('provider'),
    route: fields.name('route'),
    profile: fields.name('profile'),
    kind,
    method: fields.oneOf('method', METHODS),
    auth: fields.string('auth'),
    state,
    generation: fields.count('generation'),
    fingerprint: fields.string('fingerprint'),
    from: fields.count('from'),
    fromAttempt: attemptOf(fields, 'fromAttempt'),
    fence: fields.count('fence'),
    expiresAt: fields.numberOrNull('expiresAt'),
    receivedAt: fields.number('receivedAt'),
    lifetimeMs: fields.numberOrNull('lifetimeMs'),
    refreshable: fields.boolean('refreshable'),
    account: decodeAccount(fields.objectOrNull('account')),
    region: fields.stringOrNull('region'),
    scopes: fields.stringsOrNull('scopes'),
    origins: fields.strings('origins'),
    client: decodeClient(fields.objectOrNull('client')),
    intent: decodeIntent(fields.objectOrNull('intent')),
    lastRefresh:
      lastRefresh &&
      withRest({ at: lastRefresh.number('at'), host: lastRefresh.string('host'), pid: lastRefresh.count('pid') }, lastRefresh),
    rejection:
      rejection &&
      withRest(
        {
          at: rejection.number('at'),
          reason: rejection.string('reason'),
          fingerprint: rejection.string('fingerprint'),
          ...barringKind(rejection),
        },
        rejection,
      ),
    ...(renewal && { renewal: withRest({ echo: decodeEcho(renewal), notBefore: renewal.numberOrNull('notBefore') }, renewal) }),
    derived: derived ? Object.fromEntries(derived.names.map((name) => [name, decodeDerived(derived.object(name))])) : {},
    ...decodeExchange(fields),
    secrets: secrets && decodeSecrets(secrets, kind === 'api_key' ? 'api-key' : 'access-token'),
    unknown: fields.rest(),
  }
}

export function encodeRecord(record: CredentialRecord): Record<string, unknown> {
  const { unknown, secrets, account, client, intent, lastRefresh, rejection, renewal, derived, exchange, ...known } = record
  return {
    ...unknown,
    ...known,
    account: plain(account),
    client: plain(client),
    intent: intent && { ...plain(intent), holder: plain(intent.holder) },
    lastRefresh: plain(lastRefresh),
    rejection: plain(rejection),
    ...(renewal && { renewal: plain(renewal) }),
    derived: Object.fromEntries(Object.entries(derived).map(([name, facts]) => [name, plain(facts)])),
    ...(exchange && { exchange: { ...plain(exchange), presented: exchange.presented.map(plain) } }),
    secrets: secrets && encodeSecrets(secrets),
  }
}

/** An exchange posts at most so many tokens that are remembered. */
const MOST_PRESENTED = 256

function decodeExchange(record: JsonObject): { readonly exchange?: ExchangeFacts } {
  const fields = record.objectOrNull('exchange')
  if (!fields) return {}
  const presented = fields.items('presented', MOST_PRESENTED).map(({ value, place }) => {
    const token = new JsonObject(value, place)
    return withRest({ sha256: token.filled('sha256'), endsAt: token.numberOrNull('endsAt') }, token)
  })
  const principal = fields.mapOrNull('principal')
  return {
    exchange: withRest(
      { presented, principal: principal ? Object.fromEntries(principal.names.map((name) => [name, principal.string(name)])) : {} },
      fields,
    ),
  }
}

export function decodeSecrets(fields: JsonObject, accessKind: SecretKind): RecordSecrets {
  const refresh = fields.stringOrNull('refresh')
  const idToken = fields.stringOrNull('idToken')
  const derived = fields.mapOrNull('derived')
  const access = new Secret(fields.filled('access'), accessKind)
  const rest = fields.rest()
  return {
    access,
    ...(refresh ? { refresh: new Secret(refresh, 'refresh-token') } : {}),
    ...(idToken ? { idToken: new Secret(idToken, 'id-token') } : {}),
    ...(derived ? { derived: secretsIn(derived, 'token') } : {}),
    ...(Object.keys(rest).length === 0 ? {} : { unknown: new Secret(JSON.stringify(rest), 'token') }),
  }
}

export function encodeSecrets(secrets: RecordSecrets): Record<string, unknown> {
  return {
    ...(secrets.unknown ? new JsonObject(parseJson(Buffer.from(secrets.unknown.reveal())), 'secrets').rest() : {}),
    access: secrets.access.reveal(),
    ...(secrets.refresh ? { refresh: secrets.refresh.reveal() } : {}),
    ...(secrets.idToken ? { idToken: secrets.idToken.reveal() } : {}),
    ...(secrets.derived ? { derived: revealAll(secrets.derived) } : {}),
  }
}

export function secretsIn(fields: JsonObject, kind: SecretKind): Record<string, Secret> {
  return Object.fromEntries(fields.names.map((name) => [name, new Secret(fields.filled(name), kind)]))
}

export function revealAll(secrets: Readonly<Record<string, Secret>>): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, secret.reveal()]))
}

export function decodeAccount(fields: JsonObject | null): Account | null {
  if (!fields) return null
  const known = { id: fields.stringOrNull('id'), name: fields.stringOrNull('name'), plan: fields.stringOrNull('plan') }
  const fedramp = fields.names.includes('fedramp') && fields.boolean('fedramp')
  return withRest(fedramp ? { ...known, fedramp } : known, fields)
}

export function decodeClient(fields: JsonObject | null): GrantClient | null {
  return fields && withRest(clientIn(fields), fields)
}

export function clientIn(fields: JsonObject): GrantClient {
  return {
    clientId: fields.stringOrNull('clientId'),
    tokenEndpoint: fields.string('tokenEndpoint'),
    revocationEndpoint: fields.stringOrNull('revocationEndpoint'),
    issuer: fields.stringOrNull('issuer'),
  }
}

/** A kind of a newer claw bars as well: what it means is that the credential must not be used. */
function barringKind(fields: JsonObject): { readonly kind?: Barring['kind'] } {
  const kind = fields.stringOrNull('kind')
  return kind === null ? {} : { kind: kind === 'account' ? 'account' : 'scope' }
}

export function decodeBarring(fields: JsonObject | null): { readonly barred?: Barring } {
  if (!fields) return {}
  return { barred: { kind: fields.oneOf('kind', ['account', 'scope'] as const), reason: fields.string('reason') } }
}

export function decodeEcho(fields: JsonObject): Record<string, string> {
  const echo = fields.mapOrNull('echo')
  return echo ? Object.fromEntries(echo.names.map((name) => [name, echo.string(name)])) : {}
}

function decodeDerived(fields: JsonObject): DerivedMetadata {
  const known = {
    expiresAt: fields.numberOrNull('expiresAt'),
    lifetimeMs: fields.numberOrNull('lifetimeMs'),
    generation: fields.count('generation'),
    baseUrl: fields.stringOrNull('baseUrl'),
  }
  return withRest(known, fields)
}

export function decodeIntent(fields: JsonObject | null): Intent | null {
  if (!fields) return null
  const holder = fields.object('holder')
  const intent = {
    holder: withRest(
      {
        host: holder.string('host'),
        pid: holder.count('pid'),
        pidStart: holder.string('pidStart'),
        bootId: holder.string('bootId'),
        pidNamespace: holder.string('pidNamespace'),
      },
      holder,
    ),
    nonce: fields.string('nonce'),
    fence: fields.count('fence'),
    attempt: attemptOf(fields, 'attempt'),
    deadlineAt: fields.number('deadlineAt'),
    leaseEndsAt: fields.number('leaseEndsAt'),
    gaveUp: fields.boolean('gaveUp'),
  }
  return withRest(intent, fields)
}

function attemptOf(fields: JsonObject, name: string): 1 | 2 {
  const value = fields.number(name)
  if (value !== 1 && value !== 2) throw new ShapeError(fields.at(name))
  return value
}

/**
 * Fields of a newer claw inside a part of a record. They go with the very object that was read: a write that leaves a part
 * as it is keeps them, one that puts a new part there does not.
 */
const rests = new WeakMap<object, Record<string, unknown>>()

export function withRest<Part extends object>(part: Part, fields: JsonObject): Part {
  if (fields.names.length > 0) rests.set(part, fields.rest())
  return part
}

export function plain(part: object): Record<string, unknown>
export function plain(part: object | null): Record<string, unknown> | null
export function plain(part: object | null): Record<string, unknown> | null {
  return part && { ...rests.get(part), ...part }
}
