import { createHash } from 'node:crypto'
import type { Secret } from '../core/secret.ts'
import {
  type Account,
  type CredentialRecord,
  type Intent,
  type NewCredential,
  type RecordSecrets,
  type RenewalTerms,
  sameAccount,
  type Slot,
} from './record.ts'
import type { WriteMoment } from './record-writes.ts'
import type { RecordWrite } from './store.ts'

/** SHA-256 in hex: how a secret is recognised without being known. */
export function fingerprintOf(secret: Secret): string {
  return createHash('sha256').update(secret.reveal()).digest('hex')
}

/** The record of a sign-in: a new family in its slot, whatever was there. */
export function signedIn(
  slot: Slot,
  before: CredentialRecord | undefined,
  credential: NewCredential,
  moment: Pick<WriteMoment, 'now' | 'newId'>,
): CredentialRecord {
  return {
    ...slot,
    id: before?.id ?? moment.newId(),
    method: credential.method,
    auth: credential.auth,
    state: 'ok',
    generation: (before?.generation ?? 0) + 1,
    fingerprint: fingerprintOf(credential.secrets.refresh ?? credential.secrets.access),
    from: 0,
    fromAttempt: 1,
    fence: before?.fence ?? 0,
    expiresAt: expiryOf(moment.now, credential.sentAgoMs, credential.lifetimeMs),
    receivedAt: moment.now,
    lifetimeMs: credential.lifetimeMs,
    refreshable: credential.secrets.refresh !== undefined,
    account: credential.account,
    region: credential.region,
    scopes: credential.scopes,
    origins: credential.origins,
    client: credential.client,
    intent: null,
    lastRefresh: null,
    rejection: null,
    ...renewalOf(credential, undefined, moment.now),
    derived: {},
    secrets: credential.secrets,
    unknown: before?.unknown ?? {},
  }
}

/** A key or token given by hand once more: what came by a flow is a new grant even where a value repeats. */
export function isSameGiven(before: CredentialRecord, credential: NewCredential, fingerprint: string): boolean {
  const isGiven = before.kind === 'api_key' || before.kind === 'token'
  const isSame = before.fingerprint === fingerprint && before.lifetimeMs === credential.lifetimeMs && before.region === credential.region
  return isGiven && isSame && before.auth === credential.auth && before.origins.join() === credential.origins.join()
}

/** The record after a refresh: what the answer left out stays. */
export function refreshed(
  record: CredentialRecord,
  credential: NewCredential,
  from: number,
  intent: Intent,
  moment: WriteMoment,
): CredentialRecord {
  const secrets = keepMissing(credential.secrets, record.secrets)
  const fingerprint = fingerprintOf(secrets.refresh ?? secrets.access)
  const { barred } = credential
  return {
    ...record,
    state: barred ? 'rejected' : 'ok',
    generation: record.generation + 1,
    fingerprint,
    from,
    fromAttempt: intent.attempt,
    fence: Math.max(record.fence, intent.fence),
    expiresAt: expiryOf(moment.now, credential.sentAgoMs, credential.lifetimeMs),
    receivedAt: moment.now,
    lifetimeMs: credential.lifetimeMs,
    refreshable: secrets.refresh !== undefined,
    account: accountAfter(record.account, credential.account),
    scopes: credential.scopes ?? record.scopes,
    intent: null,
    lastRefresh: { at: moment.now, host: moment.holder.host, pid: moment.holder.pid },
    rejection: barred ? { at: moment.now, ...barred, fingerprint } : null,
    ...renewalOf(credential, record.renewal, moment.now),
    derived: {},
    secrets,
  }
}

/** The record with what was minted from its credential, or learnt with it. */
export function withDerived(
  record: CredentialRecord,
  { derived, ...secrets }: RecordSecrets,
  write: Extract<RecordWrite, { type: 'derived' }>,
  moment: WriteMoment,
): CredentialRecord {
  const { name, secret, lifetimeMs, generation, baseUrl } = write
  const others = Object.entries(derived ?? {}).filter(([other]) => other !== name)
  const minted = [...others, ...(secret ? [[name, secret] as const] : [])]
  const facts = { expiresAt: expiryOf(moment.now, write.sentAgoMs, lifetimeMs), lifetimeMs, generation, baseUrl }
  return {
    ...record,
    account: accountAfter(record.account, write.account),
    derived: { ...record.derived, [name]: facts },
    secrets: minted.length > 0 ? { ...secrets, derived: Object.fromEntries(minted) } : secrets,
  }
}

/** A later answer may say less of the same account than the first one did. */
function accountAfter(before: Account | null, fresh: Account | null): Account | null {
  if (!before || !fresh || !sameAccount(before, fresh)) return fresh ?? before
  return { ...before, ...fresh, id: fresh.id ?? before.id, name: fresh.name ?? before.name, plan: fresh.plan ?? before.plan }
}

/** Fields that a server wants back are kept until it sends others; its wish to be left alone is that of the last answer. */
function renewalOf({ renewal }: NewCredential, before: RenewalTerms | undefined, now: number): Pick<CredentialRecord, 'renewal'> {
  if (!renewal && !before) return {}
  const wait = renewal?.notBeforeInMs ?? null
  return { renewal: { echo: { ...before?.echo, ...renewal?.echo }, notBefore: wait === null ? null : Math.round(now + wait) } }
}

/** An answer without a refresh token leaves the one in force (RFC 6749 section 6). */
function keepMissing(fresh: RecordSecrets, before: RecordSecrets | null): RecordSecrets {
  const refresh = fresh.refresh ?? before?.refresh
  const idToken = fresh.idToken ?? before?.idToken
  const unknown = fresh.unknown ?? before?.unknown
  return { access: fresh.access, ...(refresh ? { refresh } : {}), ...(idToken ? { idToken } : {}), ...(unknown ? { unknown } : {}) }
}

/** By the engine's clock, ms, reckoned from the sending of the request; null = nobody knows. */
function expiryOf(now: number, sentAgoMs: number, lifetimeMs: number | null): number | null {
  return lifetimeMs === null ? null : Math.round(now - sentAgoMs + lifetimeMs)
}
