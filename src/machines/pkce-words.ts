import { ClawError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'

/** What the person with the browser must see. Instants in ms. */
export interface AuthorizationNotice {
  readonly url: string
  /** Where the browser ends; `null`: the page shows a code instead. */
  readonly redirectUri: string | null
  readonly expiresAt: number
}

/** What came back from the browser, by whichever way. */
export type BrowserAnswer =
  | { readonly kind: 'code'; readonly code: Secret; readonly clientId: string | null }
  /** The server's own no, or a response of this sign-in that breaks a rule: nothing can follow. */
  | { readonly kind: 'refused'; readonly error: ClawError }
  /** Only from a paste: something else was pasted. */
  | { readonly kind: 'unusable'; readonly error: ClawError }
  /** Only from a paste: nothing more will come. */
  | { readonly kind: 'ended' }

/** What the code brought. */
export type ExchangeAnswer<Credential> =
  | { readonly kind: 'granted'; readonly credential: Credential }
  /** The code is used up, or was never good. */
  | { readonly kind: 'refused'; readonly error: ClawError }
  /** The server surely did not look at the code: it may be asked again. `notBefore` is its own wish, or `at`. Instants in ms. */
  | { readonly kind: 'notProcessed'; readonly at: number; readonly error: ClawError; readonly notBefore: number }

/** Waits before an exchange is asked again, ms. */
const REPEAT_AFTER_MS: readonly number[] = [1_000, 2_000, 4_000]

/** When an exchange that was not processed is asked again; `null`: no more, or not before the sign-in expires. */
export function nextExchangeAt(said: ExchangeAnswer<unknown>, repeats: number, expiresAt: number): number | null {
  const waitMs = REPEAT_AFTER_MS[repeats]
  if (said.kind !== 'notProcessed' || waitMs === undefined) return null
  const next = Math.max(said.at + waitMs, said.notBefore)
  return next < expiresAt ? next : null
}

export interface Input {
  /** False: hand the address over and end; another process goes on. */
  readonly wait: boolean
  /** A callback on this machine is listened to. */
  readonly listens: boolean
  /** What is pasted is read. */
  readonly reads: boolean
  /** What to type to start again. */
  readonly signInCommand: string
}

export interface Context<Credential, Stored> extends Input {
  notice: AuthorizationNotice | null
  response: BrowserAnswer | null
  /** How often the exchange has been asked again, and when it is due. */
  repeats: number
  nextExchangeAt: number
  /** When the caller gave up while the code was being exchanged; 0 = not. */
  cancelledAt: number
  credential: Credential | null
  stored: { readonly value: Stored } | null
  error: ClawError | null
}

export type Outcome<Stored> =
  | { readonly ok: true; readonly state: 'granted'; readonly stored: Stored }
  | { readonly ok: true; readonly state: 'handedOver'; readonly notice: AuthorizationNotice }
  | { readonly ok: false; readonly error: ClawError }

export function outcomeOf<Stored>({ stored, error, notice }: Context<unknown, Stored>): Outcome<Stored> {
  if (stored) return { ok: true, state: 'granted', stored: stored.value }
  if (notice && !error) return { ok: true, state: 'handedOver', notice }
  return { ok: false, error: error ?? new ClawError('CLAW_INTERNAL', { what: 'a sign-in ended without a reason' }) }
}

export function nobodyCame(signInCommand: string): ClawError {
  return new ClawError('CLAW_CODE_EXPIRED', {
    what: 'nobody finished the sign-in in the browser before it expired',
    fix: `run \`${signInCommand}\``,
  })
}

/** Without one, an answer that ends a sign-in has no reason of its own: the paste ended, and nothing else can come. */
export function errorOf(said: BrowserAnswer): ClawError {
  return 'error' in said ? said.error : new ClawError('CLAW_DATA_INVALID', { what: 'nothing was pasted' })
}
