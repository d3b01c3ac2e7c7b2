import type { ClawError } from '../core/errors.ts'
import { toClawError } from '../core/errors.ts'
import { DEFAULT_MARGIN_MS, remainingMs } from '../credentials/refresh-decision.ts'
import { refreshStored } from './refresh-stored.ts'
import type { Session } from './session.ts'
import { type RecordFilter, storedRecords } from './stored-records.ts'

export interface RefreshItem {
  readonly provider: string
  readonly route: string
  readonly profile: string
  readonly kind: string
  readonly outcome: 'refreshed' | 'fresh' | 'adopted' | 'failed'
  readonly error: ClawError | null
}

/**
 * Refreshes stored grants, one after the other. Without `minTtlMs` each is renewed now; with it only those with less left.
 * One that fails does not keep the others from their turn.
 */
export async function refreshGrants(session: Session, filter: RecordFilter, minTtlMs: number | undefined): Promise<RefreshItem[]> {
  const snapshot = await session.ports.store.read()
  const items: RefreshItem[] = []
  for (const record of storedRecords(snapshot, session.catalogue, filter)) {
    if (record.kind !== 'oauth' || !session.catalogue.knows(record.route)) continue
    const facts = { provider: record.provider, route: record.route, profile: record.profile, kind: record.kind }
    if (minTtlMs !== undefined && remainingMs(record, snapshot.now) >= minTtlMs) {
      items.push({ ...facts, outcome: 'fresh', error: null })
      continue
    }
    try {
      const { outcome } = await refreshStored(session, session.catalogue.route(record.route), record, {
        goal: 'newer',
        marginMs: DEFAULT_MARGIN_MS,
      })
      items.push({ ...facts, outcome, error: null })
    } catch (thrown) {
      session.signal.throwIfAborted()
      items.push({ ...facts, outcome: 'failed', error: toClawError(thrown) })
    }
  }
  return items
}
