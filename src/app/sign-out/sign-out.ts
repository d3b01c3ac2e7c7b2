import { ClawError, toClawError } from '../../core/errors.ts'
import { DEFAULT_PROFILE } from '../../core/vocabulary.ts'
import type { CredentialRecord, PendingFlow, RecordSecrets } from '../../credentials/record.ts'
import { withDeadline } from '../../platform/deadline.ts'
import { whenFlowIsFree } from '../sign-in/flow-lease.ts'
import { inParallel } from '../in-parallel.ts'
import { FLOW_LEASE_MS } from '../sign-in/pending-flow.ts'
import { NOT_SUPPORTED, revokeGranted } from '../sign-in/revoke-granted.ts'
import type { Revocation } from './revoke-tokens.ts'
import type { Session } from '../session.ts'
import { flowKind, pendingFlows, type RecordFilter, storedRecords } from '../credential/stored-records.ts'

export interface SignOutItem {
  readonly provider: string
  readonly route: string
  readonly profile: string
  /** Null where nothing was there. */
  readonly kind: string | null
  /** `not_supported` and `failed` speak of the provider; here it is gone, unless `isHere`. */
  readonly outcome: 'removed' | 'revoked' | 'not_supported' | 'failed' | 'absent'
  /** Why it failed. */
  readonly error: ClawError | null
  /** True for a sign-in under way that could not be cancelled. */
  readonly isHere: boolean
  /** Nothing was stored yet: somebody had begun to sign in. */
  readonly isPending?: true
}

/** What was stored, and has been removed. */
interface Removed {
  readonly record: CredentialRecord
  /** The tokens that were in force, and those of answers that nobody had committed: these are newer. */
  readonly secrets: readonly RecordSecrets[]
}

/** Somebody else holds the lease of a sign-in for one exchange with its server. */
const FLOW_PATIENCE_MS = 5_000
const AT_ONCE = 8

/**
 * Removes credentials here first, all of them, durably and waiting for no lease (law 12), then, where asked, at their
 * providers. A provider that does not answer changes nothing of the removal.
 */
export async function signOut(session: Session, filter: RecordFilter, revoke: boolean): Promise<SignOutItem[]> {
  // A typing error must not pass for a sign-out.
  if (filter.route !== undefined && !session.catalogue.knows(filter.route)) session.catalogue.find(filter.route)
  const snapshot = await session.ports.store.read()
  const records = storedRecords(snapshot, session.catalogue, filter)
  const flows = pendingFlows(snapshot, session.catalogue, filter)
  if (records.length === 0 && flows.length === 0 && filter.name !== undefined) return [absent(session, filter.name, filter)]
  const cancelled = await inParallel(flows, AT_ONCE, (flow) => cancelFlow(session, flow))
  // A flow that was waited for may have brought its grant instead of being cancelled.
  const stored = flows.length > 0 ? storedRecords(await session.ports.store.read(), session.catalogue, filter) : records
  const removed: Removed[] = []
  for (const record of stored) removed.push(await remove(session, record))
  const gone = await inParallel(removed, AT_ONCE, async ({ record, secrets }): Promise<SignOutItem> => {
    const { provider, route, profile, kind } = record
    const { outcome, error } = revoke ? await revokeAtProvider(session, record, secrets) : { outcome: 'removed' as const, error: null }
    return { provider, route, profile, kind, outcome, error, isHere: false }
  })
  return [...cancelled, ...gone]
}

/** The mark of law 12. What is revoked is what stood there at that moment, whoever refreshed it since it was read. */
async function remove({ ports: { store, spool } }: Session, record: CredentialRecord): Promise<Removed> {
  const written = await store.write({ type: 'logged_out', id: record.id })
  const before = (written.outcome === 'written' ? written.before : undefined) ?? record
  const answers = await spool.find(record.id)
  for (const answer of answers) await spool.discard(answer)
  const secrets = [...answers.map(({ credential }) => credential.secrets), ...(before.secrets ? [before.secrets] : [])]
  return { record: before, secrets }
}

async function revokeAtProvider(session: Session, record: CredentialRecord, secrets: readonly RecordSecrets[]): Promise<Revocation> {
  if (record.kind !== 'oauth' || !session.catalogue.knows(record.route)) return NOT_SUPPORTED
  const route = session.catalogue.route(record.route)
  const auth = route.entry.auth.find(({ id }) => id === record.auth)
  return auth ? revokeGranted(session, { route, auth }, record.client, secrets) : NOT_SUPPORTED
}

/** A code that nobody has approved yet can no longer become a grant here. */
async function cancelFlow({ ports: { store, clock }, catalogue, signal }: Session, flow: PendingFlow): Promise<SignOutItem> {
  const { id, provider, route, profile } = flow
  const facts = { provider, route, profile, kind: flowKind(catalogue, flow), isPending: true } as const
  const busy = () =>
    new ClawError('CLAW_LEASE_BUSY', {
      what: `the sign-in to \`${route}\` that is under way could not be cancelled`,
      why: 'another process is asking for its token',
      fix: 'run the command again',
    })
  try {
    await withDeadline(clock, FLOW_PATIENCE_MS, busy, signal, (limited) =>
      whenFlowIsFree(store, { slot: flow, durationMs: FLOW_LEASE_MS, signal: limited }, (lease) =>
        store.write({ type: 'remove_flow', id, lease }),
      ),
    )
    return { ...facts, outcome: 'removed', error: null, isHere: false }
  } catch (thrown) {
    signal.throwIfAborted()
    return { ...facts, outcome: 'failed', error: toClawError(thrown), isHere: true }
  }
}

function absent(session: Session, name: string, filter: RecordFilter): SignOutItem {
  const named = session.catalogue.find(name)
  const route = filter.route ?? named.routes[0]?.id ?? named.name
  const profile = filter.profile ?? DEFAULT_PROFILE
  return { provider: named.provider, route, profile, kind: filter.kind ?? null, outcome: 'absent', error: null, isHere: false }
}
