import { ClawError } from '../../core/errors.ts'
import { brokenAnswer } from '../answer.ts'
import { jwtClaims } from './jwt-claims.ts'
import type { TokenGrant } from './token-endpoint.ts'

/** What a grant must have beside what RFC 6749 section 5.1 wants of it. */
export interface GrantRules {
  /** A scope without which the grant is good for nothing. */
  readonly requiredScope: string | undefined
  readonly requiresIdToken: boolean
  /** The nonce of the request; `null` = none was sent. */
  readonly nonce: string | null
}

/**
 * Holds a grant against what was asked for.
 *
 * @throws {ClawError} `CLAW_DENIED` without the scope that the grant is for; `CLAW_PROTOCOL` without an id token where it is
 * promised, or with one of another sign-in (OpenID Connect section 3.1.3.7).
 */
export function checkGrant(grant: TokenGrant, { requiredScope, requiresIdToken, nonce }: GrantRules): void {
  if (requiresIdToken && grant.idToken === undefined) throw brokenAnswer('`id_token` is missing from the answer of the token endpoint')
  const claims = grant.idToken && jwtClaims(grant.idToken.reveal())
  if (nonce !== null && claims && claims.get('nonce') !== nonce)
    throw brokenAnswer('the id token is that of another sign-in', claims.has('nonce') ? 'its `nonce` is another one' : 'it has no `nonce`')
  if (requiredScope !== undefined && !grant.scopes?.includes(requiredScope)) {
    throw new ClawError('CLAW_DENIED', {
      what: 'the sign-in was approved without what it is for',
      why: `the grant lacks the scope \`${requiredScope}\``,
      data: { scopes: grant.scopes ?? [] },
    })
  }
}
