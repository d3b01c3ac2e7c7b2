import { ClawError, type ErrorCode } from '../../core/errors.ts'
import { formatInstant } from '../../core/duration.ts'
import { redact } from '../../core/redaction.ts'
import { visibleLine } from '../../core/visible.ts'
import type { Clock } from '../../platform/clock.ts'
import type { HttpResponse } from '../../platform/http.ts'
import { readBody } from './body-reader.ts'
import type { ErrorKind } from './error-kind.ts'
import { type ErrorRules, judgeError } from './error-signals.ts'
import { errorOfBody, type ProviderError } from './error-body.ts'
import { type Headers, retryInstant, shouldRetry, unifiedReset } from './retry-after.ts'

/** The most of an error body that is read. */
const MOST_ERROR_BYTES = 64 * 1024
/** A body that says why something was refused comes at once, or is not waited for. */
const ERROR_BODY_MS = 10_000

/** By kind: the code, and what happened, said of the route. */
const FAILURES: Readonly<Record<ErrorKind, readonly [code: ErrorCode, what: string, fix?: string]>> = {
  auth: ['CLAW_CREDENTIAL_REJECTED', 'rejects the credential'],
  forbidden: ['CLAW_FORBIDDEN', 'does not allow this account what was asked'],
  client_not_allowed: ['CLAW_CLIENT_NOT_ALLOWED', 'does not let this client in'],
  terminated: ['CLAW_TERMINATED', 'has closed the account'],
  quota: ['CLAW_QUOTA', 'refuses because the quota or balance of the account is used up'],
  rate_limit: ['CLAW_RATE_LIMIT', 'gets more requests than it allows'],
  overloaded: ['CLAW_OVERLOADED', 'is overloaded'],
  context_overflow: ['CLAW_CONTEXT_OVERFLOW', 'cannot take a conversation of this length'],
  content_filter: ['CLAW_CONTENT_FILTER', 'refuses the content'],
  not_found: ['CLAW_MODEL_UNKNOWN', 'does not have what was asked for', 'claw model'],
  invalid_request: ['CLAW_INVALID_REQUEST', 'refuses the request as invalid'],
  server: ['CLAW_SERVER', 'failed'],
}

/** Kinds for which a time of the server means something. */
const PASSING: ReadonlySet<ErrorKind> = new Set(['quota', 'rate_limit', 'overloaded', 'server'])

/** Where servers put the id that their support asks for. */
const REQUEST_ID_HEADERS: readonly string[] = [
  'request-id',
  'x-request-id',
  'x-oai-request-id',
  'x-ds-trace-id',
  'x-trace-id',
  'x-generation-id',
  'cf-ray',
]

/** How an error is to be read: whose it is, what its catalogue entry knows, and when it came. */
export interface ErrorContext extends ErrorRules {
  /** Id of the catalogue entry. */
  readonly route: string
  /** Instant of the answer, ms. */
  readonly now: number
}

/**
 * The error that a response without success means. Reads at most 64 KiB of its body and ends the exchange.
 *
 * @returns as {@link providerError}
 */
export async function readProviderError(
  response: HttpResponse,
  context: Omit<ErrorContext, 'now'> & { readonly clock: Clock },
): Promise<ClawError> {
  const { clock } = context
  const overdue = () => new ClawError('CLAW_TIMEOUT', { what: 'the body of an error did not come' })
  const { text } = await readBody(response, { clock, silence: () => ({ ms: ERROR_BODY_MS, overdue }) }, MOST_ERROR_BYTES)
  return providerError({ status: response.status, headers: response.headers, text }, { ...context, now: clock.now() })
}

/**
 * The error that an answer without success means, whatever shape its body has.
 *
 * `data`: `kind`, `status`, `retryAt` (RFC 3339, where the server gave a time), `requestId`, `shouldRetry` (only where the
 * server says so itself).
 */
export function providerError(
  answer: { readonly status: number; readonly headers: Headers; readonly text: string },
  context: ErrorContext,
): ClawError {
  return saidError(errorOfBody(answer.text, answer.status), answer.headers, context)
}

/** The error that a provider's own words mean, with the headers of the response that held them. @returns as {@link providerError} */
export function saidError(error: ProviderError, headers: Headers, context: ErrorContext): ClawError {
  const { now } = context
  const judged = judgeError(error, context)
  // A subscription that has reached its cap is refused as if it were too fast.
  const capEndsAt = judged.kind === 'rate_limit' ? unifiedReset(headers, now) : undefined
  const kind = capEndsAt === undefined ? judged.kind : 'quota'
  const retryAt = capEndsAt ?? (PASSING.has(kind) ? retryInstant(headers, error, now, kind === 'quota') : undefined)
  const [code, what, fix] = FAILURES[kind]
  const requestId = requestIdOf(headers)
  const retry = shouldRetry(headers)
  return new ClawError(kind === 'quota' && retryAt !== undefined ? 'CLAW_QUOTA_RESETS' : code, {
    what: `\`${context.route}\` ${what}`,
    why: evidence(error),
    fix: judged.hint ?? fix ?? (kind === 'auth' ? `claw doctor --provider ${context.route}` : undefined),
    data: {
      kind,
      ...(error.status !== undefined && { status: error.status }),
      ...(retryAt !== undefined && { retryAt: formatInstant(retryAt) }),
      ...(requestId !== undefined && { requestId }),
      ...(retry !== undefined && { shouldRetry: retry }),
    },
  })
}

/** Status, code and the provider's words: on one line, cut, and without what this process holds as a secret. */
function evidence({ status, codes, message }: ProviderError): string | undefined {
  const code = codes.find((candidate) => /^[\w.-]{1,64}$/.test(candidate))
  const head = [...(status === undefined ? [] : [`HTTP ${status}`]), ...(code === undefined ? [] : [redact(code)])].join(' ')
  const words = visibleLine(redact(message))
  const why = [head, words].filter((part) => part !== '').join(': ')
  return why === '' ? undefined : why
}

function requestIdOf(headers: Headers): string | undefined {
  const name = REQUEST_ID_HEADERS.find((candidate) => /^[\x21-\x7e]{1,200}$/.test(headers[candidate] ?? ''))
  return name === undefined ? undefined : redact(headers[name] ?? '')
}
