import { ClawError } from '../../core/errors.ts'
import { formatInstant } from '../../core/duration.ts'
import { DEFAULT_PROFILE, type Verdict } from '../../core/vocabulary.ts'
import type { CredentialRecord, Holder } from '../../credentials/record.ts'
import { decideRefresh, remainingMs } from '../../credentials/refresh-decision.ts'
import type { Snapshot } from '../../credentials/store.ts'
import { KIND_OF } from '../../providers/auth-kinds.ts'
import { authFor, type Candidate, candidate, judgeModel, type Scope } from './candidates.ts'
import type { Route } from '../catalogue/catalogue.ts'
import type { Gathered } from './gather-candidates.ts'
import { barredError } from '../refresh/refresh-errors.ts'
import { goOnCommand, signInCommand } from '../sign-in/sign-in-command.ts'
import { whyOff } from '../sign-in/terms.ts'

/** A store as it was read, or why it could not be. */
export interface StoreReading {
  readonly backend: string
  readonly snapshot: Snapshot | ClawError
  sight(holder: Holder): 'alive' | 'dead' | 'unknown'
}

/** Stored credentials and pending sign-ins of the profile. A store that cannot be read stops whoever needs it, nobody else. */
export function fromStore(scope: Scope, store: StoreReading): Gathered {
  const source = `store:${store.backend}`
  const { snapshot } = store
  const { named, profile } = scope
  const lookedAt = [profile === DEFAULT_PROFILE ? source : `${source} (profile ${profile})`]
  if (snapshot instanceof ClawError) return { candidates: unreadable(scope, source, snapshot), lookedAt }
  const ofRoute = (id: string): Route | undefined => named.routes.find((route) => route.id === id)
  const records = snapshot.records.flatMap((record) => {
    const route = record.profile === profile ? ofRoute(record.route) : undefined
    // The kept token of an identity belongs to the method that it was exchanged by, and is found there.
    return route && record.kind !== 'identity' && record.state !== 'logged_out' && record.secrets !== null
      ? [judgeModel(stored(record, route, source, snapshot.now, store.sight), scope)]
      : []
  })
  const flows = snapshot.flows.flatMap((flow) => {
    const route = flow.profile === profile && flow.expiresAt > snapshot.now ? ofRoute(flow.route) : undefined
    if (!route) return []
    const reason = `a sign-in waits: ${goOnCommand({ method: flow.method, route: route.id, profile })}`
    // What it brings: a code may be for a key that is minted with it.
    const own = route.entry.auth.find(({ id }) => id === flow.auth)
    const kind = own ? KIND_OF[own.kind] : 'oauth'
    return [
      candidate({
        origin: 'store',
        kind,
        fact: 'pending',
        source,
        route,
        auth: authFor(route, kind, flow.auth),
        profile,
        expiresAt: flow.expiresAt,
        reason,
      }),
    ]
  })
  return { candidates: [...records, ...flows], lookedAt }
}

function unreadable({ named, profile }: Scope, source: string, error: ClawError): Candidate[] {
  const [route] = named.routes
  if (!route) return []
  const base = { origin: 'store', fact: 'missing', source, route, profile, stops: true, error, reason: error.message } as const
  return [
    candidate({ ...base, kind: 'oauth', auth: authFor(route, 'oauth') }),
    candidate({ ...base, kind: 'api_key', auth: authFor(route, 'api_key') }),
  ]
}

function stored(record: CredentialRecord, route: Route, source: string, now: number, sight: StoreReading['sight']): Candidate {
  const { kind, profile, expiresAt } = record
  const auth = authFor(route, kind, record.auth)
  const base = candidate({
    origin: 'store',
    kind,
    fact: 'usable',
    source,
    route,
    auth,
    profile,
    record,
    expiresAt,
    secret: record.secrets?.access ?? null,
    account: record.account?.name ?? record.account?.id ?? null,
  })
  if (!auth.enabled) return { ...base, fact: 'refused', reason: whyOff({ route, auth }) }
  const verdict =
    kind === 'oauth'
      ? decideRefresh(record, now, { goal: 'use', than: 0, marginMs: 0, retryInDoubt: auth.retryInDoubt ?? true }, [], sight)
      : lifeOf(record, now)
  return { ...base, ...judged(verdict, record, route) }
}

/** A credential without a refresh: it lives, has ended, or was refused. */
function lifeOf(record: CredentialRecord, now: number): Verdict {
  return record.state === 'rejected' || remainingMs(record, now) <= 0 ? 'rejected' : 'usable'
}

function judged(verdict: Verdict, record: CredentialRecord, route: Route): Partial<Candidate> {
  switch (verdict) {
    case 'usable':
    case 'inside_margin':
      return { fact: 'usable' }
    case 'due':
    case 'saved':
    case 'pending':
      return { fact: 'refreshable' }
    case 'retry':
    case 'in_doubt':
      return { fact: 'doubt', reason: 'the answer to its last refresh was lost' }
    case 'interrupted':
      return failed(
        'doubt',
        'CLAW_REFRESH_INTERRUPTED',
        `the refresh of \`${route.id}\` was interrupted, and its answer is lost`,
        undefined,
        record,
      )
    case 'logged_out':
      return { fact: 'missing' }
    case 'rejected':
      return ended(record, route)
  }
}

function ended(record: CredentialRecord, route: Route): Partial<Candidate> {
  const { rejection, expiresAt, state } = record
  if (state !== 'rejected')
    return { fact: 'expired', reason: `it ended at ${expiresAt === null ? 'a time that is not known' : formatInstant(expiresAt)}` }
  const barred = barredError(record, signInCommand(record))
  if (barred) return { fact: 'refused', failedForGood: true, error: barred, reason: `${barred.message}: ${barred.why ?? ''}` }
  const why = rejection ? `\`${rejection.reason}\` at ${formatInstant(rejection.at)}` : undefined
  if (record.kind === 'oauth')
    return failed('refused', 'CLAW_GRANT_REJECTED', `the grant of \`${route.id}\` was rejected by its provider`, why, record)
  return { fact: 'refused', reason: why === undefined ? 'the provider rejected it' : `the provider rejected it: ${why}` }
}

function failed(
  fact: 'doubt' | 'refused',
  code: 'CLAW_GRANT_REJECTED' | 'CLAW_REFRESH_INTERRUPTED',
  what: string,
  why: string | undefined,
  record: CredentialRecord,
): Partial<Candidate> {
  const error = new ClawError(code, { what, why, fix: signInCommand(record) })
  return { fact, failedForGood: true, error, reason: what }
}
