import { exchanged, presented, wasPresented, withdrawn } from './exchange-writes.ts'
import { fingerprintOf, isSameGiven, refreshed, signedIn, withDerived } from './next-record.ts'
import type { Sight } from './holder.ts'
import { isResolvable } from './refresh-decision.ts'
import { type CredentialRecord, type Holder, type Intent, type PendingFlow, sameSlot } from './record.ts'
import type { Lease, RecordWrite } from './store.ts'

/** What the engine knows at the moment of a write. */
export interface WriteMoment {
  /** By the engine's clock, ms. */
  readonly now: number
  readonly holder: Holder
  /** When the lease that the write shows ends (engine's clock, ms); null where it is not the one in force. */
  leaseEndsAt(key: string, nonce: string): number | null
  /** Whether the holder of an intent can be seen from here. */
  sight(holder: Holder): Sight
  newId(): string
}

/** The records and flows after a write, or why it may not be made. */
export type Judged =
  | {
      readonly outcome: 'written'
      readonly records: readonly CredentialRecord[]
      readonly flows: readonly PendingFlow[]
      readonly record: CredentialRecord | null
      readonly intent: Intent | null
      /** Of a sign-out: what stood there, secrets included, so that these can be revoked. */
      readonly before?: CredentialRecord
    }
  | { readonly outcome: 'unchanged'; readonly record: CredentialRecord }
  | { readonly outcome: 'refused'; readonly why: string; readonly record: CredentialRecord | null }

export interface Holdings {
  readonly records: readonly CredentialRecord[]
  readonly flows: readonly PendingFlow[]
}

/** An answer that was asked for before a flow ended may come after it: the flow is kept for as long. */
const LATE_ANSWER_MS = 60_000

/**
 * The table of writes: what each must find, and what it sets. Pure, so that every backend keeps the same laws and
 * differs only in how it makes reading, judging and writing one step.
 */
export function judgeWrite(holdings: Holdings, write: RecordWrite, moment: WriteMoment): Judged {
  switch (write.type) {
    case 'sign_in':
      return signIn(holdings, write, moment)
    case 'put_flow':
      return putFlow(holdings, write, moment)
    case 'remove_flow':
      if (runningLease(write, moment) === null) return refused('the lease was lost', null)
      if (!holdings.flows.some(({ id }) => id === write.id)) return refused('there is no such flow', null)
      return written({ ...holdings, flows: holdings.flows.filter(({ id }) => id !== write.id) }, null)
    case 'presented': {
      const record = holdings.records.find(({ id }) => id === write.id)
      if (runningLease(write, moment) === null || write.lease.key !== write.id) return refused('the lease was lost', record ?? null)
      if (write.isTakenOnce && wasPresented(holdings.records, write.slot.route, write.sha256))
        return refused('it was posted before', record ?? null)
      const judged = presented(record, write, moment)
      if ('why' in judged) return refused(judged.why, record ?? null)
      const records = record
        ? holdings.records.map((other) => (other === record ? judged.record : other))
        : [...holdings.records, judged.record]
      return written({ ...holdings, records }, judged.record)
    }
    default: {
      const record = holdings.records.find(({ id }) => id === write.id)
      if (!record) return refused('there is no such record', null)
      if (write.type === 'logged_out' && record.state === 'logged_out') return { outcome: 'unchanged', record }
      const changed = changeRecord(record, write, moment)
      if ('why' in changed) return refused(changed.why, record)
      const records = holdings.records.map((other) => (other === record ? changed.record : other))
      return written({ ...holdings, records }, changed.record, changed.intent, write.type === 'logged_out' ? record : undefined)
    }
  }
}

type RecordChange = { readonly record: CredentialRecord; readonly intent?: Intent } | { readonly why: string }

