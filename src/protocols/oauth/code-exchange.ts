import type { Secret } from '../../core/secret.ts'
import type { Answer } from '../answer.ts'
import type { Fields } from './token-endpoint.ts'
import { type Endpoint, postFields, type Send } from './token-request.ts'

/** An authorization code and what proves that it is ours (RFC 6749 section 4.1.3, RFC 7636 section 4.5). */
export interface CodeExchange {
  readonly code: Secret
  readonly verifier: Secret
  /** The one that the code was asked for with, letter by letter. */
  readonly redirectUri: string
}

/**
 * Exchanges an authorization code for tokens. Only sends.
 *
 * @param more fields that a server wants with it (`state`, `resource`)
 * @throws as {@link postFields}
 */
export function requestCodeExchange(
  send: Send,
  endpoint: Endpoint,
  { code, verifier, redirectUri }: CodeExchange,
  signal: AbortSignal,
  more: Fields = {},
): Promise<Answer> {
  const fields = {
    grant_type: 'authorization_code',
    code: code.reveal(),
    redirect_uri: redirectUri,
    code_verifier: verifier.reveal(),
  }
  return postFields(send, endpoint, { ...more, ...fields }, signal)
}
