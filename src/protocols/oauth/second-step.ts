import type { Secret } from '../../core/secret.ts'
import type { Answer } from '../answer.ts'
import { brokenAnswer } from '../answer.ts'
import { type ExchangeVerdict, judged, lifetimeUntil, mintedToken } from './exchange-answer.ts'
import type { ExchangeAt, RefusalRules } from './exchange-refusal.ts'
import type { ExchangeValues } from './token-exchange.ts'
import { tokenRequestBody } from './token-endpoint.ts'
import { postBody, type Send } from './token-request.ts'

/** How the token of an exchange is exchanged once more, for that of an account which the first may act as. */
export interface SecondStepRules {
  readonly body: 'form' | 'json'
  /** Everything that is sent, in this order. */
  readonly fields: readonly string[]
  /** Sent as they stand. */
  readonly fixedFields?: Readonly<Record<string, string>> | undefined
  /** Those of the fields that are lists on the wire: their words. */
  readonly listFields?: readonly string[] | undefined
  /** The id of the account: where it is not set there is no second step. */
  readonly when: string
  readonly accessField: string
  /** RFC 3339 */
  readonly expiryField: string
}

type StepFields = Readonly<Record<string, string | readonly string[]>>

/** The fields of the second request, in their order (Google's `generateAccessToken`). */
export function secondStepFields(step: SecondStepRules, values: ExchangeValues): StepFields {
  const all = new Map(Object.entries({ ...values, ...step.fixedFields }))
  return Object.fromEntries(
    step.fields.flatMap((name) => {
      const value = all.get(name)
      if (value === undefined || value === '') return []
      return [[name, step.listFields?.includes(name) === true ? value.split(' ') : value] as const]
    }),
  )
}

/**
 * Posts the second request with the token of the first as bearer. Only sends.
 *
 * @throws as {@link postBody}
 */
export function requestSecondStep(
  send: Send,
  url: string,
  step: SecondStepRules,
  first: Secret,
  values: ExchangeValues,
  signal: AbortSignal,
): Promise<Answer> {
  const fields = secondStepFields(step, values)
  const asWords = Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? value : value.join(' ')] as const)
  const written =
    step.body === 'json'
      ? { body: JSON.stringify(fields), contentType: 'application/json' }
      : tokenRequestBody(Object.fromEntries(asWords), 'form')
  return postBody(send, { url, headers: { authorization: `Bearer ${first.reveal()}` } }, written, signal)
}

/**
 * Judges the answer of the second request. Never throws. It is never `not_processed`: the subject token was spent on the first.
 *
 * @param rules those of the first
 */
export function judgeSecondStep(
  answer: Answer,
  step: SecondStepRules,
  rules: RefusalRules & { readonly accessMaxS: number },
  at: ExchangeAt,
): ExchangeVerdict {
  const verdict = judged(answer, rules, at, (fields) => {
    const token = mintedToken(fields, step.accessField)
    const expiry = fields.get(step.expiryField)
    const isInstant = typeof expiry === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(expiry)
    const expiresAt = isInstant ? Date.parse(expiry) : Number.NaN
    if (Number.isNaN(expiresAt)) throw brokenAnswer(`\`${step.expiryField}\` of the exchange must be an instant by RFC 3339`)
    const lifetimeMs = lifetimeUntil(expiresAt, answer, at.now, rules.accessMaxS)
    return { kind: 'granted', token, lifetimeMs, principal: {}, accountId: null, plan: null, scopes: null }
  })
  if (verdict.kind === 'not_processed') return { kind: 'lost', error: verdict.error }
  if (verdict.kind !== 'refused') return verdict
  const what = `\`${new URL(at.url).origin}\` refused the token of the first step`
  return { kind: 'refused', error: verdict.error.reworded({ what, fix: `check \`${step.when}\` of this method in the configuration` }) }
}
