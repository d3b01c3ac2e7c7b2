import type { Secret } from '../core/secret.ts'
import type { Account, CredentialRecord, Holder, Intent, NewCredential, PendingFlow, Slot } from './record.ts'

/** Everything a store holds, read without a lock. */
export interface Snapshot {
  readonly records: readonly CredentialRecord[]
  readonly flows: readonly PendingFlow[]
  /** The engine's clock at the reading, ms: what expiries are compared with. */
  readonly now: number
  /** Changes with every write. */
  readonly revision: string
  /** Another machine wrote it first: a copied or moved store. */
  readonly copied: boolean
  /** What a reader should be told (file modes, a second name): nothing was changed. */
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

/** What doctor asks of a store; each finding is a sentence for people. */
export interface StoreInspection {
  readonly exists: boolean
  /** For people: how the secrets are protected at rest. */
  readonly protection: string
  readonly unsafe: string | null
  readonly groupWritable: string | null
  readonly modeProblem: string | null
  /** The kind of file system, where other machines may share it. */
  readonly sharedOn: string | null
  readonly leftovers: readonly string[]
  readonly quarantined: readonly string[]
}

/** A store of which nothing has to be said but how it protects. */
export const UNREMARKABLE = {
  unsafe: null,
  groupWritable: null,
  modeProblem: null,
  sharedOn: null,
  leftovers: [],
  quarantined: [],
} satisfies Partial<StoreInspection>

/** The right to write what belongs to one grant (or one pending flow), for a while and by the engine's clock. */
export interface Lease {
  readonly key: string
  readonly nonce: string
  readonly fence: number
  readonly holder: Holder
  /** What is left of it, ms: a promise of the engine, reckoned with a monotonic clock on this side. */
  remainingMs(): number
}

/** Who stands in the way of a lease, for the words that a waiter prints. */
export interface LeaseOwner {
  readonly holder: Holder
  readonly ageMs: number
}

/**
 * One write of the table in which the laws of the grant are put down. Each carries the proof that it needs;
 * `generation` and `fingerprint` are those that were read again under the lease.
 */
export type RecordWrite =
  | {
      readonly type: 'intent'
      readonly id: string
      readonly lease: Lease
      readonly generation: number
      readonly fingerprint: string
      readonly attempt: 1 | 2
      readonly deadlineMs: number
    }
  | { readonly type: 'take_back'; readonly id: string; readonly intent: Intent }
  | { readonly type: 'gave_up'; readonly id: string; readonly intent: Intent }
  | {
      readonly type: 'commit'
      readonly id: string
      readonly intent: Intent
      readonly generation: number
      readonly fingerprint: string
      readonly credential: NewCredential
    }
  | {
      readonly type: 'rejected'
      readonly id: string
      readonly intent: Intent
      readonly generation: number
      readonly fingerprint: string
      readonly reason: string
    }
  | {
      readonly type: 'derived'
      readonly id: string
      readonly lease: Lease
      readonly generation: number
      readonly name: string
      /** Null: the credential itself is sent, and only facts were learnt. */
      readonly secret: Secret | null
      readonly lifetimeMs: number | null
      readonly sentAgoMs: number
      readonly baseUrl: string | null
      /** Whose it turned out to be; what is known already stays where this says nothing. */
      readonly account: Account | null
    }
  /** An identity token is about to be posted. Without a record one is begun, which holds no credential yet. */
  | {
      readonly type: 'presented'
      readonly id: string
      readonly slot: Slot
      readonly auth: string
      readonly lease: Lease
      /** 0 where there was no record. */
      readonly generation: number
      readonly sha256: string
      /** From now, ms; null = it claims no end. */
      readonly endsInMs: number | null
      /** The vendor takes it once, for whichever ids: what another record of the route noted counts too. */
      readonly isTakenOnce: boolean
    }
  /** It was not posted, or not processed: it may be posted still. */
  | { readonly type: 'withdrawn'; readonly id: string; readonly sha256: string }
  /** What it was exchanged for. The lease may be over: the comparison decides. */
  | {
      readonly type: 'exchanged'
      readonly id: string
      readonly generation: number
      readonly sha256: string
      readonly credential: NewCredential
      readonly principal: Readonly<Record<string, string>>
    }
  | { readonly type: 'logged_out'; readonly id: string }
  /** `flow` is the pending one that brought the credential: it ends in the same write, and is refused when it is gone already. */
  | { readonly type: 'sign_in'; readonly slot: Slot; readonly credential: NewCredential; readonly flow?: string }
  | { readonly type: 'put_flow'; readonly lease: Lease; readonly flow: NewFlow }
  | { readonly type: 'remove_flow'; readonly id: string; readonly lease: Lease }

/** A pending flow as it is written: durations, which the engine's clock makes instants of. */
export type NewFlow = Omit<PendingFlow, 'expiresAt' | 'nextPollAt' | 'startedAt'> & {
  readonly expiresInMs: number
  readonly nextPollInMs: number
  /** Null for a new flow; else how long ago it started. */
  readonly startedAgoMs: number
}

/** What became of a write. `refused` is no error: the record has moved on, and the caller reads it again. */
export type WriteOutcome =
  | {
      readonly outcome: 'written'
      readonly record: CredentialRecord | null
      readonly intent: Intent | null
      readonly now: number
      /** Of a sign-out: what stood there. */
      readonly before?: CredentialRecord
    }
  | { readonly outcome: 'unchanged'; readonly record: CredentialRecord }
  | { readonly outcome: 'refused'; readonly why: string; readonly record: CredentialRecord | null }

export interface LeaseOptions {
  /** How long it may be held at the most, ms; by the engine's clock. */
  readonly durationMs: number
  readonly purpose: string
  readonly signal: AbortSignal
}

/**
 * What every backend gives. All of it is asynchronous, speaks in durations, and keeps the laws by the comparisons of
 * `record-writes.ts`; a shared engine differs only in how it makes them atomic.
 *
 * @throws {ClawError} `CLAW_STORE_*` (exit 73) from each of them; `CLAW_LEASE_BUSY` never: a lease that is not to be had is `null`.
 */
export interface CredentialStore {
  readonly backend: string
  /** Where it is, for people: a path, or an address without a password. */
  readonly place: string
  /** Takes no lock and needs no writable disk. A store that does not exist yet is empty. */
  read(): Promise<Snapshot>
  /** Takes the lease if it is free now: nobody has it, its time is over, or its holder is seen dead on this host. */
  tryLease(key: string, options: LeaseOptions): Promise<Lease | { readonly busy: LeaseOwner | null }>
  /** Gives a lease back; one that was lost meanwhile is left alone. */
  release(lease: Lease): Promise<void>
  /** One write, durable when it returns. */
  write(write: RecordWrite): Promise<WriteOutcome>
  /** Resolves when the store has changed since `revision`, or a lease was given back, or after `atMostMs`; whichever is first. */
  changed(revision: string, atMostMs: number, signal: AbortSignal): Promise<void>
  /** Whether the holder of an intent can be seen to live, or to be dead, from here. */
  sight(holder: Holder): 'alive' | 'dead' | 'unknown'
  inspect(): Promise<StoreInspection>
  /** Repairs what is safe, under the lock, and says what it did: modes, leftovers, a corrupt document (whole records kept, the old file moved aside). */
  repair(): Promise<readonly string[]>
  /** Makes sure that a write could be made (a sign-in asks before it contacts the provider). */
  assertWritable(): Promise<void>
}

/** An answer of the token endpoint, saved beside the store before it is committed. */
export interface SavedAnswer {
  readonly grantId: string
  readonly intent: Intent
  readonly generation: number
  readonly fingerprint: string
  readonly credential: NewCredential
  /** By the clock of the files, ms: when the answer was written. */
  readonly savedAt: number
}

/** Where answers are saved on this machine, whatever the store is. */
export interface AnswerSpool {
  /** Reserves the space before the request is sent (64 KiB on disk). @throws {ClawError} `CLAW_STORE_UNWRITABLE` */
  reserve(grantId: string, nonce: string): Promise<Reservation>
  /** Complete answers for a grant that nobody alive is about to commit. */
  find(grantId: string): Promise<readonly SavedAnswer[]>
  discard(answer: SavedAnswer): Promise<void>
}

export interface Reservation {
  /** Writes the answer and makes it durable, in the reserved space. */
  save(answer: Omit<SavedAnswer, 'savedAt'>): Promise<void>
  /** Removes it: after the commit, or when nothing came. */
  discard(): Promise<void>
}

export function isLease(result: Lease | { readonly busy: LeaseOwner | null }): result is Lease {
  return 'nonce' in result
}
