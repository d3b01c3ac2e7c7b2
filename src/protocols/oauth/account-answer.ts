import { type AccountClaims, pathOf } from './account-claims.ts'
import { type Answer, brokenAnswer, jsonFields, retryAfterMs, shapeOf } from '../answer.ts'
import { fieldAt, flagClaim, idClaim, shownClaim } from './jwt-claims.ts'

/** Where a provider answers who a credential belongs to: names of fields, dots lead inside. */
export interface AccountFields {
  /** The address of the API for this account; then it must be there. */
  readonly baseUrl?: string | undefined
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly plan?: string | undefined
  readonly fedramp?: string | undefined
}

export interface AccountAnswer extends AccountClaims {
  /** As the server wrote it: judge the host before use. */
  readonly baseUrl: string | null
}

/**
 * Judges what a provider says of the account behind a credential.
 *
 * @throws {ClawError} `CLAW_PROTOCOL` for what is no JSON object, or lacks the address that was asked for.
 */
export function judgeAccount(answer: Answer, fields: AccountFields): AccountAnswer {
  const document = jsonFields(answer.text)
  if (!document) throw brokenAnswer('what was answered about the account is not a JSON object', shapeOf(answer))
  const at = <Value>(name: string | undefined, read: (from: typeof document, path: readonly string[]) => Value | null) =>
    name === undefined ? null : read(document, pathOf(name))
  const baseUrl = fields.baseUrl === undefined ? null : fieldAt(document, pathOf(fields.baseUrl))
  if (fields.baseUrl !== undefined && (typeof baseUrl !== 'string' || baseUrl === ''))
    throw brokenAnswer(`what was answered about the account has no \`${fields.baseUrl}\``, shapeOf(answer))
  return {
    baseUrl: typeof baseUrl === 'string' ? baseUrl : null,
    id: at(fields.id, idClaim),
    name: at(fields.name, shownClaim),
    plan: at(fields.plan, shownClaim),
    fedramp: at(fields.fedramp, flagClaim) ?? false,
  }
}

/** What a status, or words in the body of one, mean by the catalogue. */
export interface RefusalRule {
  readonly status: number
  /** Only where the body holds these words. */
  readonly contains?: string | undefined
  /** The token is not taken; this client may not; the account has not what it takes. */
  readonly means: 'dead' | 'client' | 'no_seat'
}

export type Refused =
  | { readonly kind: RefusalRule['means']; readonly shape: string }
  /** 408, 429, 503: ask again. */
  | { readonly kind: 'busy'; readonly shape: string; readonly retryAfterMs: number | null }
  /** Other failures of the server. */
  | { readonly kind: 'failed'; readonly shape: string }
  /** No success, and not in words that say anything of the credential (a page of a proxy). */
  | { readonly kind: 'refused'; readonly shape: string; readonly status: number }

/**
 * What an answer without success means; the first rule that fits decides. A page that is no JSON says nothing of a seat or
 * of a client: whatever stands between may have sent it.
 *
 * @returns `undefined` for a success
 */
export function judgeRefusal(answer: Answer, rules: readonly RefusalRule[], now?: number): Refused | undefined {
  const { status, text } = answer
  const shape = shapeOf(answer)
  if (status >= 200 && status <= 299) return undefined
  if (status === 408 || status === 429 || status === 503) return { kind: 'busy', shape, retryAfterMs: retryAfterMs(answer.headers, now) }
  if (status >= 500) return { kind: 'failed', shape }
  const isOwn = text === '' || jsonFields(text) !== undefined
  const rule = rules.find((each) => each.status === status && isOwn && text.includes(each.contains ?? ''))
  if (rule) return { kind: rule.means, shape }
  return status === 401 ? { kind: 'dead', shape } : { kind: 'refused', shape, status }
}
