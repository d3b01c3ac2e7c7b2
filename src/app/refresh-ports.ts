import type { ClawError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import type { NewCredential } from '../credentials/record.ts'
import type { AnswerSpool, CredentialStore } from '../credentials/store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'

/** What a token request needs of the outside; the wire itself is behind it. */
export interface TokenWire {
  /** Connects, TLS included, without sending. */
  connect(signal: AbortSignal): Promise<void>
  /** Sends the one refresh request over that connection and judges the answer. */
  refresh(refreshToken: Secret, signal: AbortSignal): Promise<WireAnswer>
  close(): void
}

export type WireAnswer =
  | { readonly kind: 'granted'; readonly credential: NewCredential }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'not_processed'; readonly error: ClawError; readonly retryAfterMs: number | null }
  | { readonly kind: 'refused'; readonly error: ClawError }
  | { readonly kind: 'lost'; readonly error: ClawError }

export interface RefreshPorts {
  readonly store: CredentialStore
  readonly spool: AnswerSpool
  readonly clock: Clock
  readonly random: Random
}

export interface RefreshSettings {
  readonly leaseMs: number
  readonly requestTimeoutMs: number
  /** What to type when only a new sign-in helps. */
  readonly signInCommand: string
}
