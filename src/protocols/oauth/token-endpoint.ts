import { Secret } from '../../core/secret.ts'
import { visibleLine } from '../../core/visible.ts'
import { isHeaderSafe } from '../../core/vocabulary.ts'
import { type Answer, brokenAnswer, fieldsOf, jsonFields, oauthErrorOf, type OAuthError, retryAfterMs, shapeOf } from '../answer.ts'

/** Longest lifetime that is believed, ms: 400 days. */
export const LONGEST_LIFETIME_MS = 400 * 86_400_000
const LONGEST_EXTRA = 256

/** What a token endpoint granted (RFC 6749 section 5.1). */
export interface TokenGrant {
  readonly accessToken: Secret
  /** Absent or empty on the wire = keep the one in force (section 6). */
  readonly refreshToken: Secret | undefined
  readonly idToken: Secret | undefined
  /** ms; `null` = the server did not say; 0 = expired now. */
  readonly lifetimeMs: number | null
  /** `null` = as requested (section 5.1). */
  readonly scopes: readonly string[] | null
  /** False where the server leaves `token_type` out, which section 5.1 forbids and several do. */
  readonly hasType: boolean
  /** Fields that the caller asked for by name, made visible and cut. */
  readonly extras: ReadonlyMap<string, string>
}

export type TokenAnswer =
  | { readonly kind: 'granted'; readonly grant: TokenGrant }
  /** The server's own words (section 5.2). */
  | ({
      readonly kind: 'oauth_error'
      readonly status: number
      /** Whether it ends what was asked for, where the server says so by other means than the words of OAuth. */
      readonly isFinal?: boolean
    } & OAuthError)
  /** 408, 429, 503: taken as not processed. */
  | { readonly kind: 'not_processed'; readonly status: number; readonly retryAfterMs: number | null }
  /** 500, 502, 504 and others above: may have been processed. */
  | { readonly kind: 'server_error'; readonly status: number; readonly shape: string }
  /** Answered, though neither with a grant nor in the words of OAuth (a 403 page). */
  | { readonly kind: 'refused'; readonly status: number; readonly shape: string }

/** Fields of a request by their wire names; absent and empty ones are not sent. */
export type Fields = Readonly<Record<string, string | undefined>>

/** The body of a request and its content type. */
export function tokenRequestBody(fields: Fields, encoding: 'form' | 'json'): { readonly body: string; readonly contentType: string } {
  const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
  return encoding === 'json'
    ? { body: JSON.stringify(Object.fromEntries(given)), contentType: 'application/json' }
    : { body: new URLSearchParams(given).toString(), contentType: 'application/x-www-form-urlencoded' }
}

/** Errors that mean what RFC 6749 section 5.2, RFC 8628 section 3.5 and RFC 8707 section 2 say, under any status. */
const OAUTH_WORDS: readonly string[] = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'authorization_pending',
  'slow_down',
  'access_denied',
  'expired_token',
]

/** Whether an answer is an error in the words of OAuth: the endpoint itself has judged the request. */
export function isWordOfOAuth({ text }: Answer): boolean {
  return OAUTH_WORDS.includes(oauthErrorOf(jsonFields(text))?.error ?? '')
}

/**
 * Judges the answer of a token endpoint: body first, the `error` field before the status, then every field in the order of
 * RFC 6749 section 5.1.
 *
 * @param now what the clock here says, ms, for a `retry-after` date of a server that sends no `date`
 * @param extras names of further fields to keep, dotted for nested ones (`account.uuid`)
 * @param words errors of the catalogue that mean what they say under any status, as those of OAuth do
 * @throws {ClawError} `CLAW_PROTOCOL` for a success that breaks section 5.1: the request may have been processed.
 */
