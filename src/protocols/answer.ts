import { ClawError } from '../core/errors.ts'
import { visibleLine } from '../core/visible.ts'

/** An answer of an authorization server, read to its end. */
export interface Answer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** The fields of a JSON answer; what is not an object is `undefined`. */
export function jsonFields(text: string): ReadonlyMap<string, unknown> | undefined {
  try {
    return fieldsOf(JSON.parse(text.replace(/^\uFEFF/, '')))
  } catch {
    return undefined
  }
}

/** The own fields of a parsed object. A map, so that names such as `__proto__` are names and nothing more. */
export function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : undefined
}

/** An error in the server's own words. */
export interface OAuthError {
  readonly error: string
  /** Made visible and cut. */
  readonly description: string | null
  /** Seconds, where the server sent a number with it. */
  readonly interval: number | undefined
}

/**
 * The error of an answer: the field `error` of RFC 6749 section 5.2, whatever the status; or, as some servers have it, an
 * object there with a `code` or `type`, or a bare field `code`.
 *
 * @param known words that count before every other, in whichever of these places they stand
 */
export function oauthErrorOf(fields: ReadonlyMap<string, unknown> | undefined, known: readonly string[] = []): OAuthError | undefined {
  if (!fields) return undefined
  const nested = fieldsOf(fields.get('error'))
  const bare = fields.has('access_token') ? undefined : fields.get('code')
  const first = nested ? (nested.get('code') ?? nested.get('type')) : (fields.get('error') ?? bare)
  const code = [first, nested?.get('type'), bare].find((word) => typeof word === 'string' && known.includes(word)) ?? first
  if (typeof code !== 'string' || !/^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(code)) return undefined
  const description = nested ? nested.get('message') : fields.get('error_description')
  return {
    error: code,
    description: typeof description === 'string' && description !== '' ? visibleLine(description) : null,
    interval: positiveNumber(fields.get('interval')),
  }
}

/** A number above zero, also as a numeric string. */
export function positiveNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,15}(?:\.\d{1,15})?$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : undefined
}

/**
 * How long a server asks to wait, ms: `retry-after` in seconds or as a date (RFC 9110 section 10.2.3), at most `mostMs`. A
 * date is compared with the server's own `date`, so that a wrong clock here does not matter.
 *
 * @param now the instant here, for a server that sends no `date`; without it such a date says nothing
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, now?: number, mostMs = 60_000): number | null {
  const value = headers['retry-after']
  if (value === undefined) return null
  const sent = Date.parse(headers.date ?? '')
  const ms = /^\d{1,10}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - (Number.isNaN(sent) ? (now ?? Number.NaN) : sent)
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), mostMs) : null
}

/** What an answer looked like, for the `why` of an error: never its body. */
export function shapeOf(answer: Answer): string {
  const type = answer.headers['content-type']?.split(';', 1)[0]
  return `HTTP ${answer.status}${type ? `, ${visibleLine(type, 40)}` : ''}${answer.text === '' ? ', empty' : ''}`
}

/** An answer that breaks its specification. What was asked may have been done all the same. */
export function brokenAnswer(what: string, why?: string): ClawError {
  return new ClawError('CLAW_PROTOCOL', { what, why, data: { sent: true } })
}
