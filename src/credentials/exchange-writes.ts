import { signedIn } from './next-record.ts'
import type { CredentialRecord, ExchangeFacts, NewCredential, PresentedToken } from './record.ts'
import type { WriteMoment } from './record-writes.ts'
import type { RecordWrite } from './store.ts'

type Write<Type extends RecordWrite['type']> = Extract<RecordWrite, { type: Type }>
type Judged = { readonly record: CredentialRecord } | { readonly why: string }

/** So many posted tokens are remembered: each job of a busy machine may bring one of its own. */
const MOST_PRESENTED = 64
/** A token is remembered for this long after its end: the clock of whoever takes it may be wrong by as much. */
const REMEMBERED_MS = 3_600_000

const NOTHING: ExchangeFacts = { presented: [], principal: {} }

/** Notes that a token is about to be posted, under the lease and durable before it goes: whatever dies then, it is not posted twice. */
export function presented(record: CredentialRecord | undefined, write: Write<'presented'>, moment: WriteMoment): Judged {
  if ((record?.generation ?? 0) !== write.generation) return { why: 'the credential has moved on' }
  const before = record?.exchange ?? NOTHING
  if (before.presented.some(({ sha256 }) => sha256 === write.sha256)) return { why: 'it was posted before' }
  const kept = before.presented.filter(({ endsAt }) => endsAt === null || endsAt + REMEMBERED_MS > moment.now)
  const token: PresentedToken = {
    sha256: write.sha256,
    endsAt: write.endsInMs === null ? null : Math.round(moment.now + write.endsInMs),
  }
  const exchange = { ...before, presented: [...kept, token].slice(-MOST_PRESENTED) }
  return { record: { ...(record ?? unminted(write, moment)), fence: Math.max(record?.fence ?? 0, write.lease.fence), exchange } }
}

/** Whether a token was posted to the vendor of a route, for whichever ids. */
export function wasPresented(records: readonly CredentialRecord[], route: string, hash: string): boolean {
  return records.some((record) => record.route === route && record.exchange?.presented.some(({ sha256 }) => sha256 === hash))
}

export function withdrawn(record: CredentialRecord, { sha256: taken }: Write<'withdrawn'>): Judged {
  const before = record.exchange ?? NOTHING
  const left = before.presented.filter(({ sha256 }) => sha256 !== taken)
  if (left.length === before.presented.length) return { why: 'it is not noted' }
  return { record: { ...record, exchange: { ...before, presented: left } } }
}

/** The token that came: dropped where the record has moved on since, by another exchange or a sign-out (law 12). */
export function exchanged(record: CredentialRecord, write: Write<'exchanged'>, moment: WriteMoment): Judged {
  const before = record.exchange ?? NOTHING
  if (record.generation !== write.generation) return { why: 'the credential has moved on' }
  if (!before.presented.some(({ sha256 }) => sha256 === write.sha256)) return { why: 'it is not noted' }
  const { holder, now } = moment
  const { provider, route, profile, kind } = record
  const fresh = signedIn({ provider, route, profile, kind }, record, write.credential, moment)
  return {
    record: {
      ...fresh,
      from: record.generation,
      lastRefresh: { at: now, host: holder.host, pid: holder.pid },
      exchange: { ...before, principal: write.principal },
    },
  }
}

/** The record with a token that the store could not take: for the process that holds it, and for nobody else. */
export function unkept(record: CredentialRecord, credential: NewCredential, now: number): CredentialRecord {
  return signedIn(record, record, credential, { now, newId: () => record.id })
}

/** A record that was never minted is as one that was signed out: there is nothing to be used. */
function unminted({ id, slot, auth }: Write<'presented'>, { now }: WriteMoment): CredentialRecord {
  return {
    ...slot,
    id,
    method: 'identity',
    auth,
    state: 'logged_out',
    generation: 0,
    fingerprint: '',
    from: 0,
    fromAttempt: 1,
    fence: 0,
    expiresAt: null,
    receivedAt: now,
    lifetimeMs: null,
    refreshable: false,
    account: null,
    region: null,
    scopes: null,
    origins: [],
    client: null,
    intent: null,
    lastRefresh: null,
    rejection: null,
    derived: {},
    secrets: null,
    unknown: {},
  }
}
