import { ClawError } from '../../core/errors.ts'
import { redact } from '../../core/redaction.ts'
import { visibleLine } from '../../core/visible.ts'
import { type Answer, fieldsOf, jsonFields, retryAfterMs, shapeOf } from '../answer.ts'

/** What the vendor's errors mean. */
export interface RefusalRules {
  /**
   * Classes by status and error code (`400 invalid_grant`), status (`401`) or class of statuses (`5xx`); the most exact counts.
   * One of `config`, `refused`, `forbidden`, `rate_limit`, `transient`.
   */
  readonly errorMap: Readonly<Record<string, string>>
  /** Where the vendor names the reason of a refusal. */
  readonly refusedHint?: string | undefined
}

export interface ExchangeAt {
  readonly url: string
  readonly now: number
  /** The longest life that is assumed where the answer does not say, ms: what the subject token has left, of vendors that go no further. */
  readonly assumedMaxMs?: number | undefined
}

export type ExchangeRefusal =
  | { readonly kind: 'refused' | 'config' | 'forbidden'; readonly error: ClawError }
  /** The subject token was not used. */
  | { readonly kind: 'not_processed'; readonly error: ClawError; readonly retryAfterMs: number | null }
  /** It may have been used. */
  | { readonly kind: 'lost'; readonly error: ClawError }

const CLASSES = ['config', 'refused', 'forbidden', 'rate_limit', 'transient'] as const
type ErrorClass = (typeof CLASSES)[number]

const REQUEST_IDS = ['request-id', 'x-request-id', 'x-ms-request-id']
/** A run that no word or id is as long as: a part of a token that a server sends back. */
const OPAQUE = /[\w-]{48,}(?:\.[\w-]+)*/g

/** What the server said of a request that it did not grant. */
interface Said {
  readonly why: string
  readonly data: { readonly status: number; readonly error: string | null; readonly requestId: string | null }
}

/**
 * What an answer without a token means by the vendor's own table; what no row names: other 4xx refuse, 5xx and 408 do not
 * say. An error in an answer of success counts as a 400.
 *
 * @returns `undefined` for what refuses nothing
 */
export function exchangeRefusal(answer: Answer, rules: RefusalRules, at: ExchangeAt): ExchangeRefusal | undefined {
  const fields = jsonFields(answer.text)
  const isSuccess = answer.status >= 200 && answer.status < 300
  if (isSuccess && (fields?.get('error') ?? '') === '') return undefined
  const status = isSuccess ? 400 : answer.status
  if (status < 400) return undefined
  const codes = codesOf(fields)
  const key = [...codes.map((code) => `${status} ${code}`), `${status}`, `${Math.floor(status / 100)}xx`].find(
    (each) => classOf(rules, each) !== undefined,
  )
  const kind = (key === undefined ? undefined : classOf(rules, key)) ?? usualClass(status)
  // The code that decided is the one that is shown.
  const code = codes.find((each) => `${status} ${each}` === key) ?? codes[0] ?? null
  const requestId = REQUEST_IDS.map((name) => answer.headers[name]).find((value) => value !== undefined && value !== '')
  const data = {
    status: answer.status,
    error: code === null ? null : shownWord(code, 128),
    requestId: requestId === undefined ? null : shownWord(requestId, 128),
  }
  return refusalOf(kind, { why: whyOf(answer, fields, data), data }, answer, rules, at)
}

/** What each class of a refusal is called, and what helps. */
const REFUSALS = {
  refused: {
    code: 'CLAW_CREDENTIAL_REJECTED',
    does: 'refused the identity token',
    fix: "compare `iss`, `aud` and `sub` of the identity token with the vendor's rule",
  },
  config: {
    code: 'CLAW_CONFIG_INVALID',
    does: 'did not understand the exchange',
    fix: 'check the ids of this method in the configuration',
  },
  forbidden: {
    code: 'CLAW_FORBIDDEN',
    does: 'does not allow the exchange',
    fix: 'allow it at the vendor, for the account that the identity token is exchanged for',
  },
} as const

function refusalOf(kind: ErrorClass, said: Said, answer: Answer, { refusedHint }: RefusalRules, at: ExchangeAt): ExchangeRefusal {
  const who = `\`${new URL(at.url).origin}\``
  if (kind === 'rate_limit' || kind === 'transient') return notDone(kind, who, said, answer, at)
  const { code, does, fix } = REFUSALS[kind]
  return {
    kind,
    error: new ClawError(code, { what: `${who} ${does}`, ...said, fix: (kind === 'refused' ? refusedHint : undefined) ?? fix }),
  }
}

function notDone(kind: 'rate_limit' | 'transient', who: string, { why, data }: Said, answer: Answer, { now }: ExchangeAt): ExchangeRefusal {
  if (kind === 'transient' && answer.status !== 503)
    return { kind: 'lost', error: new ClawError('CLAW_SERVER', { what: `${who} failed`, why, data: { ...data, sent: true } }) }
  const waitMs = retryAfterMs(answer.headers, now)
  const isLimit = kind === 'rate_limit'
  const error = new ClawError(isLimit ? 'CLAW_RATE_LIMIT' : 'CLAW_OVERLOADED', {
    what: isLimit ? `${who} limits how often it may be asked` : `${who} did not process the exchange`,
    why,
    data: { ...data, ...(waitMs !== null && { retryAfterMs: waitMs }) },
  })
  return { kind: 'not_processed', error, retryAfterMs: waitMs }
}

function usualClass(status: number): ErrorClass {
  if (status === 429) return 'rate_limit'
  return status === 408 || status >= 500 ? 'transient' : 'refused'
}

function classOf({ errorMap }: RefusalRules, key: string): ErrorClass | undefined {
  return Object.hasOwn(errorMap, key) ? CLASSES.find((each) => each === errorMap[key]) : undefined
}

/** RFC 6749 section 5.2 has `error`; vendors have an object there with `code`, `type` or `status`, or a bare `code` or `type`. */
function codesOf(fields: ReadonlyMap<string, unknown> | undefined): string[] {
  const nested = fieldsOf(fields?.get('error'))
  const words = [
    fields?.get('error'),
    nested?.get('code'),
    nested?.get('type'),
    nested?.get('status'),
    fields?.get('code'),
    fields?.get('type'),
  ]
  return words.filter((word): word is string => typeof word === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(word))
}

/** What the server wrote, cut and made visible, and never a token that it sends back, nor a part of one. */
function shownWord(text: string, longest: number): string {
  return visibleLine(redact(text), longest).replace(OPAQUE, '[…]')
}

/** The server's own words. */
function whyOf(answer: Answer, fields: ReadonlyMap<string, unknown> | undefined, data: Said['data']): string {
  const nested = fieldsOf(fields?.get('error'))
  const text = [nested?.get('message'), fields?.get('error_description'), fields?.get('message')].find(
    (each): each is string => typeof each === 'string' && each !== '',
  )
  const words = text === undefined ? undefined : shownWord(text, 300)
  const listed = fields?.get('error_codes')
  const numbers = (Array.isArray(listed) ? listed : []).filter((each) => Number.isSafeInteger(each) && words?.includes(`${each}`) !== true)
  return [
    data.error === null ? shapeOf(answer) : `HTTP ${answer.status}, \`${data.error}\``,
    ...(words === undefined ? [] : [words]),
    ...(numbers.length === 0 ? [] : [`error_codes ${numbers.slice(0, 5).join(', ')}`]),
    ...(data.requestId === null ? [] : [`request ${data.requestId}`]),
  ].join('; ')
}
