import type { Slot } from '../../credentials/record.ts'
import { type CredentialStore, isLease, type Lease } from '../../credentials/store.ts'
import { flowLeaseKey } from './pending-flow.ts'

/** A waiter looks again after this long at the latest; a change notice wakes it earlier. */
const RECHECK_MS = 500

export interface FlowLeaseOptions {
  readonly slot: Pick<Slot, 'route' | 'profile'>
  /** What the work may take, ms: the lease is held for exchanges with the server, never while somebody is waited for. */
  readonly durationMs: number
  readonly signal: AbortSignal
}

/** Works under the lease of a sign-in, or does nothing where another process has it. */
export async function ifFlowIsFree<Result>(
  store: CredentialStore,
  { slot, durationMs, signal }: FlowLeaseOptions,
  work: (lease: Lease) => Promise<Result>,
): Promise<{ readonly result: Result } | 'busy'> {
  const lease = await store.tryLease(flowLeaseKey(slot), { durationMs, purpose: 'sign-in', signal })
  if (!isLease(lease)) return 'busy'
  try {
    return { result: await work(lease) }
  } finally {
    await store.release(lease)
  }
}

/** Works under the lease of a sign-in as soon as it is to be had. */
export async function whenFlowIsFree<Result>(
  store: CredentialStore,
  options: FlowLeaseOptions,
  work: (lease: Lease) => Promise<Result>,
): Promise<Result> {
  for (;;) {
    const { revision } = await store.read()
    const done = await ifFlowIsFree(store, options, work)
    if (done !== 'busy') return done.result
    options.signal.throwIfAborted()
    await store.changed(revision, RECHECK_MS, options.signal)
  }
}
