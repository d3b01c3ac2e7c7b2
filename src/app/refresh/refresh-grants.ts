import { formatInstant } from '../../core/duration.ts'
import { ClawError, toClawError } from '../../core/errors.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import { DEFAULT_MARGIN_MS, remainingMs } from '../../credentials/refresh-decision.ts'
import { authFor } from '../credential/candidates.ts'
import { inParallel } from '../in-parallel.ts'
import { type Notice, scopeNotices } from './lost-scopes.ts'
import type { KeptFresh } from './keep-fresh.ts'
import { mintedFrom, refreshDerived } from './refresh-derived.ts'
import { refreshStored } from './refresh-stored.ts'
import type { Session } from '../session.ts'
import { signInAgain, signInCommand } from '../sign-in/sign-in-command.ts'
import { type RecordFilter, storedRecords } from '../credential/stored-records.ts'
import { methodOff } from '../sign-in/terms.ts'

export interface RefreshItem {
  readonly provider: string
  readonly route: string
  readonly profile: string
  readonly kind: string
  /** Of a token that was minted from the credential: the method that mints it. */
  readonly derived?: string
  readonly outcome: 'refreshed' | 'fresh' | 'adopted' | 'failed'
  readonly error: ClawError | null
  readonly warnings: readonly Notice[]
}

/** So many grants are refreshed at a time: a store of hundreds must not open as many connections. */
const AT_ONCE = 8

/**
 * Refreshes stored grants, and what is minted from stored credentials, several at a time. Without `minTtlMs` each is renewed
 * now; with it only those with less left, and none before its server welcomes that. One that fails does not keep the others
 * from their turn. Empty where there is nothing to refresh.
 *
 * @throws {ClawError} `CLAW_NO_CREDENTIAL`, `CLAW_METHOD_UNSUPPORTED` where a provider was named that has none to refresh.
 */
export async function refreshGrants(session: Session, filter: RecordFilter, minTtlMs: number | undefined): Promise<RefreshItem[]> {
  const snapshot = await session.ports.store.read()
  const records = storedRecords(snapshot, session.catalogue, filter)
  const renewable = records.filter((record) => isGrant(record) || mintedFrom(session, record) !== null)
  if (renewable.length === 0 && filter.name !== undefined && !records.some(isLasting)) throw nothingToRefresh(filter.name, records)
  const items = await inParallel(renewable, AT_ONCE, (record) => refreshRecord(session, record, snapshot.now, minTtlMs))
  return items.flat()
}

function isGrant({ kind, refreshable }: CredentialRecord): boolean {
  return kind === 'oauth' && refreshable
}

/** A grant without an end that is known, and without a refresh: it serves until its provider refuses it. */
function isLasting({ kind, refreshable, expiresAt, state }: CredentialRecord): boolean {
  return kind === 'oauth' && !refreshable && expiresAt === null && state === 'ok'
}

/** The grant first: what is minted from it ends with it. */
async function refreshRecord(
  session: Session,
  record: CredentialRecord,
  now: number,
  minTtlMs: number | undefined,
): Promise<RefreshItem[]> {
  const { provider, route, profile, kind } = record
  const facts = { provider, route, profile, kind, error: null, warnings: [] }
  const items: RefreshItem[] = []
  let latest = record
  let derived: string | null = null
  try {
    if (isGrant(record)) {
      if (minTtlMs !== undefined && isFresh(record, now, minTtlMs)) items.push({ ...facts, outcome: 'fresh' })
      else {
        const kept = await refreshOne(session, record)
        latest = kept.record
        items.push({ ...facts, outcome: kept.outcome, warnings: kept.warnings })
      }
    }
    derived = mintedFrom(session, latest)
    if (derived !== null) items.push({ ...facts, ...(await refreshDerived(session, latest, derived, minTtlMs)) })
  } catch (thrown) {
    session.signal.throwIfAborted()
    items.push({ ...facts, ...(derived !== null && { derived }), outcome: 'failed', error: toClawError(thrown) })
  }
  return items
}

async function refreshOne(
  session: Session,
  record: CredentialRecord,
): Promise<Pick<RefreshItem, 'outcome' | 'warnings'> & Pick<KeptFresh, 'record'>> {
  const route = session.catalogue.route(record.route)
  const auth = authFor(route, 'oauth', record.auth)
  if (!auth.enabled) throw methodOff({ route, auth })
  const { record: newer, outcome, lostScopes } = await refreshStored(session, route, record, { goal: 'newer', marginMs: DEFAULT_MARGIN_MS })
  return { record: newer, outcome, warnings: scopeNotices(route.id, lostScopes) }
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
    why: `${whyNot(first)}; ${end}`,
    fix: first.state === 'ok' ? signInAgain(first) : signInCommand(first),
  })
}

function whyNot({ kind }: CredentialRecord): string {
  if (kind === 'oauth') return 'its sign-in brought no refresh token'
  if (kind === 'identity') return 'the identity is exchanged anew by whoever needs it'
  return `a credential of the kind \`${kind}\` is used as it is`
}
