import { Secret } from '../core/secret.ts'
import type { SecretKind } from '../core/redaction.ts'
import { JsonObject, ShapeError, parseJson } from './json-shape.ts'
import type { Account, CredentialRecord, DerivedMetadata, GrantClient, Holder, Intent, NewCredential, PendingFlow, RecordSecrets } from './record.ts'

/** The version of the document that this claw writes. */
export const DOCUMENT_VERSION = 1
const MOST_RECORDS = 1_024
const KINDS = ['api_key', 'token', 'oauth', 'identity', 'none'] as const
const METHODS = ['api_key', 'token', 'pkce', 'device', 'identity', 'none'] as const

/** Everything in a store's one document. Fields of a newer claw are kept at each level. */
export interface StoreDocument {
  readonly version: number
  /** Which machine wrote it first: a salted hash. */
  readonly machine: { readonly salt: string; readonly hash: string } | null
  readonly records: readonly CredentialRecord[]
  readonly flows: readonly PendingFlow[]
  /** Where the records went, when the store was moved elsewhere. */
  readonly movedTo: string | null
  readonly unknown: Readonly<Record<string, unknown>>
}

export const EMPTY_DOCUMENT: StoreDocument = { version: DOCUMENT_VERSION, machine: null, records: [], flows: [], movedTo: null, unknown: {} }

/** @throws {ShapeError} naming the place of the first thing that is not as it should be. */
export function decodeDocument(bytes: Uint8Array): StoreDocument {
  const fields = new JsonObject(parseJson(bytes), 'document')
  const version = fields.number('version')
  const machine = fields.objectOrNull('machine')
  return {
    version,
    machine: machine && { salt: machine.string('salt'), hash: machine.string('hash') },
    records: fields.objects('records', MOST_RECORDS).map(decodeRecord),
    flows: fields.objects('flows', MOST_RECORDS).map(decodeFlow),
    movedTo: fields.stringOrNull('movedTo'),
    unknown: fields.rest(),
  }
}

export function encodeDocument(document: StoreDocument): Buffer {
  const { unknown, records, flows, ...known } = document
  return Buffer.from(`${JSON.stringify({ ...unknown, ...known, records: records.map(encodeRecord), flows: flows.map(encodeFlow) }, null, 1)}\n`)
}

/** The records of a broken document that are whole by themselves, for `doctor --fix`. */
export function salvageDocument(bytes: Uint8Array): StoreDocument {
  const text = new TextDecoder('utf-8').decode(bytes)
  const records: CredentialRecord[] = []
  for (const candidate of objectsIn(text)) {
    try {
      const record = decodeRecord(new JsonObject(parseJson(Buffer.from(candidate)), 'record'))
      if (!records.some(({ id }) => id === record.id)) records.push(record)
    } catch (thrown) {
      if (!(thrown instanceof ShapeError)) throw thrown
    }
  }
  return { ...EMPTY_DOCUMENT, records }
}

/** Balanced `{…}` texts that hold a `generation`, wherever they begin. */
function* objectsIn(text: string): Iterable<string> {
  for (let start = text.indexOf('{'); start >= 0; start = text.indexOf('{', start + 1)) {
    let depth = 0
    let isString = false
    for (let i = start; i < text.length; i++) {
      const character = text[i]
      if (isString) {
        if (character === '\\') i++
        else if (character === '"') isString = false
      } else if (character === '"') isString = true
      else if (character === '{') depth++
      else if (character === '}' && --depth === 0) {
        const candidate = text.slice(start, i + 1)
        if (!/"records"\s*:/.test(candidate) && candidate.includes('"generation"')) yield candidate
        break
      }
    }
  }
}

export function decodeRecord(fields: JsonObject): CredentialRecord {
  const secrets = fields.objectOrNull('secrets')
  const rejection = fields.objectOrNull('rejection')
  const lastRefresh = fields.objectOrNull('lastRefresh')
  const derived = fields.objectOrNull('derived')
  return {
    id: fields.string('id'),
    provider: fields.string('provider'),
    route: fields.string('route'),
    profile: fields.string('profile'),
    kind: fields.oneOf('kind', KINDS),
    method: fields.oneOf('method', METHODS),
    auth: fields.string('auth'),
    state: fields.oneOf('state', ['ok', 'rejected', 'logged_out'] as const),
    generation: fields.number('generation'),
    fingerprint: fields.string('fingerprint'),
    from: fields.number('from'),
    fromAttempt: attemptOf(fields, 'fromAttempt'),
    fence: fields.number('fence'),
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
    lastRefresh: lastRefresh && { at: lastRefresh.number('at'), host: lastRefresh.string('host'), pid: lastRefresh.number('pid') },
    rejection: rejection && { at: rejection.number('at'), reason: rejection.string('reason'), fingerprint: rejection.string('fingerprint') },
    derived: derived ? Object.fromEntries(derived.names.map((name) => [name, decodeDerived(derived.object(name))])) : {},
    secrets: secrets && decodeSecrets(secrets),
    unknown: fields.rest(),
  }
}

function encodeRecord(record: CredentialRecord): Record<string, unknown> {
  const { unknown, secrets, ...known } = record
  return { ...unknown, ...known, secrets: secrets && encodeSecrets(secrets) }
}

function decodeSecrets(fields: JsonObject): RecordSecrets {
  const refresh = fields.stringOrNull('refresh')
  const idToken = fields.stringOrNull('idToken')
  const derived = fields.objectOrNull('derived')
  return {
    access: new Secret(fields.string('access'), 'access-token'),
    ...(refresh === null ? {} : { refresh: new Secret(refresh, 'refresh-token') }),
    ...(idToken === null ? {} : { idToken: new Secret(idToken, 'id-token') }),
    ...(derived ? { derived: secretsIn(derived, 'token') } : {}),
  }
}

