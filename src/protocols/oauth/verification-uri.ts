import { visible, visibleLine } from '../../core/visible.ts'
import { brokenAnswer } from '../answer.ts'
import { isSameSite } from './same-site.ts'
import { isLoopbackUrl } from '../url.ts'

const LONGEST_URI = 512

/**
 * An address of a device authorization that a person is shown (RFC 8628 section 3.2), judged as S-44 asks: https, no user
 * name, without anything that drives a terminal or a log; http only to this machine, and only when the token endpoint is
 * there too. `href` of the result is ASCII: letters of other scripts in the host show as punycode.
 *
 * @param httpsOnly not even that
 * @returns `null` where the field is absent or empty
 * @throws {ClawError} `CLAW_PROTOCOL`
 */
export function verificationUri(value: unknown, name: string, tokenEndpoint: string, httpsOnly = false): URL | null {
  if (value === undefined || value === null || value === '') return null
  if (typeof value !== 'string') throw brokenAnswer(`\`${name}\` of the device authorization must be a string`, `it is a ${typeof value}`)
  if (value.length > LONGEST_URI) throw brokenAnswer(`\`${name}\` of the device authorization is longer than ${LONGEST_URI} characters`)
  if (/\s/.test(value) || visible(value) !== value)
    throw brokenAnswer(`\`${name}\` of the device authorization holds characters that may not stand in an address`)
  if (!URL.canParse(value)) throw brokenAnswer(`\`${name}\` of the device authorization is no address`)
  const url = new URL(value)
  const mayBePlain = !httpsOnly && isLoopbackUrl(url) && isLoopbackUrl(new URL(tokenEndpoint))
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && mayBePlain)) {
    throw brokenAnswer(`\`${name}\` of the device authorization must be an https address`, `it is \`${visibleLine(url.protocol, 20)}\``)
  }
  if (url.username !== '' || url.password !== '')
    throw brokenAnswer(`\`${name}\` of the device authorization holds a user name or password`)
  return url
}

/** Whether the page of a sign-in is where this provider is known to have it: a named host (`*.` = those below), or the site of the token endpoint. */
export function isKnownPage(page: URL, tokenEndpoint: string, hosts: readonly string[]): boolean {
  const isNamed = (host: string) =>
    host.startsWith('*.') ? page.hostname.endsWith(host.slice(1)) : page.hostname === host || page.host === host
  return hosts.some(isNamed) || isSameSite(page.hostname, new URL(tokenEndpoint).hostname)
}