export function judgeTokenAnswer(
  answer: Answer,
  now: number | undefined,
  extras: readonly string[] = [],
  words: readonly string[] = [],
): TokenAnswer {
  const fields = jsonFields(answer.text)
  const error = oauthErrorOf(fields, words)
  const { status } = answer
  if (error && (OAUTH_WORDS.includes(error.error) || words.includes(error.error))) return { kind: 'oauth_error', status, ...error }
  if (status === 408 || status === 429 || status === 503)
    return { kind: 'not_processed', status, retryAfterMs: retryAfterMs(answer.headers, now) }
  if (status >= 500) return { kind: 'server_error', status, shape: shapeOf(answer) }
  if (error) return { kind: 'oauth_error', status, ...error }
  if (status < 200 || status > 299) return { kind: 'refused', status, shape: shapeOf(answer) }
  if (!fields) throw brokenAnswer('the answer of the token endpoint is not a JSON object', shapeOf(answer))
  return { kind: 'granted', grant: grantOf(fields, extras) }
}

/** @throws {ClawError} `CLAW_PROTOCOL` for fields that break RFC 6749 section 5.1. */
export function grantOf(fields: ReadonlyMap<string, unknown>, extras: readonly string[]): TokenGrant {
  const accessToken = tokenOf(fields, 'access_token', 'access-token')
  if (!accessToken) throw brokenAnswer('`access_token` is missing from the answer of the token endpoint')
  const type = fields.get('token_type') ?? undefined
  if (type !== undefined && (typeof type !== 'string' || type.toLowerCase() !== 'bearer')) {
    throw brokenAnswer(
      '`token_type` of the token endpoint must be `Bearer`',
      typeof type === 'string' ? `it is \`${visibleLine(type, 40)}\`` : `it is a ${typeof type}`,
    )
  }
  return {
    accessToken,
    refreshToken: tokenOf(fields, 'refresh_token', 'refresh-token'),
    idToken: idTokenOf(fields.get('id_token')),
    lifetimeMs: lifetimeOf(fields.get('expires_in')),
    scopes: scopesOf(fields.get('scope')),
    hasType: type !== undefined,
    extras: extrasOf(fields, extras),
  }
}

function tokenOf(fields: ReadonlyMap<string, unknown>, name: string, kind: 'access-token' | 'refresh-token'): Secret | undefined {
  const value = fields.get(name)
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw brokenAnswer(`\`${name}\` of the token endpoint must be a string`, `it is a ${typeof value}`)
  if (!isHeaderSafe(value))
    throw brokenAnswer(`\`${name}\` of the token endpoint holds what cannot be sent in a header`, `${value.length} characters`)
  return new Secret(value, kind)
}

/** For display only: one that cannot be used is no reason to lose a grant. */
function idTokenOf(value: unknown): Secret | undefined {
  return typeof value === 'string' && isHeaderSafe(value) ? new Secret(value, 'id-token') : undefined
}

/** RFC 6749 section 5.1: seconds, recommended; numeric strings occur. What is no number counts as not said: the grant is good. */
function lifetimeOf(value: unknown): number | null {
  const seconds = secondsOf(value)
  return seconds === undefined ? null : Math.min(Math.max(0, Math.floor(seconds * 1_000)), LONGEST_LIFETIME_MS)
}

/** Seconds as servers write them: a number of whatever size and sign, or a text of one. */
export function secondsOf(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\s*-?\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : value
  return typeof seconds === 'number' && !Number.isNaN(seconds) ? seconds : undefined
}

/** RFC 6749 section 3.3: a list of words; commas and arrays occur, anything else is ignored. */
function scopesOf(value: unknown): string[] | null {
  const words = typeof value === 'string' ? value.split(/[\s,]+/) : Array.isArray(value) ? value : []
  const scopes = words.filter((word): word is string => typeof word === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(word))
  return scopes.length > 0 ? [...new Set(scopes)] : null
}

function extrasOf(fields: ReadonlyMap<string, unknown>, names: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const name of names) {
    const value = name.split('.').reduce<unknown>((inner, key) => (inner instanceof Map ? inner : fieldsOf(inner))?.get(key), fields)
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') found.set(name, visibleLine(String(value), LONGEST_EXTRA))
  }
  return found
}
