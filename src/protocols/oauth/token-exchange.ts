import { ClawError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import type { Answer } from '../answer.ts'
import type { ExchangeAnswerRules } from './exchange-answer.ts'
import { type Fields, tokenRequestBody } from './token-endpoint.ts'
import { postFields, type Send } from './token-request.ts'

/** How a vendor is asked for a token of its own in exchange for that of a CI job or machine, and how it answers. */
export interface ExchangeRules extends ExchangeAnswerRules {
  readonly tokenBody: 'form' | 'json'
  /** The body must be shorter. */
  readonly bodyMaxBytes?: number | undefined
  readonly grantType?: string | undefined
  /** Field of the body that holds the subject token. */
  readonly subjectField: string
  readonly subjectTokenType?: string | undefined
  /** Sent as they stand. */
  readonly fixedFields?: Readonly<Record<string, string>> | undefined
  /** Sent with `{name}` of a value filled in. */
  readonly fieldTemplates?: Readonly<Record<string, string>> | undefined
  /** Everything that may be sent, in this order. */
  readonly bodyFields: readonly string[]
  readonly tokenHeaders?: Readonly<Record<string, string>> | undefined
}

/** Ids of the vendor, settings and further fields, by their wire names. */
export type ExchangeValues = Readonly<Record<string, string>>

/**
 * The fields of an exchange in the order of `bodyFields`: RFC 8693 section 2.1, RFC 7523 section 2.1 and, for a client
 * assertion, 2.2, all by the fields of the rules. A value that `bodyFields` does not name is not sent.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID` for a template whose value is missing.
 */
export function exchangeFields(rules: ExchangeRules, subject: Secret, values: ExchangeValues): Fields {
  const fieldOf = (name: string): string | undefined => {
    if (name === rules.subjectField) return subject.reveal()
    if (name === 'grant_type' && rules.grantType !== undefined) return rules.grantType
    const fixed = ownOf(rules.fixedFields, name)
    if (fixed !== undefined) return fixed
    const template = ownOf(rules.fieldTemplates, name)
    if (template !== undefined) return filledTemplate(template, values)
    return ownOf(values, name) ?? (name === 'subject_token_type' ? rules.subjectTokenType : undefined)
  }
  return Object.fromEntries(
    rules.bodyFields.flatMap((name) => {
      const value = fieldOf(name)
      return value === undefined || value === '' ? [] : [[name, value] as const]
    }),
  )
}

/**
 * Posts the exchange, without an `authorization` header: the subject token is all that authenticates. Only sends.
 *
 * @param url https, or http to literal loopback; whether its host may have the token was judged before
 * @throws {ClawError} `CLAW_CONFIG_INVALID` for a body that the vendor does not take (nothing was sent); as {@link postFields}.
 */
export async function requestExchange(
  send: Send,
  url: string,
  rules: ExchangeRules,
  subject: Secret,
  values: ExchangeValues,
  signal: AbortSignal,
): Promise<Answer> {
  const fields = exchangeFields(rules, subject, values)
  const bytes = Buffer.byteLength(tokenRequestBody(fields, rules.tokenBody).body)
  if (rules.bodyMaxBytes !== undefined && bytes >= rules.bodyMaxBytes)
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `the request to \`${new URL(url).origin}\` would be longer than it takes`,
      why: `${bytes} bytes, and it takes less than ${rules.bodyMaxBytes}`,
      fix: 'shorten the further fields of this method in the configuration',
      data: { sent: false, limit: { limit: 'exchange.bytes', bytes: rules.bodyMaxBytes, source: 'built-in' } },
    })
  const headers = Object.fromEntries(Object.entries(rules.tokenHeaders ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
  return postFields(send, { url, encoding: rules.tokenBody, headers }, fields, signal)
}

/**
 * A template with each `{name}` replaced by its value.
 *
 * @param written how a value is written there: as it is, or encoded for an address
 * @throws {ClawError} `CLAW_CONFIG_INVALID` for a value that is missing.
 */
export function filledTemplate(template: string, values: ExchangeValues, written: (value: string) => string = String): string {
  return template.replace(/\{([a-z_]+)\}/g, (_, name: string) => {
    const value = ownOf(values, name)
    if (value === undefined || value === '')
      throw new ClawError('CLAW_CONFIG_INVALID', {
        what: `\`${name}\` is not set, and the exchange of the identity token needs it`,
        fix: `set \`${name}\` of this method in the configuration`,
        data: { sent: false },
      })
    return written(value)
  })
}

function ownOf(values: ExchangeValues | undefined, name: string): string | undefined {
  return values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined
}
