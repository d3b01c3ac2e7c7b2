import { JsonObject, parseJson, ShapeError } from './json-shape.ts'
import type { NewCredential } from './record.ts'
import {
  decodeAccount,
  decodeBarring,
  decodeClient,
  decodeEcho,
  decodeIntent,
  decodeSecrets,
  encodeSecrets,
  METHODS,
} from './record-codec.ts'
import type { SavedAnswer } from './store.ts'

/** A saved answer as JSON, secrets included: for the spool only. */
export function encodeAnswer(answer: Omit<SavedAnswer, 'savedAt'>): string {
  const { credential, ...known } = answer
  return JSON.stringify({ ...known, credential: { ...credential, secrets: encodeSecrets(credential.secrets) } })
}

/** @throws {ShapeError} */
export function decodeAnswer(bytes: Uint8Array): Omit<SavedAnswer, 'savedAt'> {
  const fields = new JsonObject(parseJson(bytes), 'answer')
  const intent = decodeIntent(fields.objectOrNull('intent'))
  if (!intent) throw new ShapeError('answer.intent')
  return {
    grantId: fields.filled('grantId'),
    intent,
    generation: fields.count('generation'),
    fingerprint: fields.string('fingerprint'),
    credential: decodeCredential(fields.object('credential')),
  }
}

function decodeCredential(fields: JsonObject): NewCredential {
  const renewal = fields.objectOrNull('renewal')
  return {
    method: fields.oneOf('method', METHODS),
    auth: fields.string('auth'),
    secrets: decodeSecrets(fields.object('secrets'), 'access-token'),
    lifetimeMs: fields.numberOrNull('lifetimeMs'),
    sentAgoMs: fields.number('sentAgoMs'),
    account: decodeAccount(fields.objectOrNull('account')),
    region: fields.stringOrNull('region'),
    scopes: fields.stringsOrNull('scopes'),
    origins: fields.strings('origins'),
    client: decodeClient(fields.objectOrNull('client')),
    ...(renewal && { renewal: { echo: decodeEcho(renewal), notBeforeInMs: renewal.numberOrNull('notBeforeInMs') } }),
    ...decodeBarring(fields.objectOrNull('barred')),
  }
}
