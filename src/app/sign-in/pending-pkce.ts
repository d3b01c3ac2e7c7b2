import type { PendingFlow, Slot } from '../../credentials/record.ts'
import { type CredentialStore, isLease, type Lease, type Snapshot } from '../../credentials/store.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { FLOW_LEASE_MS, flowLeaseKey } from './pending-flow.ts'

/** The stored sign-in of a slot and a method: one that waits, or has run out. */
export function pendingPkceIn(snapshot: Snapshot, slot: Pick<Slot, 'route' | 'profile'>, auth: AuthEntry): PendingFlow | undefined {
  return snapshot.flows.find(
    (flow) => flow.method === 'pkce' && flow.route === slot.route && flow.profile === slot.profile && flow.auth === auth.id,
  )
}

/** The right to begin, finish or forget the stored sign-in of a slot: one process has it at a time. */
export class FlowLease {
  readonly #store: CredentialStore
  readonly #key: string
  #lease: Lease | undefined

  constructor(store: CredentialStore, slot: Slot) {
    this.#store = store
    this.#key = flowLeaseKey(slot)
  }

  /** Waits until it is free. */
  async take(signal: AbortSignal): Promise<Lease> {
    while (!this.#lease) {
      const lease = await this.#store.tryLease(this.#key, { durationMs: FLOW_LEASE_MS, purpose: 'sign-in', signal })
      if (isLease(lease)) this.#lease = lease
      else await this.#store.changed((await this.#store.read()).revision, 500, signal)
      if (signal.aborted) await this.giveBack()
      signal.throwIfAborted()
    }
    return this.#lease
  }

  /** Forgets a stored sign-in, unless somebody else is at it: then it expires by itself. */
  async forget(id: string): Promise<void> {
    const { signal } = new AbortController()
    const lease = this.#lease ?? (await this.#store.tryLease(this.#key, { durationMs: FLOW_LEASE_MS, purpose: 'sign-in', signal }))
    if (!isLease(lease)) return
    this.#lease = lease
    await this.#store.write({ type: 'remove_flow', id, lease })
  }

  async giveBack(): Promise<void> {
    const lease = this.#lease
    this.#lease = undefined
    if (lease) await this.#store.release(lease)
  }
}
