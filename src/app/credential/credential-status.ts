import { formatInstant } from '../../core/duration.ts'
import { type CandidateState, type Kind, type Method, slotName } from '../../core/vocabulary.ts'
import { maskOf } from '../../credentials/key-shape.ts'
import { remainingMs } from '../../credentials/refresh-decision.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import type { Snapshot } from '../../credentials/store.ts'
import { authFor, kindWords } from './candidates.ts'
import { ownNames } from '../catalogue/catalogue.ts'
import { endsSoon } from './ending.ts'
import { type Survey, surveyCredentials } from './find-credential.ts'
import { isInDoubt } from '../refresh/refresh-doubt.ts'
import type { Session } from '../session.ts'
import { signInCommand } from '../sign-in/sign-in-command.ts'
import { whyOff } from '../sign-in/terms.ts'
import { compare, storedRecords } from './stored-records.ts'

/** One credential as `auth status` shows it. */
export interface StatusRow {
  readonly provider: string
  readonly route: string
  readonly profile: string
  readonly kind: Kind
  readonly method: Method | null
  readonly source: string
  readonly account: string | null
  readonly plan: string | null
  readonly expiresAt: string | null
  readonly refreshable: boolean
  readonly state: CandidateState
  /** Why it is not used, or what is to be known of it; null where there is nothing to say. */
  readonly reason: string | null
  readonly masked: string | null
  readonly lastRefresh: { readonly at: string; readonly host: string; readonly pid: number } | null
}

export interface PendingRow {
  readonly provider: string
  readonly route: string
  readonly profile: string
  readonly method: 'device' | 'pkce'
  readonly userCode: string | null
  readonly verificationUri: string
  readonly expiresAt: string
}

