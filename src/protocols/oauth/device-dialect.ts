import type { ClawError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import type { TokenGrant } from './token-endpoint.ts'
import type { Send } from './token-request.ts'

/** How a dialect reaches the outside. */
export interface DeviceWire {
  readonly send: Send
  readonly random: { bytes(count: number): Buffer }
  /** What the clock here says, ms. */
  readonly wall: () => number
  readonly signal: AbortSignal
}

/** What a dialect must know of a started sign-in to go on with it, in any process. */
export interface StartedDevice {
  readonly userCode: string | null
  /** By name, as the dialect that made them reads them again. */
  readonly secrets: Readonly<Record<string, Secret>>
}

/** A sign-in that was started. Durations are ms, counted from the answer. */
export interface DeviceStart extends StartedDevice {
  readonly kind: 'started'
  readonly userCode: string
  readonly verificationUri: string
  /** Only where it has the same origin as `verificationUri`. */
  readonly verificationUriComplete: string | null
  readonly intervalMs: number
  readonly lifetimeMs: number
  /** Things to tell the person who approves. */
  readonly warnings: readonly string[]
}

/** A page for people where an answer was due: a challenge, a captive portal, a proxy. Another try may get through. */
export interface TurnedAway {
  readonly kind: 'page'
  readonly error: ClawError
}

/** What one poll says (RFC 8628 section 3.5). */
export type DevicePoll =
  | { readonly kind: 'granted'; readonly grant: TokenGrant }
  /** Approved, and the tokens are one more request away: to be kept, and polled with. */
  | { readonly kind: 'approved'; readonly secrets: Readonly<Record<string, Secret>> }
  | { readonly kind: 'pending' }
  /** `intervalMs` where the server names the new one; else five seconds are added for good. */
  | { readonly kind: 'slow_down'; readonly intervalMs: number | undefined }
  /** `why` is the server's own word, or what it said to it. */
  | { readonly kind: 'denied'; readonly why: string }
  | { readonly kind: 'expired' }
  /** No answer to the question, but polling may go on: 408, 429, 5xx. */
  | { readonly kind: 'unreachable'; readonly status: number; readonly retryAfterMs: number | null }
  | TurnedAway
  | { readonly kind: 'failed'; readonly error: ClawError }

/**
 * A device sign-in as one provider speaks it. Both functions send one request and judge its answer; neither waits, retries
 * or keeps anything.
 */
export interface DeviceDialect {
  /** @throws {ClawError} as the request, and for an answer that breaks the dialect or refuses it */
  start(wire: DeviceWire): Promise<DeviceStart | TurnedAway>
  /** @throws {ClawError} as the request, and `CLAW_PROTOCOL` for a grant that breaks the dialect */
  poll(wire: DeviceWire, started: StartedDevice): Promise<DevicePoll>
}
