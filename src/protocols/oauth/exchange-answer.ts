import { ClawError } from '../../core/errors.ts'
import { SHORTEST_SECRET } from '../../core/redaction.ts'
import { Secret } from '../../core/secret.ts'
import { isHeaderSafe } from '../../core/vocabulary.ts'
import { type Answer, brokenAnswer, jsonFields, shapeOf } from '../answer.ts'
import { type ExchangeAt, exchangeRefusal, type ExchangeRefusal, type RefusalRules } from './exchange-refusal.ts'
import { idClaim, shownClaim } from './jwt-claims.ts'
import { isPage, pageError } from './page-answer.ts'
import { grantOf, LONGEST_LIFETIME_MS, secondsOf } from './token-endpoint.ts'

/** What an answer of an exchange must hold. */
export interface ExchangeAnswerRules extends RefusalRules {
  /** Field with the instant of expiry, seconds since 1970; beats `expires_in`. */
  readonly expiryField?: string | undefined
  /** What the vendor means where it does not say. */
  readonly expiresInDefaultS?: number | undefined
  readonly accessTtlS?: number | undefined
  /** Longest lifetime that is believed; 0 = the vendor states none. */
  readonly accessMaxS: number
  /** Missing or empty = a broken answer. */
  readonly responseRequired: readonly string[]
  readonly issuedTokenType?: string | undefined
  readonly principalFields?: readonly string[] | undefined
  readonly accountIdField?: string | undefined
  readonly planField?: string | undefined
}

export type ExchangeVerdict =
  | {
      readonly kind: 'granted'
      readonly token: Secret
      /** From when the answer came; `null` = nobody says. */
      readonly lifetimeMs: number | null
      /** Who the token acts as, by wire names: must not change from one exchange to the next. */
      readonly principal: Readonly<Record<string, string>>
      /** May stand in a header. */
      readonly accountId: string | null
      /** Made visible and cut. */
      readonly plan: string | null
      readonly scopes: readonly string[] | null
    }
  | ExchangeRefusal
  /** An answer that is none: whether the subject token was spent is not known. */
  | { readonly kind: 'broken'; readonly error: ClawError }

/**
 * Judges the answer of an exchange: RFC 8693 section 2.2, RFC 6749 sections 5.1 and 5.2, and what the rules add. Never throws.
 *
 * @param at the address that was asked, and what the clock here says, ms; the server's own `date` is believed before it
 */
export function judgeExchange(answer: Answer, rules: ExchangeAnswerRules, at: ExchangeAt): ExchangeVerdict {
  return judged(answer, rules, at, (fields) => {
    const missing = rules.responseRequired.find((name) => isAbsent(fields.get(name)))
    if (missing !== undefined) throw brokenAnswer(`\`${missing}\` is missing from the answer of \`${new URL(at.url).origin}\``)
    const { accessToken, scopes } = grantOf(fields, [])
    const issued = fields.get('issued_token_type')
    if (rules.issuedTokenType !== undefined && !isAbsent(issued) && issued !== rules.issuedTokenType)
      throw brokenAnswer(`\`issued_token_type\` of the exchange must be \`${rules.issuedTokenType}\``)
    return {
      kind: 'granted',
      token: longEnough(accessToken),
      lifetimeMs: lifetimeOf(fields, answer, rules, at),
      principal: principalOf(fields, rules.principalFields ?? []),
      accountId: accountOf(fields, rules.accountIdField),
      plan: rules.planField === undefined ? null : shownClaim(fields, [rules.planField]),
      scopes,
    }
  })
}

/** A server that hands back what it was given has exchanged nothing: a job's own token is never taken for one of the vendor, nor kept. */
export function unlessEchoed(verdict: ExchangeVerdict, subject: Secret, { url }: Pick<ExchangeAt, 'url'>): ExchangeVerdict {
  if (verdict.kind !== 'granted' || !verdict.token.equals(subject)) return verdict
  return { kind: 'broken', error: brokenAnswer(`\`${new URL(url).origin}\` handed the identity token back in place of one of its own`) }
}

