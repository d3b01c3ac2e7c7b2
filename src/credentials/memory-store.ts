import type { Clock } from '../platform/clock.ts'
import type { Machine } from '../platform/machine.ts'
import type { Random } from '../platform/random.ts'
import { sightOf, thisHolder } from './holder.ts'
import type { CredentialRecord, Holder, PendingFlow } from './record.ts'
import { judgeWrite } from './record-writes.ts'
import {
  type AnswerSpool,
  type CredentialStore,
  type Lease,
  type LeaseOptions,
  type LeaseOwner,
  type RecordWrite,
  type SavedAnswer,
  type Snapshot,
  type StoreInspection,
  type WriteOutcome,
  UNREMARKABLE,
} from './store.ts'

interface HeldLease extends Lease {
  readonly takenAt: number
  readonly durationMs: number
}

/** A store for one process: nothing is written anywhere, and nothing outlives it. Keeps the same laws by the same judge. */
export class MemoryStore implements CredentialStore {
  readonly backend = 'memory'
  readonly place = 'the memory of this process'
  readonly #clock: Clock
  readonly #random: Random
  readonly #machine: Machine
  readonly #leases = new Map<string, HeldLease>()
  readonly #waiters = new Set<() => void>()
  #records: readonly CredentialRecord[] = []
  #flows: readonly PendingFlow[] = []
  #revision = 0
  #fence = 0

  constructor(ports: { clock: Clock; random: Random; machine: Machine }) {
    this.#clock = ports.clock
    this.#random = ports.random
    this.#machine = ports.machine
  }

  async read(): Promise<Snapshot> {
    return {
      records: this.#records,
      flows: this.#flows,
      now: this.#clock.now(),
      revision: String(this.#revision),
      copied: false,
      warnings: [],
    }
  }

  async tryLease(key: string, options: LeaseOptions): Promise<Lease | { readonly busy: LeaseOwner | null }> {
    const now = this.#clock.now()
    const held = this.#leases.get(key)
    if (held && held.remainingMs() > 0) return { busy: { holder: held.holder, ageMs: now - held.takenAt } }
    this.#fence += 1
    const lease: HeldLease = {
      key,
      nonce: this.#random.bytes(12).toString('hex'),
      fence: this.#fence,
      holder: thisHolder(this.#machine),
      takenAt: now,
      durationMs: options.durationMs,
      remainingMs: () => options.durationMs - (this.#clock.now() - now),
    }
    this.#leases.set(key, lease)
    return lease
  }

  async release(lease: Lease): Promise<void> {
    if (this.#leases.get(lease.key)?.nonce === lease.nonce) this.#leases.delete(lease.key)
    this.#wake()
  }

  async write(write: RecordWrite): Promise<WriteOutcome> {
    const now = this.#clock.now()
    const judged = judgeWrite({ records: this.#records, flows: this.#flows }, write, {
      now,
      holder: thisHolder(this.#machine),
      leaseEndsAt: (key, nonce) => {
        const lease = this.#leases.get(key)
        return lease?.nonce === nonce ? lease.takenAt + lease.durationMs : null
      },
      sight: (holder) => this.sight(holder),
      newId: () => this.#random.uuid(),
    })
    if (judged.outcome !== 'written') return judged
    this.#records = judged.records
    this.#flows = judged.flows
    this.#revision += 1
    if (judged.record && (write.type === 'logged_out' || write.type === 'sign_in')) this.#leases.delete(judged.record.id)
    this.#wake()
    return { outcome: 'written', record: judged.record, intent: judged.intent, now, ...(judged.before && { before: judged.before }) }
  }

  async changed(revision: string, atMostMs: number, signal: AbortSignal): Promise<void> {
    if (revision !== String(this.#revision)) return
    const stop = new AbortController()
    const wake = () => stop.abort()
    this.#waiters.add(wake)
    try {
      await this.#clock.sleepUntil(this.#clock.now() + atMostMs, AbortSignal.any([signal, stop.signal]))
    } catch (thrown) {
      if (!stop.signal.aborted) throw thrown
    } finally {
      this.#waiters.delete(wake)
    }
  }

  sight(holder: Holder): 'alive' | 'dead' | 'unknown' {
    return sightOf(holder, this.#machine)
  }

  async inspect(): Promise<StoreInspection> {
    return {
      exists: true,
      protection: 'held in memory only',
      ...UNREMARKABLE,
    }
  }

  async repair(): Promise<readonly string[]> {
    return []
  }

  async assertWritable(): Promise<void> {}

  #wake(): void {
    for (const wake of this.#waiters) wake()
  }
}

/** Saved answers for a store that outlives nothing. */
export class MemorySpool implements AnswerSpool {
  readonly #answers = new Map<string, SavedAnswer>()

  async reserve(_grantId: string, nonce: string) {
    return {
      save: async (answer: Omit<SavedAnswer, 'savedAt'>) => {
        this.#answers.set(nonce, { ...answer, savedAt: 0 })
      },
      discard: async () => {
        this.#answers.delete(nonce)
      },
    }
  }

  async find(grantId: string): Promise<readonly SavedAnswer[]> {
    return [...this.#answers.values()].filter((answer) => answer.grantId === grantId)
  }

  async discard(answer: SavedAnswer): Promise<void> {
    this.#answers.delete(answer.intent.nonce)
  }
}
