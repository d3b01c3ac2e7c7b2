import { ClawError } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'
import { isHeaderSafe } from '../core/vocabulary.ts'
import { type Answer, brokenAnswer, jsonFields, oauthErrorOf, positiveNumber, shapeOf } from './answer.ts'
import { judgeTokenAnswer, type TokenGrant } from './token-endpoint.ts'
import { tokenError } from './token-error.ts'
import { isKnownPage, verificationUri } from './verification-uri.ts'

/** RFC 8628 section 3.4. */
export const DEVICE_GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code'

/** RFC 8628 section 3.2: the interval where the server gives none. */
const DEFAULT_INTERVAL_MS = 5_000
const SHORTEST_INTERVAL_MS = 1_000
const LONGEST_INTERVAL_MS = 60_000
/** The lifetime where the server breaks section 3.2 and gives none, and the longest that is waited for. */
const DEFAULT_LIFETIME_MS = 15 * 60_000
const LONGEST_LIFETIME_MS = 30 * 60_000

/** A device authorization (RFC 8628 section 3.2). Durations are ms, counted from the answer. */
export interface DeviceAuthorization {
  readonly deviceCode: Secret
  readonly userCode: string
  readonly verificationUri: string
  /** Only where it has the same origin as `verificationUri`. */
  readonly verificationUriComplete: string | null
  readonly intervalMs: number
  readonly lifetimeMs: number
  /** Things to tell the person who approves. */
  readonly warnings: readonly string[]
}

/** How this provider differs from the RFC, and where its pages are. */
export interface DeviceRules {
  readonly tokenEndpoint: string
  /** Hosts that a verification page may have without a warning, beside the site of the token endpoint. */
  readonly verificationHosts: readonly string[]
  /** The complete address stands for an empty `verification_uri` (Kimi). */
  readonly verificationUriMayBeEmpty: boolean
  readonly defaultIntervalMs?: number | undefined
  readonly defaultLifetimeMs?: number | undefined
}

/**
 * Judges the answer to a device authorization request, field by field in the order of RFC 8628 section 3.2.
 *
 * @throws {ClawError} `CLAW_PROTOCOL` for an answer that breaks the section; what {@link tokenError} makes of a refusal.
 */
export function judgeDeviceAuthorization(answer: Answer, rules: DeviceRules): DeviceAuthorization {
  const fields = jsonFields(answer.text)
  if (fields?.get('device_code') === undefined) throw refusalOf(answer)
  const deviceCode = fields.get('device_code')
  if (typeof deviceCode !== 'string' || !isHeaderSafe(deviceCode))
    throw brokenAnswer('`device_code` of the device authorization must be a string of visible characters')
  const userCode = fields.get('user_code')
  if (userCode === undefined) throw brokenAnswer('`user_code` is missing from the device authorization')
  if (typeof userCode !== 'string' || !/^[A-Za-z0-9-]{4,32}$/.test(userCode))
    throw brokenAnswer('`user_code` of the device authorization must be 4 to 32 letters, digits and dashes')
  const named = verificationUri(fields.get('verification_uri') ?? fields.get('verification_url'), 'verification_uri', rules.tokenEndpoint)
  const complete = verificationUri(fields.get('verification_uri_complete'), 'verification_uri_complete', rules.tokenEndpoint)
  const page = named ?? (rules.verificationUriMayBeEmpty ? complete : null)
  if (page === null) throw brokenAnswer('`verification_uri` is missing from the device authorization')
  const isComplete = complete !== null && complete.origin === page.origin
  const lifetimeMs = secondsToMs(fields.get('expires_in'))
  return {
    deviceCode: new Secret(deviceCode, 'device-code'),
    userCode,
    verificationUri: page.href,
    verificationUriComplete: isComplete ? complete.href : null,
    intervalMs: clamp(
      secondsToMs(fields.get('interval')) ?? rules.defaultIntervalMs ?? DEFAULT_INTERVAL_MS,
      SHORTEST_INTERVAL_MS,
      LONGEST_INTERVAL_MS,
    ),
    lifetimeMs: Math.min(lifetimeMs ?? rules.defaultLifetimeMs ?? DEFAULT_LIFETIME_MS, LONGEST_LIFETIME_MS),
    warnings: [
      ...(isKnownPage(page, rules.tokenEndpoint, rules.verificationHosts)
        ? []
        : [`the sign-in page is on \`${page.host}\`, which is not known as a host of this provider`]),
      ...(complete !== null && !isComplete ? ['the server gives a complete address on another host, which is not shown'] : []),
    ],
  }
}

