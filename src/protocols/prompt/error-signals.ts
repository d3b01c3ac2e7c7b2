import type { ErrorKind, ErrorRule } from './error-kind.ts'
import { saysOverflow } from './overflow-patterns.ts'
import type { ProviderError } from './error-body.ts'

/** What the catalogue knows of the errors of a route. */
export interface ErrorRules {
  /** Looked up before the general rules, in order. */
  readonly errorRules?: readonly ErrorRule[] | undefined
  /** The words with which the vendor turns away a client that is not on its list. */
  readonly clientNotAllowed?: { readonly status: number; readonly type?: string; readonly contains: string } | undefined
  /** What to type or set when it does. */
  readonly clientNotAllowedFix?: string | undefined
}

/** Characters that are searched. */
const LONGEST_TEXT = 8 * 1024

/** What an error was taken for, and what the catalogue has to say about it. */
export interface Verdict {
  readonly kind: ErrorKind
  readonly hint: string | undefined
}

/**
 * What kind of failure an error is: the catalogue's rules, then texts that leave no doubt, then codes, then words that only
 * mean something with their status, then the status.
 */
export function judgeError(error: ProviderError, rules: ErrorRules): Verdict {
  // xAI puts sentences into `code`.
  const text = [error.message, ...error.codes].join('\n').slice(0, LONGEST_TEXT)
  const rule = rulesOf(rules).find((candidate) => fits(candidate, error, text))
  if (rule) return { kind: rule.kind, hint: rule.hint }
  return { kind: kindOf(error, text), hint: undefined }
}

function rulesOf({ errorRules = [], clientNotAllowed, clientNotAllowedFix }: ErrorRules): readonly ErrorRule[] {
  if (!clientNotAllowed) return errorRules
  const { status, type, contains } = clientNotAllowed
  const gate: ErrorRule = {
    status: [status],
    contains,
    kind: 'client_not_allowed',
    ...(type && { codes: [type] }),
    ...(clientNotAllowedFix && { hint: clientNotAllowedFix }),
  }
  return [gate, ...errorRules]
}

function fits(rule: ErrorRule, error: ProviderError, text: string): boolean {
  // An error inside a stream has no status: then the words of a rule have to do, where it has any.
  const isOfStatus =
    error.status === undefined ? rule.codes !== undefined || rule.contains !== undefined : rule.status?.includes(error.status)
  if (rule.status && !isOfStatus) return false
  if (rule.codes && !rule.codes.some((code) => error.codes.includes(code) || code === error.miniMaxCode)) return false
  return rule.contains === undefined || text.toLowerCase().includes(rule.contains.toLowerCase())
}

function kindOf(error: ProviderError, text: string): ErrorKind {
  const { status } = error
  const telling = TELLING_TEXTS.find(
    (signal) => signal.pattern.test(text) && (signal.statuses === undefined || signal.statuses.includes(status)),
  )
  if (telling) return telling.kind
  const byNumber = MINIMAX.get(error.miniMaxCode ?? '') ?? firstOf(error.codes, (code) => ZAI.get(code))
  if (byNumber) return byNumber
  const byCode = firstOf(error.codes, (code) => CODES.get(plainCode(code)))
  if (byCode) return byCode
  if (saysOverflow(status, text)) return 'context_overflow'
  if (saysMoney(status, text)) return 'quota'
  if (INVALID_NUMBERS.has(error.miniMaxCode ?? '') || error.codes.some((code) => INVALID_NUMBERS.has(code))) return 'invalid_request'
  if (status !== undefined) return kindOfStatus(status)
  return firstOf(error.codes, (code) => LOOSE_CODES.get(plainCode(code))) ?? 'server'
}

/** Sentences that mean one thing, whatever code came with them. */
const TELLING_TEXTS: readonly {
  readonly pattern: RegExp
  readonly kind: ErrorKind
  readonly statuses?: readonly (number | undefined)[]
}[] = [
  {
    pattern: /only available for coding agents|only authorized for use with claude code/i,
    statuses: [400, 403, undefined],
    kind: 'client_not_allowed',
  },
  { pattern: /access terminated/i, statuses: [403, undefined], kind: 'terminated' },
  { pattern: /engine is currently overloaded|selected model is at capacity|service is currently unavailable/i, kind: 'overloaded' },
  { pattern: /incorrect api key/i, statuses: [400, 401, 403, undefined], kind: 'auth' },
  { pattern: /usage limit/i, statuses: [402, 403, 429, undefined], kind: 'quota' },
  { pattern: /credit balance is too low|insufficient balance/i, kind: 'quota' },
  { pattern: /considered high risk/i, statuses: [400, undefined], kind: 'content_filter' },
]

