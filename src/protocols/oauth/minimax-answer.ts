import { type Answer, brokenAnswer, fieldsOf, jsonFields, oauthErrorOf } from '../answer.ts'
import { serverNow } from './device-times.ts'
import { grantOf, judgeTokenAnswer, type TokenAnswer } from './token-endpoint.ts'
import { visibleLine } from '../../core/visible.ts'

/** How a token endpoint answers that puts its verdict into a field of a 200 (MiniMax: `providers.md` 3.9). */
export interface StatusRules {
  readonly statusField: string
  readonly successValue: string
  readonly errorValue: string
  /** Where the server says what is wrong, dotted. */
  readonly errorMessagePath?: string | undefined
  /** Where it says so by a number, dotted. */
  readonly errorCodePath?: string | undefined
  /** Field of the end of the access token, in a unit that {@link lifetimeIn} tells. */
  readonly expiryField?: string | undefined
}

/**
 * Judges an answer whose verdict stands in a field: success, error, anything else is pending. Without that field, as in
 * errors of HTTP, the server's own words are its message and code; a page without them says nothing about a grant.
 *
 * @param now the server's clock where it tells it, else the one here, ms
 * @throws {ClawError} `CLAW_PROTOCOL` for a success that brings no token: the request may have been processed.
 */
export function judgeStatusAnswer(
  answer: Answer,
  rules: StatusRules,
  now: number,
  extras: readonly string[] = [],
): TokenAnswer | { readonly kind: 'pending' } {
  const fields = jsonFields(answer.text)
  const isSuccess = answer.status >= 200 && answer.status <= 299
  const verdict = fields?.get(rules.statusField)
  // One that brings a token and no verdict is a success: what came is never thrown away.
  if (fields && isSuccess && (verdict === rules.successValue || (verdict === undefined && fields.has('access_token')))) {
    const lifetimeMs = rules.expiryField === undefined ? null : lifetimeIn(fields.get(rules.expiryField), serverNow(answer, now))
    const said = lifetimeMs === null ? fields : new Map(fields).set('expires_in', lifetimeMs / 1_000)
    return { kind: 'granted', grant: grantOf(said, extras) }
  }
  const words = wordsIn(fields, rules)
  if (fields && isSuccess && verdict === rules.errorValue)
    return {
      kind: 'oauth_error',
      status: answer.status,
      error: rules.errorValue,
      description: null,
      interval: undefined,
      ...words,
      isFinal: false,
    }
  if (fields && isSuccess && oauthErrorOf(fields) === undefined) {
    if (typeof verdict === 'string') return { kind: 'pending' }
    throw brokenAnswer(`\`${rules.statusField}\` is missing from the answer of the token endpoint`)
  }
  const isRefusal = answer.status >= 400 && answer.status <= 499 && answer.status !== 408 && answer.status !== 429
  if (words && isRefusal) return { kind: 'oauth_error', status: answer.status, interval: undefined, ...words, isFinal: true }
  return judgeTokenAnswer(answer, now, extras)
}

/** Below 1e9 seconds from now, below 1e12 an instant in seconds, else one in milliseconds (`providers.md` 2.3). */
export function lifetimeIn(value: unknown, now: number): number | null {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number) || number < 0) return null
  if (number < 1e9) return number * 1_000
  return Math.max(0, (number < 1e12 ? number * 1_000 : number) - now)
}

function wordsIn(
  fields: ReadonlyMap<string, unknown> | undefined,
  { errorMessagePath, errorCodePath }: StatusRules,
): { readonly error: string; readonly description: string | null } | undefined {
  const message = textAt(fields, errorMessagePath)
  const code = textAt(fields, errorCodePath)
  const error = code ?? message
  return error === undefined
    ? undefined
    : { error: visibleLine(error, 128), description: message === undefined ? null : visibleLine(message) }
}

/** A text or number at a dotted place. */
export function textAt(fields: ReadonlyMap<string, unknown> | undefined, path: string | undefined): string | undefined {
  const value = path?.split('.').reduce<unknown>((inner, name) => (inner instanceof Map ? inner : fieldsOf(inner))?.get(name), fields)
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined
}
