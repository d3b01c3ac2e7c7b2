import { formatInstant } from '../core/duration.ts'
import { ClawError, toClawError } from '../core/errors.ts'
import type { CredentialRecord } from '../credentials/record.ts'
import { DEFAULT_MARGIN_MS, remainingMs } from '../credentials/refresh-decision.ts'
import { authFor } from './candidates.ts'
import { inParallel } from './in-parallel.ts'
import { type Notice, scopeNotices } from './lost-scopes.ts'
import { refreshStored } from './refresh-stored.ts'
import type { Session } from './session.ts'
import { signInCommand } from './sign-in-command.ts'
import { type RecordFilter, storedRecords } from './stored-records.ts'
import { methodOff } from './terms.ts'

export interface RefreshItem {
  readonly provider: string
  readonly route: string
  readonly profile: string
  readonly kind: string
  readonly outcome: 'refreshed' | 'fresh' | 'adopted' | 'failed'
  readonly error: ClawError | null
  readonly warnings: readonly Notice[]
}

/** So many grants are refreshed at a time: a store of hundreds must not open as many connections. */
const AT_ONCE = 8

/**
 * Refreshes stored grants, several at a time. Without `minTtlMs` each is renewed now; with it only those with less left, and
 * none before its server welcomes that. One that fails does not keep the others from their turn.
 *
 * @throws {ClawError} `CLAW_NO_CREDENTIAL`, `CLAW_METHOD_UNSUPPORTED` where a provider was named that has none to refresh.
 */
export async function refreshGrants(session: Session, filter: RecordFilter, minTtlMs: number | undefined): Promise<RefreshItem[]> {
  const snapshot = await session.ports.store.read()
  const records = storedRecords(snapshot, session.catalogue, filter)
  const grants = records.filter(({ kind, refreshable }) => kind === 'oauth' && refreshable)
  if (grants.length === 0 && filter.name !== undefined) throw nothingToRefresh(filter.name, records)
  return inParallel(grants, AT_ONCE, async (record) => {
    const { provider, route, profile, kind } = record
    const facts = { provider, route, profile, kind, error: null, warnings: [] }
    if (minTtlMs !== undefined && isFresh(record, snapshot.now, minTtlMs)) return { ...facts, outcome: 'fresh' }
    try {
      return { ...facts, ...(await refreshOne(session, record)) }
    } catch (thrown) {
      session.signal.throwIfAborted()
      return { ...facts, outcome: 'failed', error: toClawError(thrown) }
    }
  })
}

async function refreshOne(session: Session, record: CredentialRecord): Promise<Pick<RefreshItem, 'outcome' | 'warnings'>> {
  const route = session.catalogue.route(record.route)
  const auth = authFor(route, 'oauth', record.auth)
  if (!auth.enabled) throw methodOff({ route, auth })
  const { outcome, lostScopes } = await refreshStored(session, route, record, { goal: 'newer', marginMs: DEFAULT_MARGIN_MS })
  return { outcome, warnings: scopeNotices(route.id, lostScopes) }
}

function isFresh(record: CredentialRecord, now: number, minTtlMs: number): boolean {
  const leftMs = remainingMs(record, now)
  return record.state === 'ok' && (leftMs >= minTtlMs || (leftMs > 0 && now < (record.renewal?.notBefore ?? 0)))
}

function nothingToRefresh(name: string, records: readonly CredentialRecord[]): ClawError {
  const [first] = records
  if (!first) return new ClawError('CLAW_NO_CREDENTIAL', { what: `no grant of \`${name}\` is stored`, fix: 'claw auth list' })
  const end = first.expiresAt === null ? 'it has no end that is known' : `it ends ${formatInstant(first.expiresAt)}`
  return new ClawError('CLAW_METHOD_UNSUPPORTED', {
    what: `the stored credential of \`${name}\` cannot be refreshed`,
    why:
      first.kind === 'oauth'
        ? `its sign-in brought no refresh token; ${end}`
        : `a credential of the kind \`${first.kind}\` is used as it is; ${end}`,
    fix: signInCommand(first),
  })
}
