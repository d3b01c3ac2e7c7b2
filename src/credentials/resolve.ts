import type { AuthMode, CandidateState, Kind } from '../core/vocabulary.ts'

/** Where a candidate was found, in the words of the order. */
export type Origin = 'config' | 'environment' | 'bundle' | 'store' | 'identity' | 'none'

/** What a candidate is by itself, before any order is considered. */
export type Fact = 'usable' | 'refreshable' | 'doubt' | 'missing' | 'expired' | 'wrong_kind' | 'refused' | 'pending'

/** A credential that was found, or looked for where it was said to be. */
export interface Found {
  readonly origin: Origin
  readonly kind: Kind
  readonly fact: Fact
  /** It was named and cannot be used: taking the next one instead would hide it. */
  readonly stops: boolean
  /** A grant that only a new sign-in brings back: `auto` goes on without it and says so, `oauth` does not. */
  readonly failedForGood: boolean
}

/** Which kind of credential is wanted. */
export interface Wanted {
  readonly authMode: AuthMode
  /** Of `auto` only. */
  readonly prefer: 'api_key' | 'oauth'
}

export interface Judged<C extends Found> {
  readonly candidate: C
  readonly state: CandidateState
}

export interface Resolution<C extends Found> {
  /** Every candidate in the order in which it was considered; the excluded ones last. */
  readonly table: readonly Judged<C>[]
  readonly winner: C | null
  /** The candidate at which the search ended without a winner. */
  readonly stoppedAt: C | null
  /** The winner stands in for a grant that failed for good. */
  readonly degraded: boolean
}

type Place = `${Origin} ${'key' | 'identity' | 'token' | 'grant' | 'none'}`

const KEYS: readonly Place[] = ['config key', 'environment key', 'bundle key', 'store key']
const OAUTH: readonly Place[] = [
  'config token',
  'environment token',
  'bundle token',
  'bundle grant',
  'store grant',
  'store token',
  'identity identity',
  'bundle identity',
]
const ORDERS: Readonly<Record<'api_key' | 'oauth' | 'auto' | 'auto oauth', readonly Place[]>> = {
  api_key: KEYS,
  oauth: OAUTH,
  // A bundle stands before the store, whatever it holds.
  auto: [
    'config key',
    'environment key',
    'identity identity',
    'config token',
    'environment token',
    'bundle key',
    'bundle token',
    'bundle grant',
    'bundle identity',
    'store grant',
    'store token',
    'store key',
    'none none',
  ],
  'auto oauth': [...OAUTH, ...KEYS, 'none none'],
}

/**
 * Which credential wins. Within a kind: configuration, environment, bundle, store, a stored grant before a stored token.
 *
 * - `auto`: API key of configuration or environment, identity, OAuth grant or token, stored API key.
 * - `auto` that prefers OAuth: tokens, stored grant, identity, then API keys.
 * - `api_key`, `oauth`: that kind only, in the same orders; token and identity count as OAuth.
 *
 * Pure, and the only place where the order is written down. Candidates of one place keep the order in which they came.
 */
export function resolve<C extends Found>({ authMode, prefer }: Wanted, candidates: readonly C[]): Resolution<C> {
  const order = ORDERS[authMode === 'auto' && prefer === 'oauth' ? 'auto oauth' : authMode]
  const rank = (candidate: C) => order.indexOf(placeOf(candidate))
  const considered = candidates.filter((candidate) => rank(candidate) >= 0).sort((a, b) => rank(a) - rank(b))
  const excluded = candidates.filter((candidate) => rank(candidate) < 0)
  const end = considered.find((candidate) => isUsable(candidate) || ends(candidate, authMode))
  const winner = end !== undefined && isUsable(end) ? end : null
  const before = considered.slice(0, winner === null ? 0 : considered.indexOf(winner))
  return {
    table: [...considered, ...excluded].map((candidate) => ({ candidate, state: stateOf(candidate, winner) })),
    winner,
    stoppedAt: winner === null ? (end ?? null) : null,
    degraded: before.some(({ failedForGood }) => failedForGood),
  }
}

function placeOf({ origin, kind }: Found): Place {
  const group = { api_key: 'key', token: 'token', oauth: 'grant', identity: 'identity', none: 'none' } as const satisfies Record<
    Kind,
    string
  >
  return `${origin} ${group[kind]}`
}

function isUsable({ fact, failedForGood }: Found): boolean {
  return !failedForGood && (fact === 'usable' || fact === 'refreshable' || fact === 'doubt')
}

function ends({ stops, failedForGood }: Found, authMode: AuthMode): boolean {
  return stops || (failedForGood && authMode === 'oauth')
}

function stateOf<C extends Found>(candidate: C, winner: C | null): CandidateState {
  if (candidate === winner) return candidate.fact === 'usable' ? 'wins' : candidate.fact
  return isUsable(candidate) ? 'shadowed' : candidate.fact === 'usable' || candidate.fact === 'refreshable' ? 'refused' : candidate.fact
}
