import { timingSafeEqual } from 'node:crypto'
import { ClawError } from '../../core/errors.ts'
import { Secret } from '../../core/secret.ts'
import { visibleLine } from '../../core/visible.ts'
import { brokenAnswer } from '../answer.ts'
import { tokenError } from './token-error.ts'

/** The longest authorization code that is taken, characters (S-38). */
const LONGEST_CODE = 4_096
const ONCE = ['iss', 'error', 'error_description', 'code', 'client_id'] as const

/** What an authorization response must agree with: the facts of the flow that asked for it. */
export interface ExpectedResponse {
  /** `null`: this server returns none; a part of the callback's path that nobody can guess stands in its place. */
  readonly state: string | null
  /** The pinned issuer; `null` = none is known. */
  readonly issuer: string | null
  /** The metadata of the issuer says that it names itself in every response (RFC 9207 section 2.4). */
  readonly namesItself: boolean
  /** The response brings the client id that was issued for this installation. */
  readonly bringsClientId: boolean
}

/** What one authorization response said (RFC 6749 sections 4.1.2 and 4.1.2.1). */
export type AuthorizationResponse =
  | { readonly kind: 'code'; readonly code: Secret; readonly clientId: string | null }
  /** No response of this flow; `why` is a sentence without anything of it. */
  | { readonly kind: 'stranger'; readonly why: string }
  /** Of this flow, and the end of it: the server's own error, or a response that breaks a rule. */
  | { readonly kind: 'refused'; readonly error: ClawError }

/**
 * Judges an authorization response, from the callback or pasted. The state comes first, then the issuer, then `error`, and
 * the code last (S-36, S-38, S-42).
 */
export function judgeAuthorizationResponse(given: URLSearchParams, expected: ExpectedResponse): AuthorizationResponse {
  const strange = stateFault(given.getAll('state'), expected.state)
  if (strange !== undefined) return { kind: 'stranger', why: strange }
  const twice = ONCE.find((name) => given.getAll(name).length > 1)
  if (twice !== undefined) return { kind: 'stranger', why: `\`${twice}\` stands in it twice` }
  const mixUp = issuerFault(given.get('iss'), expected)
  if (mixUp) return { kind: 'refused', error: mixUp }
  const error = given.get('error')
  if (error !== null) return { kind: 'refused', error: serverError(error, given.get('error_description')) }
  const code = given.get('code')
  if (code === null || code === '') {
    if (expected.state === null) return { kind: 'stranger', why: 'it has no `code`' }
    return broken('`code` is missing from the authorization response')
  }
  if (code.length > LONGEST_CODE || !/^[\x21-\x7e]+$/.test(code))
    return broken('`code` of the authorization response is none', `${code.length} characters`)
  const clientId = given.get('client_id')
  if (!expected.bringsClientId) return { kind: 'code', code: new Secret(code, 'authorization-code'), clientId: null }
  if (clientId === null || !/^[\x21-\x7e]{1,256}$/.test(clientId))
    return broken('the authorization response lacks the `client_id` that is issued with it')
  return { kind: 'code', code: new Secret(code, 'authorization-code'), clientId }
}

function stateFault([state, ...more]: readonly string[], expected: string | null): string | undefined {
  if (expected === null) return undefined
  if (state === undefined || state === '') return 'it has no `state`'
  if (more.length > 0) return '`state` stands in it twice'
  return isSame(state, expected) ? undefined : 'its `state` is not the one of this sign-in'
}

/** RFC 9207 section 2.4: compared letter by letter; missing it is a fault only where the server promises it. */
function issuerFault(iss: string | null, { issuer, namesItself }: ExpectedResponse): ClawError | undefined {
  if (issuer === null || (iss === null && !namesItself) || iss === issuer) return undefined
  return brokenAnswer(
    'the authorization response does not come from the server that was asked',
    iss === null ? `\`${issuer}\` promises \`iss\`, and there is none` : `\`iss\` is \`${visibleLine(iss, 100)}\`, not \`${issuer}\``,
  )
}

function serverError(error: string, description: string | null): ClawError {
  if (error === '') return brokenAnswer('the authorization response says that the sign-in failed, and not why', 'its `error` is empty')
  if (error === 'access_denied')
    return new ClawError('CLAW_DENIED', {
      what: 'the sign-in was denied in the browser',
      why: description === null || description === '' ? 'the server answered `access_denied`' : visibleLine(description),
      data: { error },
    })
  const known = /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(error) ? error : visibleLine(error, 128)
  return tokenError(
    {
      kind: 'oauth_error',
      status: 302,
      error: known,
      description: description === null || description === '' ? 'it stood in the authorization response' : visibleLine(description),
      interval: undefined,
    },
    'the authorization server',
  )
}

function broken(what: string, why?: string): AuthorizationResponse {
  return { kind: 'refused', error: brokenAnswer(what, why) }
}

/** In a time that does not tell how much of it is right; only the length shows, which is no secret. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
