import type { Secret } from '../../core/secret.ts'
import type { Answer } from '../answer.ts'
import type { Fields } from './token-endpoint.ts'
import { type Endpoint, postFields, type Send } from './token-request.ts'

/** RFC 8628 section 3.4. */
export const DEVICE_GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code'

/** What is asked for when a sign-in starts. */
export interface DeviceWish {
  readonly scope?: string | undefined
  readonly audience?: string | undefined
  readonly resource?: string | undefined
}

/**
 * Asks for a device code (RFC 8628 section 3.1). Only sends.
 *
 * @param more fields that a server wants with it (`code_challenge`)
 * @throws as {@link postFields}
 */
export function requestDeviceCode(
  send: Send,
  endpoint: Endpoint,
  { scope, audience, resource }: DeviceWish,
  signal: AbortSignal,
  more: Fields = {},
): Promise<Answer> {
  return postFields(send, endpoint, { ...more, scope, audience, resource }, signal)
}

/**
 * Asks once whether the code was approved (RFC 8628 section 3.4). Only sends.
 *
 * @param more fields that a server wants with the poll (`code_verifier`, `resource`)
 * @throws as {@link postFields}
 */
export function requestDeviceToken(
  send: Send,
  endpoint: Endpoint,
  deviceCode: Secret,
  signal: AbortSignal,
  more: Fields = {},
): Promise<Answer> {
  return postFields(send, endpoint, { ...more, grant_type: DEVICE_GRANT_TYPE, device_code: deviceCode.reveal() }, signal)
}
