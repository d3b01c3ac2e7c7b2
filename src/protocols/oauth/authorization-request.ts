import type { Random } from '../../platform/random.ts'
import type { Fields } from './token-endpoint.ts'

/** S-36: at least 128 bits, drawn apart from the verifier. */
const STATE_BYTES = 32

/** What an authorization request is made of (RFC 6749 section 4.1.1, RFC 7636 section 4.3). */
export interface AuthorizationRequest {
  /** The authorization endpoint. A query that it has stays (RFC 6749 section 3.1). */
  readonly endpoint: string
  /** Of the verifier, by `S256`: claw knows no other method. */
  readonly challenge: string
  /** `null`: the server has no such parameter. */
  readonly clientId: string | null
  readonly redirectUri: string | null
  /** The name that this server has for it. */
  readonly redirectParam: string
  readonly state: string | null
  /** OpenID Connect section 3.1.2.1: comes back inside the id token. */
  readonly nonce: string | null
  readonly scope: string | undefined
  readonly audience: string | undefined
  /** RFC 8707. */
  readonly resource: string | undefined
  /** What this server wants beside these. It beats nothing: a parameter of the protocol stays. */
  readonly extraParams: Fields | undefined
}

/** The address that somebody opens to approve a sign-in. It holds no secret: the challenge in place of the verifier. */
export function authorizationUrl(request: AuthorizationRequest): string {
  const { challenge, clientId, redirectUri, redirectParam, state, nonce, scope, audience, resource, extraParams } = request
  const own: Fields = {
    ...(clientId === null ? {} : { response_type: 'code', client_id: clientId }),
    [redirectParam]: redirectUri ?? undefined,
    scope,
    audience,
    resource,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: state ?? undefined,
    nonce: nonce ?? undefined,
  }
  const url = new URL(request.endpoint)
  for (const [name, value] of [...Object.entries(extraParams ?? {}), ...Object.entries(own)])
    if (value !== undefined && value !== '') url.searchParams.set(name, value)
  return url.href
}

/** A new state (S-36), or a new nonce: unpredictable, and in no relation to the verifier. */
export function newState(random: Pick<Random, 'bytes'>): string {
  return random.bytes(STATE_BYTES).toString('base64url')
}
