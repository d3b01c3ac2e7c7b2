import { brokenAnswer } from '../answer.ts'

/**
 * The code that a person types (RFC 8628 section 3.2), judged as S-44 asks: nothing in it drives a terminal or a log.
 *
 * @throws {ClawError} `CLAW_PROTOCOL`
 */
export function userCodeOf(value: unknown): string {
  if (value === undefined) throw brokenAnswer('`user_code` is missing from the device authorization')
  if (typeof value !== 'string' || !/^[A-Za-z0-9-]{4,32}$/.test(value))
    throw brokenAnswer('`user_code` of the device authorization must be 4 to 32 letters, digits and dashes')
  return value
}
