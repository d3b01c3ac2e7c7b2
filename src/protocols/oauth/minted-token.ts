import { Secret } from '../../core/secret.ts'
import { isHeaderSafe } from '../../core/vocabulary.ts'
import { pathOf } from './account-claims.ts'
import { type Answer, brokenAnswer, jsonFields, positiveNumber, shapeOf } from '../answer.ts'
import { fieldAt } from './jwt-claims.ts'

/** Longest lifetime that is believed, ms: a day. Tokens of this kind live minutes. */
const LONGEST_LIFETIME_MS = 86_400_000

/** Where the answer of an exchange has what it minted. */
export interface MintRules {
  readonly tokenField: string
  /** An instant, in seconds since 1970. */
  readonly expiresField: string
  /** Seconds from now: how long to use the token where the instant is missing. */
  readonly refreshInField?: string | undefined
  /** Where the answer names the address of the API, dots lead inside; what the token says is believed before it. */
  readonly baseUrlField?: string | undefined
  /** The token is a list `key=value;…`, and the value of this key a host: its prefix is replaced by another. */
  readonly baseUrlFromToken?: { readonly key: string; readonly replacePrefix: string; readonly with: string } | undefined
}

export interface MintedToken {
  readonly token: Secret
  /** ms, from when the answer came; null = the server did not say. */
  readonly lifetimeMs: number | null
  /** Where it is used, as the server says: judge the host before use. Null = it does not. */
  readonly baseUrl: string | null
}

/**
 * Judges the answer of an exchange that mints a short-lived token (observed of GitHub's `copilot_internal/v2/token`).
 *
 * @param now what the clock here says, ms; the server's own `date` is believed before it
 * @throws {ClawError} `CLAW_PROTOCOL`, field by field.
 */
export function judgeMintedToken(answer: Answer, rules: MintRules, now: number): MintedToken {
  const fields = jsonFields(answer.text)
  if (!fields) throw brokenAnswer('the answer of the exchange is not a JSON object', shapeOf(answer))
  const token = fields.get(rules.tokenField)
  if (typeof token !== 'string' || token === '') throw brokenAnswer(`the answer of the exchange has no \`${rules.tokenField}\``)
  if (!isHeaderSafe(token)) throw brokenAnswer(`\`${rules.tokenField}\` of the exchange cannot be sent in a header`)
  return {
    token: new Secret(token, 'access-token'),
    lifetimeMs: lifetimeOf(answer, fields, rules, now),
    baseUrl: (rules.baseUrlFromToken ? baseUrlIn(token, rules.baseUrlFromToken) : null) ?? namedBaseUrl(fields, rules.baseUrlField),
  }
}

function lifetimeOf(answer: Answer, fields: ReadonlyMap<string, unknown>, rules: MintRules, now: number): number | null {
  const expires = fields.get(rules.expiresField)
  if (expires !== undefined && expires !== null) {
    const seconds = positiveNumber(expires)
    if (seconds === undefined || seconds > 1e11)
      throw brokenAnswer(`\`${rules.expiresField}\` of the exchange must be an instant in seconds`)
    const sent = Date.parse(answer.headers.date ?? '')
    const leftMs = Math.floor(seconds * 1_000) - (Number.isNaN(sent) ? now : sent)
    if (leftMs <= 0) throw brokenAnswer('the exchange brought a token that has expired already')
    return Math.min(leftMs, LONGEST_LIFETIME_MS)
  }
  const refreshIn = rules.refreshInField === undefined ? undefined : positiveNumber(fields.get(rules.refreshInField))
  return refreshIn === undefined ? null : Math.min(refreshIn * 1_000, LONGEST_LIFETIME_MS)
}

function baseUrlIn(token: string, { key, replacePrefix, with: replacement }: NonNullable<MintRules['baseUrlFromToken']>): string | null {
  const value = token
    .split(';')
    .find((part) => part.startsWith(`${key}=`))
    ?.slice(key.length + 1)
  if (value === undefined || value === '') return null
  if (!/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::\d{1,5})?$/i.test(value))
    throw brokenAnswer(`\`${key}\` of the exchanged token is no host`)
  return `https://${value.startsWith(replacePrefix) ? `${replacement}${value.slice(replacePrefix.length)}` : value}`
}

function namedBaseUrl(fields: ReadonlyMap<string, unknown>, name: string | undefined): string | null {
  const value = name === undefined ? undefined : fieldAt(fields, pathOf(name))
  if (value === undefined || value === null) return null
  if (typeof value !== 'string' || value === '') throw brokenAnswer(`\`${name}\` of the exchange must be an address`)
  return value
}