/** What is true of the answers of both steps of an exchange. */
export function judged(
  answer: Answer,
  rules: RefusalRules,
  at: ExchangeAt,
  granted: (fields: ReadonlyMap<string, unknown>) => ExchangeVerdict,
): ExchangeVerdict {
  const who = `\`${new URL(at.url).origin}\``
  if (isPage(answer)) return { kind: 'broken', error: pageError(answer, who) }
  const refusal = exchangeRefusal(answer, rules, at)
  if (refusal) return refusal
  const fields = jsonFields(answer.text)
  try {
    if (!fields || answer.status < 200 || answer.status > 299)
      throw brokenAnswer(`the answer of ${who} to the exchange is not a JSON object`, shapeOf(answer))
    return granted(fields)
  } catch (thrown) {
    if (thrown instanceof ClawError) return { kind: 'broken', error: thrown }
    throw thrown
  }
}

/** A token as an answer has it under a name of its own. */
export function mintedToken(fields: ReadonlyMap<string, unknown>, name: string): Secret {
  const value = fields.get(name)
  if (isAbsent(value)) throw brokenAnswer(`\`${name}\` is missing from the answer of the exchange`)
  if (typeof value !== 'string' || !isHeaderSafe(value)) throw brokenAnswer(`\`${name}\` of the exchange cannot be sent in a header`)
  return longEnough(new Secret(value, 'access-token'))
}

/** A shorter one could not be struck from what is printed. */
function longEnough(token: Secret): Secret {
  if (token.reveal().length < SHORTEST_SECRET) throw brokenAnswer('the token of the exchange is too short to be one')
  return token
}

/**
 * How long a token lives that expires at an instant, judged by the server's clock where the answer has it.
 *
 * @param expiresAt ms
 */
export function lifetimeUntil(expiresAt: number, answer: Answer, now: number, maxS: number): number {
  const sent = Date.parse(answer.headers.date ?? '')
  return believed(expiresAt - (Number.isNaN(sent) ? now : sent), maxS)
}

function lifetimeOf(fields: ReadonlyMap<string, unknown>, answer: Answer, rules: ExchangeAnswerRules, at: ExchangeAt): number | null {
  const instant = rules.expiryField === undefined ? undefined : secondsOf(fields.get(rules.expiryField))
  // An instant in ms, or a text, is none of this field: what stands beside it may still say it.
  if (instant !== undefined && instant < 1e11) return lifetimeUntil(instant * 1_000, answer, at.now, rules.accessMaxS)
  const given = fields.get('expires_in')
  if (!isAbsent(given)) {
    const seconds = secondsOf(given)
    if (seconds === undefined) throw brokenAnswer('`expires_in` of the exchange must be a number of seconds')
    return believed(seconds * 1_000, rules.accessMaxS)
  }
  if (rules.expiryField !== undefined && !isAbsent(fields.get(rules.expiryField)))
    throw brokenAnswer(`\`${rules.expiryField}\` of the exchange must be an instant in seconds`)
  const assumedS = rules.expiresInDefaultS ?? rules.accessTtlS ?? 0
  const assumedMs = Math.min(assumedS * 1_000, at.assumedMaxMs ?? Number.POSITIVE_INFINITY)
  return assumedS > 0 ? believed(assumedMs, rules.accessMaxS) : null
}

function believed(leftMs: number, maxS: number): number {
  const ms = Math.floor(leftMs)
  if (ms <= 0) throw brokenAnswer('the exchange brought a token that has expired already')
  return Math.min(ms, maxS > 0 ? maxS * 1_000 : LONGEST_LIFETIME_MS, LONGEST_LIFETIME_MS)
}

function principalOf(fields: ReadonlyMap<string, unknown>, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = fields.get(name)
      if (isAbsent(value)) return []
      if (typeof value !== 'string' || !/^[\x21-\x7e]{1,256}$/.test(value)) throw brokenAnswer(`\`${name}\` of the exchange is no id`)
      return [[name, value] as const]
    }),
  )
}

function accountOf(fields: ReadonlyMap<string, unknown>, name: string | undefined): string | null {
  if (name === undefined || isAbsent(fields.get(name))) return null
  const id = idClaim(fields, [name])
  if (id === null) throw brokenAnswer(`\`${name}\` of the exchange is no id that may stand in a header`)
  return id
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}
