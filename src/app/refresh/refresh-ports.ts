import type { ClawError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import type { CredentialRecord, NewCredential, RecordSecrets } from '../../credentials/record.ts'
import type { AnswerSpool, CredentialStore } from '../../credentials/store.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'

/** What a token request needs of the outside; the wire itself is behind it. */
export interface TokenWire {
  /** Connects, TLS included, without sending. */
  connect(record: CredentialRecord, signal: AbortSignal): Promise<void>
  /** Sends the one refresh request over that connection and judges the answer. */
  refresh(record: CredentialRecord, refreshToken: Secret, signal: AbortSignal): Promise<WireAnswer>
  /** Gives back what came for a grant that was signed out meanwhile; a server that cannot revoke is left alone. */
  revoke(record: CredentialRecord, secrets: RecordSecrets): Promise<void>
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
  /** What the sign-in asked for, where its answer did not say what it granted. */
  readonly requestedScopes?: readonly string[] | undefined
}
