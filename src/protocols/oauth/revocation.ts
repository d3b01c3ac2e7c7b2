import type { Secret } from '../../core/secret.ts'
import { type Answer, jsonFields, oauthErrorOf } from '../answer.ts'
import { type Endpoint, postFields, type Send } from './token-request.ts'

/**
 * Asks a server to revoke a token (RFC 7009 section 2.1). Only sends. The refresh token goes first, where there is one: it
 * takes its access tokens along.
 *
 * @throws as {@link postFields}
 */
export function requestRevocation(
  send: Send,
  endpoint: Endpoint,
  token: Secret,
  hint: 'refresh_token' | 'access_token',
  signal: AbortSignal,
): Promise<Answer> {
  return postFields(send, endpoint, { token: token.reveal(), token_type_hint: hint }, signal)
}

/** What became of a revocation. */
export type RevocationOutcome = 'revoked' | 'not_supported' | 'failed'

/** Judges the answer (RFC 7009 section 2.2): a token that the server does not know counts as revoked, as it says so with 200. */
export function judgeRevocation(answer: Answer): RevocationOutcome {
  const error = oauthErrorOf(jsonFields(answer.text))?.error
  if (answer.status >= 200 && answer.status < 300 && error === undefined) return 'revoked'
  return error === 'unsupported_token_type' || answer.status === 404 || answer.status === 405 ? 'not_supported' : 'failed'
}