function changeRecord(
  record: CredentialRecord,
  write: Exclude<RecordWrite, { type: 'sign_in' | 'put_flow' | 'remove_flow' | 'presented' }>,
  moment: WriteMoment,
): RecordChange {
  switch (write.type) {
    case 'intent': {
      const leaseEndsAt = runningLease(write, moment)
      if (leaseEndsAt === null || write.lease.key !== record.id) return { why: 'the lease was lost' }
      if (record.state !== 'ok') return { why: `the grant is ${record.state}` }
      if (!isAsRead(record, write)) return { why: 'the grant has moved on' }
      if (!mayFollow(record.intent, write.attempt, moment)) return { why: 'another intent stands there' }
      const { lease } = write
      const intent: Intent = {
        holder: moment.holder,
        nonce: lease.nonce,
        fence: lease.fence,
        attempt: write.attempt,
        deadlineAt: moment.now + write.deadlineMs,
        leaseEndsAt,
        gaveUp: false,
      }
      return { record: { ...record, intent, fence: Math.max(record.fence, lease.fence) }, intent }
    }
    case 'take_back': {
      if (!isOwn(record.intent, write.intent)) return { why: 'the intent is not there any more' }
      const before: Intent | null =
        write.intent.attempt === 2 ? { ...write.intent, attempt: 1, gaveUp: true, deadlineAt: moment.now, leaseEndsAt: moment.now } : null
      return { record: { ...record, intent: before } }
    }
    case 'gave_up':
      if (!isOwn(record.intent, write.intent)) return { why: 'the intent is not there any more' }
      return { record: { ...record, intent: { ...write.intent, gaveUp: true } } }
    case 'commit': {
      const isLive = record.state === 'ok' || record.state === 'rejected'
      const isFirst = isLive && isAsRead(record, write)
      const isLater = isLive && record.from === write.generation && record.fromAttempt < write.intent.attempt
      if (!isFirst && !isLater) return { why: record.state === 'logged_out' ? 'it was signed out meanwhile' : 'the grant has moved on' }
      return { record: refreshed(record, write.credential, write.generation, write.intent, moment) }
    }
    case 'rejected':
      if (record.state !== 'ok' || !isOwn(record.intent, write.intent) || !isAsRead(record, write)) return { why: 'the grant has moved on' }
      return {
        record: {
          ...record,
          state: 'rejected',
          intent: null,
          rejection: { at: moment.now, reason: write.reason, fingerprint: record.fingerprint },
        },
      }
    case 'derived':
      if (runningLease(write, moment) === null || write.lease.key !== record.id) return { why: 'the lease was lost' }
      if (record.generation !== write.generation || !record.secrets) return { why: 'the credential has moved on' }
      return { record: withDerived(record, record.secrets, write, moment) }
    case 'withdrawn':
      return withdrawn(record, write)
    case 'exchanged':
      return exchanged(record, write, moment)
    case 'logged_out': {
      // A mark, not a deletion: an answer in flight must find it, and only a sign-in brings the grant back.
      const { renewal: _, ...kept } = record
      return {
        record: {
          ...kept,
          state: 'logged_out',
          generation: record.generation + 1,
          fingerprint: '',
          intent: null,
          secrets: null,
          derived: {},
          expiresAt: null,
          lifetimeMs: null,
          refreshable: false,
          rejection: null,
          ...(record.exchange && { exchange: { ...record.exchange, principal: {} } }),
        },
      }
    }
  }
}

/** When the lease that a write shows ends, if it still runs. */
function runningLease({ lease }: { readonly lease: Lease }, moment: WriteMoment): number | null {
  const endsAt = moment.leaseEndsAt(lease.key, lease.nonce)
  return endsAt !== null && endsAt > moment.now ? endsAt : null
}

/** The first attempt finds no intent, the second and last one a first that may be resolved (law 5). */
function mayFollow(there: Intent | null, attempt: 1 | 2, moment: WriteMoment): boolean {
  if (attempt === 1) return there === null
  return there?.attempt === 1 && isResolvable(there, moment.now, (holder) => moment.sight(holder))
}

function signIn(holdings: Holdings, write: Extract<RecordWrite, { type: 'sign_in' }>, moment: WriteMoment): Judged {
  const { slot, credential, flow } = write
  const before = holdings.records.find((record) => sameSlot(record, slot))
  // Signed out, or begun anew, while its answer was under way: what it brought must not come back (law 12).
  if (flow !== undefined && !holdings.flows.some(({ id }) => id === flow)) return refused('there is no such flow', before ?? null)
  const fingerprint = fingerprintOf(credential.secrets.refresh ?? credential.secrets.access)
  if (before?.state === 'ok' && isSameGiven(before, credential, fingerprint)) return { outcome: 'unchanged', record: before }
  const record = signedIn(slot, before, credential, moment)
  const records = before ? holdings.records.map((other) => (other === before ? record : other)) : [...holdings.records, record]
  return written({ records, flows: holdings.flows.filter(({ id }) => id !== flow) }, record)
}

function putFlow(holdings: Holdings, write: Extract<RecordWrite, { type: 'put_flow' }>, moment: WriteMoment): Judged {
  if (runningLease(write, moment) === null) return refused('the lease was lost', null)
  const { flow } = write
  const { now } = moment
  const { expiresInMs, nextPollInMs, startedAgoMs, ...known } = flow
  const pending: PendingFlow = { ...known, expiresAt: now + expiresInMs, nextPollAt: now + nextPollInMs, startedAt: now - startedAgoMs }
  const others = holdings.flows.filter((other) => other.id !== flow.id && other.expiresAt + LATE_ANSWER_MS > now)
  return written({ ...holdings, flows: [...others, pending] }, null)
}

function isAsRead(record: CredentialRecord, read: { readonly generation: number; readonly fingerprint: string }): boolean {
  return record.generation === read.generation && record.fingerprint === read.fingerprint
}

function isOwn(there: Intent | null, own: Intent): boolean {
  return there !== null && there.nonce === own.nonce && there.fence === own.fence && there.attempt === own.attempt
}

function written(holdings: Holdings, record: CredentialRecord | null, intent?: Intent, before?: CredentialRecord): Judged {
  return { outcome: 'written', ...holdings, record, intent: intent ?? null, ...(before && { before }) }
}

function refused(why: string, record: CredentialRecord | null): Judged {
  return { outcome: 'refused', why, record }
}
