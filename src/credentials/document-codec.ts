import { JsonObject, parseJson, ShapeError } from './json-shape.ts'
import type { CredentialRecord, PendingFlow } from './record.ts'
import { clientIn, decodeRecord, encodeRecord, plain, revealAll, secretsIn, withRest } from './record-codec.ts'

/** The version of the document that this claw writes. */
export const DOCUMENT_VERSION = 1
const MOST_PROVIDERS = 256
const MOST_RECORDS = 1_024

/** Everything in a store's one document. Fields of a newer claw are kept at each level. */
export interface StoreDocument {
  readonly version: number
  /** Counts the writes. */
  readonly revision: number
  /** Which machine wrote it first: a salted hash. Null where the system has no id. */
  readonly machine: { readonly salt: string; readonly hash: string } | null
  readonly records: readonly CredentialRecord[]
  readonly flows: readonly PendingFlow[]
  /** Where the records went, when the store was moved elsewhere. */
  readonly movedTo: string | null
  readonly unknown: Readonly<Record<string, unknown>>
}

export const EMPTY_DOCUMENT: StoreDocument = {
  version: DOCUMENT_VERSION,
  revision: 0,
  machine: null,
  records: [],
  flows: [],
  movedTo: null,
  unknown: {},
}

/**
 * A document from its bytes. Of one that a newer claw wrote, what this one understands: it may not be written again.
 *
 * @throws {ShapeError} naming the place of the first thing that is not as it should be.
 */
export function decodeDocument(bytes: Uint8Array): StoreDocument {
  const fields = new JsonObject(parseJson(bytes), 'document')
  const version = fields.count('version')
  if (version === 0) throw new ShapeError('document.version')
  const isNewer = version > DOCUMENT_VERSION
  const machine = fields.objectOrNull('machine')
  const records = understood(fields, 'records', isNewer, decodeRecord)
  if (new Set(records.map(({ provider }) => provider)).size > MOST_PROVIDERS)
    throw new ShapeError('document.records, which has too many providers')
  if (new Set(records.map(({ id }) => id)).size < records.length) throw new ShapeError('document.records, which has an id twice')
  return {
    version,
    revision: fields.numberOrNull('revision') ?? 0,
    machine: machine && withRest({ salt: machine.string('salt'), hash: machine.string('hash') }, machine),
    records,
    flows: understood(fields, 'flows', isNewer, decodeFlow),
    movedTo: fields.stringOrNull('movedTo'),
    unknown: fields.rest(),
  }
}

export function encodeDocument(document: StoreDocument): Buffer {
  const { version, revision, machine, movedTo, unknown, records, flows } = document
  const whole = {
    version,
    revision,
    machine: plain(machine),
    movedTo,
    ...unknown,
    records: records.map(encodeRecord),
    flows: flows.map(encodeFlow),
  }
  // On lines of their own, records can be salvaged from a broken file, and people can see where it breaks.
  return Buffer.from(`${JSON.stringify(whole, null, 1)}\n`)
}

function understood<Part>(fields: JsonObject, name: string, isNewer: boolean, decode: (fields: JsonObject) => Part): Part[] {
  return fields.items(name, MOST_RECORDS).flatMap(({ value, place }) => {
    try {
      return [decode(new JsonObject(value, place))]
    } catch (thrown) {
      if (isNewer && thrown instanceof ShapeError) return []
      throw thrown
    }
  })
}

/** @throws {ShapeError} */
export function decodeFlow(fields: JsonObject): PendingFlow {
  const client = fields.object('client')
  const redirectUri = client.stringOrNull('redirectUri')
  const secrets = fields.mapOrNull('secrets')
  return {
    id: fields.filled('id'),
    provider: fields.name('provider'),
    route: fields.name('route'),
    profile: fields.name('profile'),
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
    client: withRest({ ...clientIn(client), redirectUri }, client),
    secrets: secrets ? secretsIn(secrets, 'device-code') : {},
    unknown: fields.rest(),
  }
}

function encodeFlow(flow: PendingFlow): Record<string, unknown> {
  const { unknown, secrets, client, ...known } = flow
  return { ...unknown, ...known, client: plain(client), secrets: revealAll(secrets) }
}
