import { ClawError } from '../core/errors.ts'
import type { DeviceCode, Pace } from './device-poll.ts'

/** What a device flow is told at its start. */
export interface Input {
  /** False: hand the code over and end; another process goes on. */
  readonly wait: boolean
  readonly waitBeforeFirstPoll: boolean
  readonly safetyMarginMs: number
  /** Pages in a row that are taken for a passing trouble; the next one is told, and the flow left for another day. */
  readonly pagesTaken: number
  /** What to type to start again. */
  readonly signInCommand: string
}

/** What a device flow knows on its way. */
export interface Context<Credential, Stored> extends Input {
  code: DeviceCode | null
  expiresAt: number
  pace: Pace
  /** When the caller gave up while the code was being exchanged; 0 = not. */
  cancelledAt: number
  credential: Credential | null
  stored: { readonly value: Stored } | null
  error: ClawError | null
}

/** How a device flow ends: `handedOver` leaves the waiting to another process. */
export type Outcome<Stored> =
  | { readonly ok: true; readonly state: 'granted'; readonly stored: Stored }
  | { readonly ok: true; readonly state: 'handedOver'; readonly code: DeviceCode }
  | { readonly ok: false; readonly error: ClawError }

export function outcomeOf<Stored>({ stored, error, code }: Context<unknown, Stored>): Outcome<Stored> {
  if (stored) return { ok: true, state: 'granted', stored: stored.value }
  if (code && !error) return { ok: true, state: 'handedOver', code }
  return { ok: false, error: error ?? new ClawError('CLAW_INTERNAL', { what: 'a sign-in ended without a reason' }) }
}
