import { ClawError } from '../core/errors.ts'

/** RFC 8628 section 3.5: what a `slow_down` without an interval of its own adds, for good. */
const SLOW_DOWN_STEP_MS = 5_000
const SHORTEST_INTERVAL_MS = 1_000
const LONGEST_INTERVAL_MS = 60_000

/** What the person who approves must see; nothing in it is secret to them. Instants and durations in ms. */
export interface DeviceCode {
  readonly userCode: string | null
  readonly verificationUri: string
  readonly verificationUriComplete: string | null
  readonly expiresAt: number
  readonly intervalMs: number
}

/** A code that was asked for just now, or a stored one that somebody already waits for. */
export interface StartedFlow {
  readonly code: DeviceCode
  /** When the answer with the code arrived, or the stored flow was read. */
  readonly receivedAt: number
  /** Set for a stored flow. */
  readonly resumed: Pick<StoredPace, 'nextPollAt' | 'slowedDown'> | null
}

/** What one poll said. `at` is the instant of the answer, or of giving it up. */
export type PollAnswer<Credential> =
  | { readonly kind: 'granted'; readonly at: number; readonly credential: Credential }
  /** The tokens are one exchange away. */
  | { readonly kind: 'approved'; readonly at: number }
  | { readonly kind: 'pending'; readonly at: number }
  | { readonly kind: 'slowDown'; readonly at: number; readonly intervalMs: number | null }
  | { readonly kind: 'denied'; readonly at: number; readonly why: string }
  | { readonly kind: 'expired'; readonly at: number }
  /** Not asked: another process has polled meanwhile, and its pace is in force. */
  | ({ readonly kind: 'notDue'; readonly at: number } & StoredPace)
  /** The server's own words for a flow that cannot go on. */
  | { readonly kind: 'refused'; readonly at: number; readonly error: ClawError }
  /** No answer, or none of this protocol. `notBefore` is the server's own wish for the next try. */
  | { readonly kind: 'unreachable'; readonly at: number; readonly error: ClawError; readonly notBefore: number | null }
  /** A page for people in place of an answer: a challenge or a proxy, which another try may get past. */
  | { readonly kind: 'turnedAway'; readonly at: number; readonly error: ClawError }

/** The pace of a flow as the store has it. */
export interface StoredPace {
  readonly intervalMs: number
  readonly nextPollAt: number
  readonly slowedDown: boolean
}

/** When the next poll is due, and what led to it. */
export interface Pace {
  readonly intervalMs: number
  /** Added to every wait, where a provider punishes a poll that comes a little early. */
  readonly marginMs: number
  readonly nextPollAt: number
  /** Pages in a row that came in place of answers. */
  readonly pages: number
  /** Polls in a row that got no answer, and the last of them. */
  readonly misses: number
  readonly lastMiss: ClawError | null
  readonly hasSlowedDown: boolean
}

const clamp = (intervalMs: number): number => Math.min(LONGEST_INTERVAL_MS, Math.max(SHORTEST_INTERVAL_MS, intervalMs))

export const NO_PACE: Pace = { intervalMs: 0, marginMs: 0, nextPollAt: 0, pages: 0, misses: 0, lastMiss: null, hasSlowedDown: false }

/** The pace of a flow that starts or goes on: a new one waits an interval first, unless the provider lets it ask at once. */
export function firstPace({ code, receivedAt, resumed }: StartedFlow, waitBeforeFirstPoll: boolean, marginMs: number): Pace {
  const intervalMs = clamp(code.intervalMs)
  const firstPollAt = receivedAt + (waitBeforeFirstPoll ? intervalMs + marginMs : 0)
  const nextPollAt = resumed?.nextPollAt ?? firstPollAt
  return { ...NO_PACE, intervalMs, marginMs, nextPollAt, hasSlowedDown: resumed?.slowedDown ?? false }
}

/**
 * The pace after an answer (RFC 8628 section 3.5): a `slow_down` sets the interval for good, to the one it names or five
 * seconds more; polls without an answer double the wait, and the first answer brings the interval back.
 */
export function nextPace(pace: Pace, answer: PollAnswer<unknown>): Pace {
  if (answer.kind === 'unreachable' || answer.kind === 'turnedAway') {
    const misses = pace.misses + 1
    const waitMs = clamp(pace.intervalMs * 2 ** Math.min(misses, 6))
    const notBefore = answer.kind === 'unreachable' ? (answer.notBefore ?? 0) : 0
    const pages = answer.kind === 'turnedAway' ? pace.pages + 1 : 0
    return { ...pace, pages, misses, lastMiss: answer.error, nextPollAt: Math.max(answer.at + waitMs, notBefore) }
  }
  if (answer.kind === 'notDue') {
    const { intervalMs, nextPollAt, slowedDown } = answer
    return { ...pace, intervalMs: clamp(intervalMs), nextPollAt, hasSlowedDown: pace.hasSlowedDown || slowedDown }
  }
  const isSlower = answer.kind === 'slowDown'
  const intervalMs = isSlower ? clamp(answer.intervalMs ?? pace.intervalMs + SLOW_DOWN_STEP_MS) : pace.intervalMs
  const nextPollAt = answer.at + intervalMs + pace.marginMs
  return { ...pace, intervalMs, nextPollAt, pages: 0, misses: 0, lastMiss: null, hasSlowedDown: pace.hasSlowedDown || isSlower }
}

/** A code that nobody approved in time, with what was seen on the way. */
export function expiredError({ hasSlowedDown, lastMiss }: Pace, signInCommand: string): ClawError {
  const why = hasSlowedDown
    ? 'the server asked for slower polls on the way'
    : lastMiss
      ? `the last poll got no answer: ${lastMiss.message}`
      : undefined
  const fix = hasSlowedDown ? `check the clock of this machine, then run \`${signInCommand}\`` : `run \`${signInCommand}\``
  return new ClawError('CLAW_CODE_EXPIRED', { what: 'nobody approved the sign-in before its code expired', why, fix })
}

export function deniedError(why: string, signInCommand: string): ClawError {
  return new ClawError('CLAW_DENIED', { what: 'the sign-in was denied', why, fix: `run \`${signInCommand}\`` })
}
