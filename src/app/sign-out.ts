import { ClawError } from '../core/errors.ts'
import { DEFAULT_PROFILE } from '../core/vocabulary.ts'
import type { CredentialRecord, PendingFlow } from '../credentials/record.ts'
import { isLease } from '../credentials/store.ts'
import { withDeadline } from '../platform/deadline.ts'
import { judgeRevocation, requestRevocation } from '../protocols/revocation.ts'
import { oauthClient } from './oauth-client.ts'
import { FLOW_LEASE_MS, flowLeaseKey } from './pending-flow.ts'
import type { Session } from './session.ts'
import { pendingFlows, type RecordFilter, storedRecords } from './stored-records.ts'

export interface SignOutItem {
  readonly provider: string
  readonly route: string
  readonly profile: string
  /** Null where nothing was there. */
  readonly kind: string | null
  readonly outcome: 'removed' | 'revoked' | 'not_supported' | 'failed' | 'absent'
}

const REVOCATION_TIMEOUT_MS = 10_000

/**
 * Removes credentials here first, durably and waiting for no lease (law 12), then, where asked, at the provider.
 * A provider that does not answer changes nothing of the removal.
 */
export async function signOut(session: Session, filter: RecordFilter, revoke: boolean): Promise<SignOutItem[]> {
  const { store, spool } = session.ports
  // A typing error must not pass for a sign-out.
  if (filter.route !== undefined && !session.catalogue.knows(filter.route)) session.catalogue.find(filter.route)
  const snapshot = await store.read()
  const records = storedRecords(snapshot, session.catalogue, filter)
  const flows = pendingFlows(snapshot, session.catalogue, filter)
  if (records.length === 0 && flows.length === 0 && filter.name !== undefined) {
    const named = session.catalogue.find(filter.name)
    const route = filter.route ?? named.routes[0]?.id ?? named.name
    return [{ provider: named.provider, route, profile: filter.profile ?? DEFAULT_PROFILE, kind: filter.kind ?? null, outcome: 'absent' }]
  }
  const items: SignOutItem[] = await Promise.all(
    flows.map(async ({ id, provider, route, profile }) => ({
      provider,
      route,
      profile,
      kind: 'oauth',
      outcome: (await cancelFlow(session, { id, route, profile })) ? ('removed' as const) : ('failed' as const),
    })),
  )
  for (const record of records) {
    await store.write({ type: 'logged_out', id: record.id })
    for (const answer of await spool.find(record.id)) await spool.discard(answer)
    const outcome = revoke && record.kind === 'oauth' ? await revokeAtProvider(session, record) : 'removed'
    items.push({ provider: record.provider, route: record.route, profile: record.profile, kind: record.kind, outcome })
  }
  return items
}

/** A code that nobody has approved yet can no longer become a grant here. False: another process is just asking for its token. */
async function cancelFlow({ ports: { store }, signal }: Session, flow: Pick<PendingFlow, 'id' | 'route' | 'profile'>): Promise<boolean> {
  const lease = await store.tryLease(flowLeaseKey(flow), { durationMs: FLOW_LEASE_MS, purpose: 'sign-out', signal })
  if (!isLease(lease)) return false
  try {
    await store.write({ type: 'remove_flow', id: flow.id, lease })
    return true
  } finally {
    await store.release(lease)
  }
}

/** RFC 7009: the refresh token first, then the access token. */
async function revokeAtProvider(session: Session, record: CredentialRecord): Promise<'revoked' | 'not_supported' | 'failed'> {
  const { secrets, client: pinned } = record
  if (!secrets || !pinned || !session.catalogue.knows(record.route)) return 'not_supported'
  const route = session.catalogue.route(record.route)
  const auth = route.entry.auth.find(({ id }) => id === record.auth)
  const endpoint = auth && (await oauthClient(session, route, auth, session.signal, pinned)).revocation
  if (!endpoint) return 'not_supported'
  const { http, clock } = session.ports
  const late = () => new ClawError('CLAW_TIMEOUT', { what: 'the provider did not answer the revocation in time' })
  const tokens = [
    { token: secrets.refresh, hint: 'refresh_token' as const },
    { token: secrets.access, hint: 'access_token' as const },
  ]
  for (const { token, hint } of tokens) {
    if (!token) continue
    try {
      const answer = await withDeadline(clock, REVOCATION_TIMEOUT_MS, late, session.signal, (signal) =>
        requestRevocation((request) => http.request(request), endpoint, token, hint, signal),
      )
      const outcome = judgeRevocation(answer)
      if (outcome !== 'revoked') return outcome
    } catch {
      return 'failed'
    }
  }
  return 'revoked'
}
