import { ClawError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { visibleLine } from '../core/visible.ts'

/**
 * What can happen to an exchange. `rate_limit`, `busy` and `html` come before the token was looked at; with `lost`, `error`,
 * `slow` and `silent` the exchange is done. `other_account`: it brings the account of somebody else, where answers name one.
 */
export type ExchangeFault =
  | 'rate_limit'
  | 'busy'
  | 'html'
  | 'lost'
  | 'error'
  | 'slow'
  | 'silent'
  | 'no_expiry'
  | 'past_expiry'
  | 'other_account'

/** What a scenario changes of the usual behaviour. */
export interface Scenario {
  readonly says: string
  readonly accessLifetimeS?: number
  readonly codeLifetimeS?: number
  readonly approvesAtPoll?: number | null
  readonly graceS?: number
  /** Polls before the first honest answer that are told to slow down. */
  readonly slowDowns?: number
  readonly denies?: boolean
  /** At the token endpoint, for a refresh: done and then cut, 503, a 403 page. */
  readonly refresh?: 'lost' | 'busy' | 'forbidden' | 'narrowed' | 'other_account'
  readonly token?: 'html' | 'malformed'
  /** What is granted lacks what it was asked for. */
  readonly isUnfit?: boolean
  /** Requests to a token endpoint that are answered 503 before the first honest answer. */
  readonly outages?: number
  /** Requests of a device sign-in that are answered by a page before the first honest answer. */
  readonly pages?: number
  /** Device sign-in is switched off. */
  readonly hasNoDevice?: boolean
  /** Where GitHub is asked what its token is good for. */
  readonly copilot?: 'no_seat' | 'no_exchange' | 'evil_host'
  /** For prompts. */
  readonly prompt?: 'rate_limit' | 'forbidden' | 'server_error' | 'cut' | 'silent' | 'slow'
  /** Where a job asks for its own token. */
  readonly job?: 'html' | 'forbidden' | 'slow' | 'silent' | 'same_token' | 'old_subject'
  /** What happens to every exchange of such a token, and to the first. */
  readonly exchange?: ExchangeFault
  readonly firstExchange?: ExchangeFault
  /** Every vendor takes each token of a job once, not only those that always do. */
  readonly takesJtiOnce?: boolean
  /** The Date header is off by this, ms. */
  readonly clockSkewMs?: number
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  manual: { says: 'a device code waits for somebody to open the page', approvesAtPoll: null },
  slow_down: { says: 'the first poll is told to slow down', slowDowns: 1 },
  denied: { says: 'a device code is denied', denies: true },
  expired: { says: 'a device code runs out after two seconds', codeLifetimeS: 2, approvesAtPoll: null },
  'short-lived': { says: 'access tokens live two seconds', accessLifetimeS: 2 },
  'rotation-grace': { says: 'a replaced refresh token is taken for 30 s', graceS: 30 },
  'lost-answer': { says: 'refreshes are done, and their answers lost', refresh: 'lost' },
  'refresh-busy': { says: 'refreshes are answered 503', refresh: 'busy' },
  'refresh-narrowed': { says: 'refreshes grant less than the sign-in', refresh: 'narrowed' },
  'refresh-other-account': { says: 'refreshes bring the grant of another account, where tokens name one', refresh: 'other_account' },
  'refresh-forbidden': { says: 'refreshes are answered by a 403 page', refresh: 'forbidden' },
  'token-html': { says: 'the token endpoint answers with a page', token: 'html' },
  challenge: { says: 'the first two requests of a device sign-in are answered by a page', pages: 2 },
  'device-off': { says: 'device sign-in is not enabled', hasNoDevice: true },
  'token-busy': { says: 'the first request to a token endpoint is answered 503', outages: 1 },
  'token-malformed': { says: 'what a sign-in waits for comes, and is unusable', token: 'malformed' },
  'token-unfit': { says: 'a sign-in with ChatGPT is granted without the scope that it is for', isUnfit: true },
  'rate-limit': { says: 'prompts are answered 429 with a reset', prompt: 'rate_limit' },
  forbidden: { says: 'prompts are answered 403', prompt: 'forbidden' },
  'server-error': { says: 'prompts are answered 500', prompt: 'server_error' },
  'cut-stream': { says: 'streamed answers end in the middle', prompt: 'cut' },
  'slow-body': { says: 'streamed answers come in pieces, a tenth of a second apart', prompt: 'slow' },
  silent: { says: 'streamed answers begin and then say nothing', prompt: 'silent' },
  'no-seat': { says: 'the account at GitHub has no Copilot', copilot: 'no_seat' },
  'no-exchange': { says: 'GitHub lets no client exchange its token', copilot: 'no_exchange' },
  'evil-host': { says: 'GitHub names a foreign host for the API of Copilot', copilot: 'evil_host' },
  'job-html': { says: 'a job that asks for its token is answered by a page', job: 'html' },
  'job-forbidden': { says: 'a job that asks for its token is answered 403', job: 'forbidden' },
  'job-slow': { says: 'a job gets its token after two seconds', job: 'slow' },
  'job-silent': { says: 'a job that asks for its token is never answered', job: 'silent' },
  'job-same-token': { says: 'a job gets the same token each time', job: 'same_token' },
  'job-old-subject': { says: 'the token of a job has a `sub` without numbers, which no rule takes', job: 'old_subject' },
  'exchange-rate-limit': { says: 'exchanges are answered 429', exchange: 'rate_limit' },
  'exchange-busy': { says: 'exchanges are answered 503', exchange: 'busy' },
  'exchange-error': { says: 'exchanges are done, and answered 500', exchange: 'error' },
  'exchange-lost': { says: 'the first exchange is done, and its answer lost', firstExchange: 'lost' },
  'exchange-slow': { says: 'exchanges are answered after two seconds', exchange: 'slow' },
  'exchange-silent': { says: 'exchanges are done, and never answered', exchange: 'silent' },
  'exchange-no-expiry': { says: 'exchanges do not say how long the token lives', exchange: 'no_expiry' },
  'exchange-past-expiry': { says: 'exchanges bring tokens that ended a minute ago', exchange: 'past_expiry' },
  'exchange-other-account': {
    says: 'exchanges after the first are for another account, where answers name one',
    exchange: 'other_account',
  },
  'jti-once': { says: 'every vendor takes the token of a job once', takesJtiOnce: true },
  'clock-skew': { says: "the server's clock is ten minutes ahead", clockSkewMs: 600_000 },
}

export const SCENARIO_NAMES: readonly string[] = Object.keys(SCENARIOS)

/** @throws {ClawError} `CLAW_USAGE` for a name that there is not; its `why` lists them all. */
export function scenarioOf(name: string | undefined): Scenario {
  if (name === undefined) return { says: 'everything works' }
  const found = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined
  if (found) return found
  const [near] = nearest(name, SCENARIO_NAMES)
  throw new ClawError('CLAW_USAGE', {
    what: `there is no scenario \`${visibleLine(name, 40)}\``,
    why: ['the scenarios are', ...Object.entries(SCENARIOS).map(([id, { says }]) => `${id}: ${says}`)].join('\n'),
    fix: `claw sandbox --scenario ${near ?? 'manual'}`,
  })
}
