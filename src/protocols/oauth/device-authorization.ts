import { ClawError } from '../../core/errors.ts'
import { Secret } from '../../core/secret.ts'
import { isHeaderSafe } from '../../core/vocabulary.ts'
import { type Answer, brokenAnswer, jsonFields, oauthErrorOf, shapeOf } from '../answer.ts'
import type { DeviceStart } from './device-dialect.ts'
import { intervalOf, lifetimeOf } from './device-times.ts'
import { judgeTokenAnswer } from './token-endpoint.ts'
import { tokenError } from './token-error.ts'
import { userCodeOf } from './user-code.ts'
import { isKnownPage, verificationUri } from './verification-uri.ts'

/** Where the pages of a provider are. */
export interface PageRules {
  readonly tokenEndpoint: string
  /** Hosts that a verification page may have without a warning, beside the site of the token endpoint. */
  readonly verificationHosts: readonly string[]
  /** Not even this machine may have a page without TLS (xAI). */
  readonly httpsOnly?: boolean | undefined
}

/** How a provider differs from the RFC when a sign-in starts. */
export interface DeviceRules extends PageRules {
  /** The complete address stands for an empty `verification_uri` (Kimi). */
  readonly verificationUriMayBeEmpty: boolean
  readonly defaultIntervalMs?: number | undefined
  readonly defaultLifetimeMs?: number | undefined
  /** What to do where the server has no device sign-in, or none for this account. */
  readonly notEnabledFix?: string | undefined
}

/** A status that says that there is no such endpoint. */
const NOT_FOUND = 404

/**
 * Judges the answer to a device authorization request, field by field in the order of RFC 8628 section 3.2.
 *
 * @throws {ClawError} `CLAW_PROTOCOL` for an answer that breaks the section; what {@link tokenError} makes of a refusal.
 */
export function judgeDeviceAuthorization(answer: Answer, rules: DeviceRules): DeviceStart {
  const fields = jsonFields(answer.text)
  // The server's own `error` comes first, whatever stands beside it.
  if (fields?.get('device_code') === undefined || oauthErrorOf(fields)) throw refusalOf(answer, rules)
  const deviceCode = fields.get('device_code')
  if (typeof deviceCode !== 'string' || !isHeaderSafe(deviceCode))
    throw brokenAnswer('`device_code` of the device authorization must be a string of visible characters')
  const userCode = userCodeOf(fields.get('user_code'))
  const pages = pagesOf(fields, rules, rules.verificationUriMayBeEmpty)
  return {
    kind: 'started',
    secrets: { deviceCode: new Secret(deviceCode, 'device-code') },
    userCode,
    ...pages,
    intervalMs: intervalOf(fields.get('interval'), rules.defaultIntervalMs),
    lifetimeMs: lifetimeOf(fields.get('expires_in'), rules.defaultLifetimeMs),
  }
}

/** The addresses that the person who approves is shown. @throws {ClawError} `CLAW_PROTOCOL` */
export function pagesOf(
  fields: ReadonlyMap<string, unknown>,
  { tokenEndpoint, verificationHosts, httpsOnly }: PageRules,
  mayBeEmpty = false,
): Pick<DeviceStart, 'verificationUri' | 'verificationUriComplete' | 'warnings'> {
  const named = verificationUri(
    fields.get('verification_uri') ?? fields.get('verification_url'),
    'verification_uri',
    tokenEndpoint,
    httpsOnly,
  )
  const complete = verificationUri(fields.get('verification_uri_complete'), 'verification_uri_complete', tokenEndpoint, httpsOnly)
  const page = named ?? (mayBeEmpty ? complete : null)
  if (page === null) throw brokenAnswer('`verification_uri` is missing from the device authorization')
  const isComplete = complete !== null && complete.origin === page.origin
  return {
    verificationUri: page.href,
    verificationUriComplete: isComplete ? complete.href : null,
    warnings: [
      ...(isKnownPage(page, tokenEndpoint, verificationHosts)
        ? []
        : [`the sign-in page is on \`${page.host}\`, which is not known as a host of this provider`]),
      ...(complete !== null && !isComplete ? ['the server gives a complete address on another host, which is not shown'] : []),
    ],
  }
}

/** An answer without a device code: the server's refusal, or one that breaks the section. */
function refusalOf(answer: Answer, rules: DeviceRules): ClawError {
  const isSuccess = answer.status >= 200 && answer.status < 300
  const fields = jsonFields(answer.text)
  if (isSuccess && fields === undefined)
    return brokenAnswer('the answer to the device authorization request is not a JSON object', shapeOf(answer))
  if (isSuccess && oauthErrorOf(fields) === undefined) return brokenAnswer('`device_code` is missing from the device authorization')
  const judged = judgeTokenAnswer(answer, undefined)
  if (judged.kind === 'granted') return brokenAnswer('`device_code` is missing from the device authorization')
  if (judged.kind === 'refused' && judged.status === NOT_FOUND) return notEnabled(judged.shape, rules.notEnabledFix)
  return tokenError(judged, 'the device authorization endpoint')
}

/** The server has no device sign-in, or does not let this account have one. */
export function notEnabled(why: string, fix: string | undefined): ClawError {
  return new ClawError('CLAW_CLIENT_REFUSED', {
    what: fix === undefined ? 'the server has no device sign-in at this address' : 'device sign-in is not enabled',
    why,
    fix,
    data: { status: NOT_FOUND },
  })
}