/** What one poll says (RFC 8628 section 3.5). */
export type DevicePoll =
  | { readonly kind: 'granted'; readonly grant: TokenGrant }
  | { readonly kind: 'pending' }
  /** `intervalMs` where the server names the new one; else five seconds are added for good. */
  | { readonly kind: 'slow_down'; readonly intervalMs: number | undefined }
  | { readonly kind: 'denied'; readonly description: string | null }
  | { readonly kind: 'expired' }
  /** No answer to the question, but polling may go on: 408, 429, 5xx. */
  | { readonly kind: 'unreachable'; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: 'failed'; readonly error: ClawError }

/**
 * Judges the answer to one poll.
 *
 * @param fatalErrors further errors of the catalogue that end the sign-in as a refusal by a person does
 * @throws {ClawError} `CLAW_PROTOCOL` for a grant that breaks RFC 6749 section 5.1.
 */
export function judgeDevicePoll(
  answer: Answer,
  now: number,
  fatalErrors: readonly string[] = [],
  extras: readonly string[] = [],
): DevicePoll {
  const judged = judgeTokenAnswer(answer, now, extras)
  if (judged.kind === 'granted') return judged
  if (judged.kind === 'not_processed') return { kind: 'unreachable', status: judged.status, retryAfterMs: judged.retryAfterMs }
  if (judged.kind === 'server_error') return { kind: 'unreachable', status: judged.status, retryAfterMs: null }
  const failed: DevicePoll = { kind: 'failed', error: tokenError(judged) }
  if (judged.kind === 'refused') return failed
  switch (judged.error) {
    case 'authorization_pending':
      return { kind: 'pending' }
    case 'slow_down':
      return {
        kind: 'slow_down',
        intervalMs: judged.interval === undefined ? undefined : clamp(judged.interval * 1_000, SHORTEST_INTERVAL_MS, LONGEST_INTERVAL_MS),
      }
    case 'access_denied':
    case 'authorization_denied':
      return { kind: 'denied', description: judged.description }
    case 'expired_token':
      return { kind: 'expired' }
    default:
      return fatalErrors.includes(judged.error) ? { kind: 'denied', description: judged.description } : failed
  }
}

/** An answer without a device code: the server's refusal, or one that breaks the section. */
function refusalOf(answer: Answer): ClawError {
  const isSuccess = answer.status >= 200 && answer.status < 300
  const fields = jsonFields(answer.text)
  if (isSuccess && fields === undefined)
    return brokenAnswer('the answer to the device authorization request is not a JSON object', shapeOf(answer))
  if (isSuccess && oauthErrorOf(fields) === undefined) return brokenAnswer('`device_code` is missing from the device authorization')
  const judged = judgeTokenAnswer(answer, undefined)
  if (judged.kind === 'granted') return brokenAnswer('`device_code` is missing from the device authorization')
  if (judged.kind === 'refused' && judged.status === 404) {
    return new ClawError('CLAW_CLIENT_REFUSED', {
      what: 'the server has no device sign-in at this address',
      why: judged.shape,
      data: { status: 404 },
    })
  }
  return tokenError(judged, 'the device authorization endpoint')
}

function secondsToMs(value: unknown): number | undefined {
  const seconds = positiveNumber(value)
  return seconds === undefined ? undefined : Math.round(seconds * 1_000)
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}
