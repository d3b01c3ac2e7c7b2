import { ClawError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'

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
  /** By name, as the token request needs them: `deviceCode`, `verifier`. */
  readonly secrets: Readonly<Record<string, Secret>>
  /** When the answer with the code arrived, or the stored flow was read. */
  readonly receivedAt: number
  /** Set for a stored flow. */
  readonly resumed: { readonly nextPollAt: number; readonly slowedDown: boolean } | null
}

/** What one poll said. `at` is the instant of the answer, or of giving it up. */
export type PollAnswer<Credential> =
  | { readonly kind: 'granted'; readonly at: number; readonly credential: Credential }
  | { readonly kind: 'pending'; readonly at: number }
  | { readonly kind: 'slowDown'; readonly at: number; readonly intervalMs: number | null }
  | { readonly kind: 'denied'; readonly at: number }
  | { readonly kind: 'expired'; readonly at: number }
  /** The server's own words for a flow that cannot go on. */
  | { readonly kind: 'refused'; readonly at: number; readonly error: ClawError }
  /** No answer, or none of this protocol. `notBefore` is the server's own wish for the next try. */
  | { readonly kind: 'unreachable'; readonly at: number; readonly error: ClawError; readonly notBefore: number | null }

/** When the next poll is due, and what led to it. */
export interface Pace {
  readonly intervalMs: number
  readonly nextPollAt: number
  /** Polls in a row that got no answer, and the last of them. */
  readonly misses: number
  readonly lastMiss: ClawError | null
  readonly hasSlowedDown: boolean
}

const clamp = (intervalMs: number): number => Math.min(LONGEST_INTERVAL_MS, Math.max(SHORTEST_INTERVAL_MS, intervalMs))

export const NO_PACE: Pace = { intervalMs: 0, nextPollAt: 0, misses: 0, lastMiss: null, hasSlowedDown: false }

/** The pace of a flow that starts or goes on: a new one waits an interval first, unless the provider lets it ask at once. */
export function firstPace({ code, receivedAt, resumed }: StartedFlow, waitBeforeFirstPoll: boolean): Pace {
  const intervalMs = clamp(code.intervalMs)
  const firstPollAt = receivedAt + (waitBeforeFirstPoll ? intervalMs : 0)
  return { ...NO_PACE, intervalMs, nextPollAt: resumed?.nextPollAt ?? firstPollAt, hasSlowedDown: resumed?.slowedDown ?? false }
}

/**
 * The pace after an answer (RFC 8628 section 3.5): a `slow_down` sets the interval for good, to the one it names or five
 * seconds more; polls without an answer double the wait, and the first answer brings the interval back.
 */
export function nextPace(pace: Pace, answer: PollAnswer<unknown>): Pace {
  if (answer.kind === 'unreachable') {
    const misses = pace.misses + 1
    const waitMs = clamp(pace.intervalMs * 2 ** Math.min(misses, 6))
    return { ...pace, misses, lastMiss: answer.error, nextPollAt: Math.max(answer.at + waitMs, answer.notBefore ?? 0) }
  }
  const isSlower = answer.kind === 'slowDown'
  const intervalMs = isSlower ? clamp(answer.intervalMs ?? pace.intervalMs + SLOW_DOWN_STEP_MS) : pace.intervalMs
  return { intervalMs, nextPollAt: answer.at + intervalMs, misses: 0, lastMiss: null, hasSlowedDown: pace.hasSlowedDown || isSlower }
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

export function deniedError(signInCommand: string): ClawError {
  const fix = `run \`${signInCommand}\``
  return new ClawError('CLAW_DENIED', { what: 'the sign-in was denied', why: 'the server answered `access_denied`', fix })
}
