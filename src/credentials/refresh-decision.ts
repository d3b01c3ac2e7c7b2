import type { Verdict } from '../core/vocabulary.ts'
import type { CredentialRecord, Holder, Intent } from './record.ts'
import type { SavedAnswer } from './store.ts'

/** Margin before expiry where neither the configuration nor the entry says otherwise (law 8). */
export const DEFAULT_MARGIN_MS = 5 * 60_000
/** The margin is never more than this part of the lifetime (law 7). */
const MARGIN_SHARE = 0.2
/** A clock this far before the receipt of a token has been set back: its expiry says nothing then. */
const CLOCK_SET_BACK_MS = 60_000

/** What the caller wants of the grant. */
export interface Wish {
  /** `use`: a valid token will do. `newer`: only a generation above `than` will. */
  readonly goal: 'use' | 'newer'
  readonly than: number
  /** Configured margin, ms; `undefined` = the entry's or the default. */
  readonly marginMs: number
  /** Where nobody knows when a token ends: it is renewed when it is older, ms. */
  readonly maxAgeMs?: number | undefined
  /** `false` in an entry whose server punishes a second try (law 5). */
  readonly retryInDoubt: boolean
}

/** The margin in force for what lives so long, ms (law 7); `null` = nobody knows how long. */
export function marginOf({ lifetimeMs }: Pick<CredentialRecord, 'lifetimeMs'>, marginMs: number): number {
  return lifetimeMs === null ? marginMs : Math.min(marginMs, lifetimeMs * MARGIN_SHARE)
}

/** What is left of the access token by the engine's clock, ms; `Infinity` where nobody knows. */
export function remainingMs(record: CredentialRecord, now: number): number {
  if (record.expiresAt === null || now < record.receivedAt - CLOCK_SET_BACK_MS) return Number.POSITIVE_INFINITY
  return record.expiresAt - now
}

/**
 * The decision of laws 2, 5 and 8, as the model has it: pure, so that it can be walked.
 *
 * @param now the engine's clock at the reading, ms
 * @param ownNonce of the intent that the caller itself wrote: it is over at its deadline, also where giving it up could not be written
 */
export function decideRefresh(
  record: CredentialRecord,
  now: number,
  wish: Wish,
  saved: readonly SavedAnswer[],
  sight: (holder: Holder) => 'alive' | 'dead' | 'unknown',
  ownNonce?: string,
): Verdict {
  if (record.state === 'logged_out' || record.secrets === null) return 'logged_out'
  if (record.rejection?.kind !== undefined) return 'rejected'
  const leftMs = remainingMs(record, now)
  const isValid = leftMs > 0
  if (isValid && (wish.goal === 'use' || record.generation > wish.than)) {
    const isQuiet =
      wish.goal !== 'use' || !isDueSoon(record, now, wish) || record.intent !== null || record.state === 'rejected' || !record.refreshable
    return isQuiet ? 'usable' : 'inside_margin'
  }
  if (saved.some((answer) => fits(answer, record))) return 'saved'
  if (record.state === 'rejected' || !record.refreshable) return 'rejected'
  if (record.intent === null) return 'due'
  const isOwn = record.intent.nonce === ownNonce
  if (isOwn ? record.intent.deadlineAt > now : !isResolvable(record.intent, now, sight)) return 'pending'
  if (record.intent.attempt === 2 || !wish.retryInDoubt) return 'interrupted'
  return wish.goal === 'newer' && isValid ? 'in_doubt' : 'retry'
}

/** Whether a token that serves should be renewed, as far as its server welcomes that already. */
function isDueSoon(record: CredentialRecord, now: number, { marginMs, maxAgeMs }: Wish): boolean {
  if (now < (record.renewal?.notBefore ?? 0)) return false
  if (record.expiresAt === null) return maxAgeMs !== undefined && now - record.receivedAt > maxAgeMs
  return remainingMs(record, now) <= marginOf(record, marginMs)
}

/** Whether a saved answer is one for the generation and refresh token in force. */
export function fits(answer: SavedAnswer, record: CredentialRecord): boolean {
  return answer.generation === record.generation && answer.fingerprint === record.fingerprint
}

/** Whether the doubt that an intent stands for may be ended by trying the old token once more. */
export function isResolvable(intent: Intent, now: number, sight: (holder: Holder) => 'alive' | 'dead' | 'unknown'): boolean {
  if (intent.gaveUp) return intent.deadlineAt <= now
  const seen = sight(intent.holder)
  if (seen === 'dead') return intent.deadlineAt <= now
  return seen === 'unknown' && intent.leaseEndsAt <= now
}