/** Codes and types that mean the same at everybody who sends them. */
const CODES = table({
  auth: ['authentication_error', 'invalid_api_key', 'invalid_authentication_error', 'incorrect_api_key_error', 'token_expired'],
  forbidden: ['permission_error', 'permission_denied', 'model_not_allowed', 'unsupported_country_region_territory'],
  quota: [
    'insufficient_quota',
    'exceeded_current_quota_error',
    'usage_limit_reached',
    'usage_not_included',
    'billing_error',
    'Arrearage',
    'Throttling.AllocationQuota',
    'enforced_spend_limit_reached',
    'contract_spend_limit_reached',
    'organization_on_hold',
  ],
  rate_limit: [
    'rate_limit_error',
    'rate_limit_exceeded',
    'rate_limit_reached_error',
    'RateLimitReached',
    'RESOURCE_EXHAUSTED',
    'limit_requests',
    'Throttling',
    'Throttling.RateQuota',
  ],
  overloaded: ['overloaded_error', 'engine_overloaded_error', 'server_is_overloaded', 'slow_down', 'unavailable_error'],
  context_overflow: ['context_length_exceeded', 'context_too_large', 'model_context_window_exceeded'],
  content_filter: ['content_filter', 'content_policy_violation', 'cyber_policy', 'bio_policy', 'data_inspection_failed'],
  not_found: ['model_not_found', 'deployment_not_found'],
})

/** Types so wide that a status, where there is one, knows better. */
const LOOSE_CODES = table({
  invalid_request: ['invalid_request_error', 'request_too_large', 'invalid-argument'],
  not_found: ['not_found_error', 'resource_not_found_error'],
})

/** Z.AI's numbers, which it sends as strings (docs.z.ai, error codes, 2026; 1261 from clients). */
const ZAI = table({
  auth: ['1000', '1001', '1002', '1003', '1004'],
  forbidden: ['1110', '1111', '1112', '1114', '1115', '1116', '1117', '1118', '1119', '1120', '1121', '1220', '1311', '1313', '1315'],
  quota: ['1113', '1308', '1309', '1310', '1314', '1316', '1317', '1318', '1319', '1320', '1321'],
  rate_limit: ['1302', '1303'],
  overloaded: ['1305'],
  context_overflow: ['1261'],
  content_filter: ['1301'],
  not_found: ['1211'],
})

/** MiniMax's numbers (platform.minimax.io, error codes, partly seen; mmx-cli 1.0.27; bodies captured in 2026). */
const MINIMAX = table({
  auth: ['1004', '2049'],
  forbidden: ['2061'],
  quota: ['1008', '1028', '1030', '2056'],
  rate_limit: ['1002', '1041', '2045'],
  overloaded: ['2064'],
  context_overflow: ['1039'],
  content_filter: ['1026', '1027'],
  server: ['1000', '1001', '1024', '1033'],
})

/** "Wrong parameters" of MiniMax and Z.AI, which an overflow can hide behind. */
const INVALID_NUMBERS: ReadonlySet<string> = new Set(['2013', '1210', '1212', '1213', '1214', '1215'])

/** 429 and 403 are both used for an exhausted balance; with a 400 the word proves nothing. */
function saysMoney(status: number | undefined, text: string): boolean {
  if (status === undefined || ![402, 403, 429].includes(status)) return false
  if (status === 429 && /rate limit|too many requests|per minute|try again in/i.test(text)) return false
  return /balance|\bcredits?\b|arrear|quota|billing|spend(?:ing)? limit|recharge/i.test(text)
}

function kindOfStatus(status: number): ErrorKind {
  const known = STATUSES.get(status)
  if (known) return known
  return status >= 500 ? 'server' : 'invalid_request'
}

/** 408, 409 and 425 ask for another try, as the vendors' own clients make it. */
const STATUSES: ReadonlyMap<number, ErrorKind> = new Map([
  [401, 'auth'],
  [402, 'quota'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [408, 'server'],
  [409, 'server'],
  [425, 'server'],
  [429, 'rate_limit'],
  [503, 'overloaded'],
  [529, 'overloaded'],
])

function table(kinds: Partial<Readonly<Record<ErrorKind, readonly string[]>>>): ReadonlyMap<string, ErrorKind> {
  const entries = Object.entries(kinds) as [ErrorKind, readonly string[]][]
  return new Map(entries.flatMap(([kind, codes]) => codes.map((code): [string, ErrorKind] => [plainCode(code), kind])))
}

/** One vendor's `rate_limit_reached` is another's `RateLimitReached`. */
function plainCode(code: string): string {
  return code.toLowerCase().replace(/[^a-z0-9]/g, '')
}

function firstOf<T>(codes: readonly string[], find: (code: string) => T | undefined): T | undefined {
  for (const code of codes) {
    const found = find(code)
    if (found !== undefined) return found
  }
  return undefined
}