function encodeSecrets(secrets: RecordSecrets): Record<string, unknown> {
  return {
    access: secrets.access.reveal(),
    ...(secrets.refresh ? { refresh: secrets.refresh.reveal() } : {}),
    ...(secrets.idToken ? { idToken: secrets.idToken.reveal() } : {}),
    ...(secrets.derived ? { derived: revealAll(secrets.derived) } : {}),
  }
}

function secretsIn(fields: JsonObject, kind: SecretKind): Record<string, Secret> {
  return Object.fromEntries(fields.names.map((name) => [name, new Secret(fields.string(name), kind)]))
}

function revealAll(secrets: Readonly<Record<string, Secret>>): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, secret.reveal()]))
}

function decodeFlow(fields: JsonObject): PendingFlow {
  const client = fields.object('client')
  const redirectUri = client.stringOrNull('redirectUri')
  return {
    id: fields.string('id'),
    provider: fields.string('provider'),
    route: fields.string('route'),
    profile: fields.string('profile'),
    method: fields.oneOf('method', ['device', 'pkce'] as const),
    auth: fields.string('auth'),
    userCode: fields.stringOrNull('userCode'),
    verificationUri: fields.string('verificationUri'),
    verificationUriComplete: fields.stringOrNull('verificationUriComplete'),
    expiresAt: fields.number('expiresAt'),
    intervalMs: fields.number('intervalMs'),
    nextPollAt: fields.number('nextPollAt'),
    startedAt: fields.number('startedAt'),
    slowedDown: fields.boolean('slowedDown'),
    region: fields.stringOrNull('region'),
    client: { ...clientIn(client), redirectUri },
    secrets: secretsIn(fields.object('secrets'), 'device-code'),
    unknown: fields.rest(),
  }
}

function encodeFlow(flow: PendingFlow): Record<string, unknown> {
  const { unknown, secrets, ...known } = flow
  return { ...unknown, ...known, secrets: revealAll(secrets) }
}

function decodeAccount(fields: JsonObject | null): Account | null {
  return fields && { id: fields.stringOrNull('id'), name: fields.stringOrNull('name'), plan: fields.stringOrNull('plan') }
}

function decodeClient(fields: JsonObject | null): GrantClient | null {
  return fields && clientIn(fields)
}

function clientIn(fields: JsonObject): GrantClient {
  return {
    clientId: fields.stringOrNull('clientId'),
    tokenEndpoint: fields.string('tokenEndpoint'),
    revocationEndpoint: fields.stringOrNull('revocationEndpoint'),
    issuer: fields.stringOrNull('issuer'),
  }
}

function decodeDerived(fields: JsonObject): DerivedMetadata {
  return { expiresAt: fields.numberOrNull('expiresAt'), generation: fields.number('generation'), baseUrl: fields.stringOrNull('baseUrl') }
}

export function decodeHolder(fields: JsonObject): Holder {
  return {
    host: fields.string('host'),
    pid: fields.number('pid'),
    pidStart: fields.string('pidStart'),
    bootId: fields.string('bootId'),
    pidNamespace: fields.string('pidNamespace'),
  }
}

function decodeIntent(fields: JsonObject | null): Intent | null {
  return (
    fields && {
      holder: decodeHolder(fields.object('holder')),
      nonce: fields.string('nonce'),
      fence: fields.number('fence'),
      attempt: attemptOf(fields, 'attempt'),
      deadlineAt: fields.number('deadlineAt'),
      leaseEndsAt: fields.number('leaseEndsAt'),
      gaveUp: fields.boolean('gaveUp'),
    }
  )
}

function attemptOf(fields: JsonObject, name: string): 1 | 2 {
  const value = fields.number(name)
  if (value !== 1 && value !== 2) throw new ShapeError(fields.at(name))
  return value
}

/** A saved answer as JSON, secrets included: for the spool only. */
export function encodeAnswer(answer: { readonly grantId: string; readonly intent: Intent; readonly generation: number; readonly fingerprint: string; readonly credential: NewCredential }): string {
  const { credential, ...known } = answer
  return JSON.stringify({ ...known, credential: { ...credential, secrets: encodeSecrets(credential.secrets) } })
}

/** @throws {ShapeError} */
export function decodeAnswer(text: string): { grantId: string; intent: Intent; generation: number; fingerprint: string; credential: NewCredential } {
  const fields = new JsonObject(parseJson(Buffer.from(text)), 'answer')
  const credential = fields.object('credential')
  const intent = decodeIntent(fields.object('intent'))
  if (!intent) throw new ShapeError('answer.intent')
  return {
    grantId: fields.string('grantId'),
    intent,
    generation: fields.number('generation'),
    fingerprint: fields.string('fingerprint'),
    credential: {
      method: credential.oneOf('method', METHODS),
      auth: credential.string('auth'),
      secrets: decodeSecrets(credential.object('secrets')),
      lifetimeMs: credential.numberOrNull('lifetimeMs'),
      sentAgoMs: credential.number('sentAgoMs'),
      account: decodeAccount(credential.objectOrNull('account')),
      region: credential.stringOrNull('region'),
      scopes: credential.stringsOrNull('scopes'),
      origins: credential.strings('origins'),
      client: decodeClient(credential.objectOrNull('client')),
    },
  }
}
