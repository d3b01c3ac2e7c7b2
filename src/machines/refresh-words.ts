import type { ClawError } from '../core/errors.ts'
import type { Verdict } from '../core/vocabulary.ts'

export interface GrantReading {
  readonly verdict: Verdict
  /** What a caller is told when the verdict is final. */
  readonly error: ClawError | null
  /** The generation is newer than the one first read. */
  readonly isNewer: boolean
}

/** What came of the one token request. */
export type SendOutcome =
  | { readonly kind: 'answered' }
  /** The provider's own words for a dead grant. */
  | { readonly kind: 'rejected'; readonly error: ClawError }
  /** Never sent, or told "not processed": there is no doubt. */
  | { readonly kind: 'not_processed'; readonly error: ClawError; readonly retryAt: number | null }
  /** Answered, though not with a grant and not in words that end it. */
  | { readonly kind: 'refused'; readonly error: ClawError }
  /** Sent, and nobody knows what became of it. */
  | { readonly kind: 'lost'; readonly error: ClawError }
