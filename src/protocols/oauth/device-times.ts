import { visibleLine } from '../../core/visible.ts'
import { type Answer, brokenAnswer, positiveNumber } from '../answer.ts'

/** RFC 8628 section 3.2: the interval where the server gives none. */
const DEFAULT_INTERVAL_MS = 5_000
const SHORTEST_INTERVAL_MS = 1_000
const LONGEST_INTERVAL_MS = 60_000
/** The lifetime where the server breaks section 3.2 and gives none, and the longest that is waited for. */
const DEFAULT_LIFETIME_MS = 15 * 60_000
const LONGEST_LIFETIME_MS = 30 * 60_000

/** An interval between polls, ms: what the server says, else the provider's default; never below a second nor above a minute. */
export function intervalOf(value: unknown, defaultMs: number | undefined, unit: 's' | 'ms' = 's', leastMs = SHORTEST_INTERVAL_MS): number {
  const given = positiveNumber(value)
  const ms = given === undefined ? (defaultMs ?? DEFAULT_INTERVAL_MS) : Math.round(unit === 's' ? given * 1_000 : given)
  return Math.min(Math.max(ms, leastMs, SHORTEST_INTERVAL_MS), LONGEST_INTERVAL_MS)
}

/**
 * How long a code lives, ms: what the server says in seconds, else the provider's default.
 *
 * @throws {ClawError} `CLAW_PROTOCOL` for one that has no time left: section 3.2 gives it a lifetime, and nobody could approve it.
 */
export function lifetimeOf(seconds: unknown, defaultMs: number | undefined): number {
  const given = positiveNumber(seconds)
  if (given === undefined && (typeof seconds === 'number' || (typeof seconds === 'string' && /^-?\d+$/.test(seconds))))
    throw brokenAnswer('the code of the device authorization has expired already', `\`expires_in\` is ${visibleLine(String(seconds), 20)}`)
  return limited(given === undefined ? undefined : Math.round(given * 1_000), defaultMs)
}

/** The same for a code whose end is an instant. One that is over already is not believed. */
export function lifetimeUntil(instant: unknown, answer: Answer, wallNow: number, defaultMs: number | undefined): number {
  const at = instantOf(instant)
  const leftMs = at === undefined ? 0 : Math.round(at - serverNow(answer, wallNow))
  return limited(leftMs > 0 ? leftMs : undefined, defaultMs)
}

/** Below this an instant is one in seconds. */
const FIRST_EPOCH_MS = 1e12

/** An instant, ms since 1970: a number of seconds or ms, or a date. */
function instantOf(value: unknown): number | undefined {
  const number = positiveNumber(value)
  if (number !== undefined) return number < FIRST_EPOCH_MS ? number * 1_000 : number
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}

/**
 * What the clock of the server says, ms: its `date` where it sends one (RFC 9110 section 6.6.1), so that a wrong clock here
 * does not matter, else what the clock here says.
 */
export function serverNow({ headers }: Pick<Answer, 'headers'>, wallNow: number): number {
  const date = Date.parse(headers.date ?? '')
  return Number.isNaN(date) ? wallNow : date
}

function limited(givenMs: number | undefined, defaultMs: number | undefined): number {
  return Math.min(givenMs ?? defaultMs ?? DEFAULT_LIFETIME_MS, LONGEST_LIFETIME_MS)
}
