import { visibleLine } from '../core/visible.ts'
import { type Answer, brokenAnswer, fieldsOf, jsonFields, oauthErrorOf, shapeOf } from './answer.ts'
import { remainingOf } from './device-times.ts'
import { judgeTokenAnswer, type TokenAnswer } from './token-endpoint.ts'

/** A token endpoint that says in a field of an answer of 200 what became of a request (MiniMax). */
export interface StatusRules {
  readonly statusField: string
  readonly successValue: string
  readonly errorValue: string
  /** Dotted: where the words of an error stand. */
  readonly messagePath: string | undefined
  /** The end of the access token: seconds from now, an instant in seconds, or one in ms. */
  readonly expiryField: string
}

/**
 * Judges such an answer, to a poll or to a refresh. A status that is neither success nor error is `pending`; an error in the
 * words of the vendor comes as the OAuth error of that name, with the vendor's message as its description.
 *
 * @throws {ClawError} `CLAW_PROTOCOL` for a success that breaks RFC 6749 section 5.1.
 */
export function judgeStatusAnswer(
  answer: Answer,
  rules: StatusRules,
  wallNow: number,
  extras: readonly string[] = [],
): TokenAnswer | { readonly kind: 'pending' } {
  const fields = jsonFields(answer.text)
  const isSuccess = answer.status >= 200 && answer.status < 300
  const description = messageOf(fields, rules.messagePath)
  const said = fields?.get(rules.statusField)
  if (isSuccess && !fields) throw brokenAnswer('the answer of the token endpoint is not a JSON object', shapeOf(answer))
  if (isSuccess && said === rules.errorValue)
    return { kind: 'oauth_error', status: answer.status, error: rules.errorValue, description, interval: undefined }
  const isPending = isSuccess && said !== rules.successValue && !fields?.has('access_token') && !oauthErrorOf(fields)
  if (isPending) return { kind: 'pending' }
  const judged = judgeTokenAnswer(answer, wallNow, extras)
  if (judged.kind === 'granted')
    return { kind: 'granted', grant: { ...judged.grant, lifetimeMs: remainingOf(fields?.get(rules.expiryField), answer, wallNow) } }
  if (judged.kind === 'refused' && description !== null)
    return { kind: 'oauth_error', status: answer.status, error: `HTTP ${answer.status}`, description, interval: undefined }
  return judged
}

/** The vendor's own words for an error, made visible; `null` where there are none. */
export function messageOf(fields: ReadonlyMap<string, unknown> | undefined, path: string | undefined): string | null {
  if (!fields || path === undefined) return null
  const message = path.split('.').reduce<unknown>((inner, name) => (inner instanceof Map ? inner : fieldsOf(inner))?.get(name), fields)
  return typeof message === 'string' && message !== '' ? visibleLine(message) : null
}