export interface CredentialStatus {
  readonly credentials: readonly StatusRow[]
  readonly pending: readonly PendingRow[]
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

export interface StatusGate {
  readonly minTtlMs?: number | undefined
  readonly require?: Kind | undefined
}

/** Every credential that is stored, configured or in the environment, and whether it would be used. Nothing is refreshed. */
export async function credentialStatus(session: Session, name: string | undefined): Promise<CredentialStatus> {
  const { ports, catalogue } = session
  const snapshot = await ports.store.read()
  const providers = name === undefined ? ownNames(catalogue) : [catalogue.find(name)]
  const surveys = await Promise.all(providers.map((named) => surveyCredentials(session, { named, model: null, snapshot })))
  const unknown = surveys.find(({ error }) => error?.code === 'CLAW_PROFILE_UNKNOWN')?.error
  if (unknown && ['flag', 'environment'].includes(session.config.origins.get('profile')?.from ?? '')) throw unknown
  const doubtful = await recordsInDoubt(session, snapshot)
  const found = surveys.flatMap((survey) => rowsOf(survey, snapshot, session, doubtful))
  const others = storedRows(session, snapshot, name, doubtful).filter((row) => !found.some((other) => isSame(row, other)))
  const routes = name === undefined ? undefined : catalogue.find(name).routes.map(({ id }) => id)
  return {
    credentials: [...found, ...others].sort(
      (a, b) => compare(a.route, b.route) || compare(a.profile, b.profile) || compare(a.source, b.source),
    ),
    pending: snapshot.flows
      .filter((flow) => flow.expiresAt > snapshot.now && (routes === undefined || routes.includes(flow.route)))
      .map(({ provider, route, profile, method, userCode, verificationUri, expiresAt }) => ({
        provider,
        route,
        profile,
        method,
        userCode,
        verificationUri,
        expiresAt: formatInstant(expiresAt),
      })),
    warnings: storedRecords(snapshot, catalogue, { name })
      .filter((record) => endsSoon(record, snapshot.now))
      .map((record) => ({
        code: 'ends_soon',
        message: `the ${kindWords(record.kind)} of \`${slotName(record)}\` ends ${formatInstant(record.expiresAt ?? 0)}, and only a person can renew it: ${signInCommand(record)}`,
      })),
  }
}

/** Whether the credentials that would be used satisfy what a gate asks: exit 1 where they do not. */
export function meetsGate({ credentials }: CredentialStatus, gate: StatusGate, now: number): boolean {
  const isAlive = ({ expiresAt }: StatusRow) => expiresAt === null || Date.parse(expiresAt) > now
  const used = credentials.filter((row) => row.state === 'wins' || row.state === 'refreshable' || (row.state === 'doubt' && isAlive(row)))
  if (gate.require !== undefined && !used.some(({ kind }) => kind === gate.require)) return false
  if (gate.minTtlMs === undefined) return true
  const least = gate.minTtlMs
  return (
    used.length > 0 &&
    used.every(
      ({ expiresAt, refreshable, state }) =>
        (refreshable && state !== 'doubt') || expiresAt === null || Date.parse(expiresAt) - now >= least,
    )
  )
}

/** The grants whose last refresh was never answered: their tokens may serve, and nobody knows whether they can be renewed. */
async function recordsInDoubt({ ports }: Session, { records, now }: Snapshot): Promise<ReadonlySet<string>> {
  const ids = await Promise.all(records.map(async (record) => ((await isInDoubt(ports, record, now)) ? [record.id] : [])))
  return new Set(ids.flat())
}

function rowsOf(survey: Survey, snapshot: Snapshot, session: Session, doubtful: ReadonlySet<string>): StatusRow[] {
  return survey.rows
    .filter(({ source, state }) => source !== 'none' && state !== 'missing' && state !== 'pending')
    .map((row) => {
      const record = recordOf(row, snapshot, session)
      return {
        provider: session.catalogue.route(row.route).provider,
        route: row.route,
        profile: row.profile,
        kind: row.kind,
        method: record?.method ?? (row.kind === 'api_key' || row.kind === 'token' || row.kind === 'identity' ? row.kind : null),
        source: row.source,
        account: record?.account?.name ?? record?.account?.id ?? null,
        plan: record?.account?.plan ?? null,
        expiresAt: row.expiresAt,
        refreshable: row.isExchangedAnew === true || record?.refreshable === true,
        state: record && doubtful.has(record.id) && (row.state === 'wins' || row.state === 'refreshable') ? 'doubt' : row.state,
        reason: row.reason ?? null,
        masked: row.masked,
        lastRefresh: record?.lastRefresh ? { ...record.lastRefresh, at: formatInstant(record.lastRefresh.at) } : null,
      }
    })
}

/** What lies in the store of a row: the credential itself, or the token that an identity was exchanged for. */
function recordOf(row: Survey['rows'][number], snapshot: Snapshot, { catalogue }: Session): CredentialRecord | undefined {
  const isKept = row.kind === 'identity' && row.expiresAt !== null
  if (!isKept && !row.source.startsWith('store:')) return undefined
  const { route, profile, kind } = row
  const records = storedRecords(snapshot, catalogue, { route, profile, kind })
  return isKept ? records.find(({ expiresAt }) => expiresAt !== null && formatInstant(expiresAt) === row.expiresAt) : records[0]
}

/** Stored credentials of other profiles, and of providers that the configuration no longer has. */
function storedRows(session: Session, snapshot: Snapshot, name: string | undefined, doubtful: ReadonlySet<string>): StatusRow[] {
  // What an identity was exchanged for is nothing once it has ended: there is no way to renew it but the identity itself.
  const isThere = (record: CredentialRecord) => record.kind !== 'identity' || remainingMs(record, snapshot.now) > 0
  const records = storedRecords(snapshot, session.catalogue, { name }).filter(isThere)
  return records.map((record) => ({
    provider: record.provider,
    route: record.route,
    profile: record.profile,
    kind: record.kind,
    method: record.method,
    source: `store:${session.ports.store.backend}`,
    account: record.account?.name ?? record.account?.id ?? null,
    plan: record.account?.plan ?? null,
    expiresAt: record.expiresAt === null ? null : formatInstant(record.expiresAt),
    refreshable: record.refreshable,
    ...standing(session, record, snapshot.now, doubtful),
    masked: record.secrets ? maskOf(record.secrets.access.reveal(), []) : null,
    lastRefresh: record.lastRefresh ? { ...record.lastRefresh, at: formatInstant(record.lastRefresh.at) } : null,
  }))
}

/** What a stored credential would be if its profile were in force. */
function standing(
  { catalogue }: Session,
  record: CredentialRecord,
  now: number,
  doubtful: ReadonlySet<string>,
): Pick<StatusRow, 'state' | 'reason'> {
  if (!catalogue.knows(record.route)) return { state: 'refused', reason: `the configuration has no \`${record.route}\` any more` }
  if (record.state === 'rejected') return { state: 'refused', reason: 'the provider rejected it' }
  const route = catalogue.route(record.route)
  const auth = authFor(route, record.kind, record.auth)
  if (!auth.enabled) return { state: 'refused', reason: whyOff({ route, auth }) }
  if (remainingMs(record, now) > 0) return { state: 'shadowed', reason: null }
  return { state: record.refreshable ? (doubtful.has(record.id) ? 'doubt' : 'refreshable') : 'expired', reason: null }
}

function isSame(a: StatusRow, b: StatusRow): boolean {
  // What an identity was exchanged for is shown where the identity is.
  const isSameSource = a.kind === 'identity' ? a.expiresAt === b.expiresAt : a.source === b.source
  return a.route === b.route && a.profile === b.profile && a.kind === b.kind && isSameSource
}
