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

export function nobodyCame(signInCommand: string): ClawError {
  return new ClawError('CLAW_CODE_EXPIRED', {
    what: 'nobody finished the sign-in in the browser before it expired',
    fix: `run \`${signInCommand}\``,
  })
}
