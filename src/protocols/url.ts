import { ClawError } from '../core/errors.ts'
import { isLiteralLoopback } from '../platform/secure-url.ts'

/** Whether an address leads to this machine by a literal address. */
export function isLoopbackUrl(url: URL): boolean {
  return isLiteralLoopback(url.hostname)
}

/**
 * A path below a base URL (S-31): its segments are encoded and appended, the origin and the prefix of the base stay. A base
 * that already ends in the path is left alone.
 *
 * @param path may carry a query; a leading slash means nothing
 * @throws {ClawError} `CLAW_CONFIG_INVALID` for a path that would leave the base.
 */
export function endpointUrl(base: string, path: string): string {
  const url = new URL(base)
  const [, pathname = '', query] = /^([^?]*)(?:\?(.*))?$/s.exec(path) ?? []
  const segments = pathname.replace(/^\//, '').split('/')
  const isWithin = segments.every(
    (segment, index) => (segment !== '' || index === segments.length - 1) && !/^(?:\.|%2e){1,2}$/i.test(segment),
  )
  if (!isWithin || /[#\\\s]/.test(path))
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: 'a path of an endpoint leaves the base URL that it is joined to',
      fix: 'write it as `/segment/segment`',
    })
  const suffix = segments.join('') === '' ? '' : `/${segments.map(encodeSegment).join('/')}`
  const prefix = url.pathname.replace(/\/+$/, '')
  url.pathname = prefix.endsWith(suffix) ? prefix : `${prefix}${suffix}`
  url.search = query === undefined ? '' : `?${query}`
  url.hash = ''
  return url.href
}

/** An address of the catalogue: a path below the base URL, `{origin}/…` from the root of its host, or absolute. */
export function expandUrl(template: string, baseUrl: string): string {
  if (template.startsWith('{origin}')) return endpointUrl(new URL(baseUrl).origin, template.slice('{origin}'.length))
  return /^https?:\/\//.test(template) ? template : endpointUrl(baseUrl, template)
}

/**
 * An address that a server named for secrets to be sent to: https, or http to literal loopback; no user, password, fragment.
 *
 * @param purpose the field or setting that it came from, for the error
 * @throws {ClawError} `CLAW_PROTOCOL`
 */
export function secureUrl(text: string, purpose: string, mayBeLoopback = true): URL {
  if (!/^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/i.test(text) || !URL.canParse(text)) throw refused(purpose, 'is no http or https address')
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(mayBeLoopback && isLoopbackUrl(url))) throw refused(purpose, 'is not an https address')
  if (/^https?:\/\/[^/?#]*@/i.test(text)) throw refused(purpose, 'holds a user name or password')
  if (text.includes('#')) throw refused(purpose, 'has a fragment')
  return url
}

/**
 * A value as one segment of the path of an address (S-31).
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID` for one that would lead to another path
 */
export function segmentOf(value: string): string {
  if (/^\.{1,2}$/.test(value))
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `an id of the configuration is \`${value}\`, which would lead to another path of the address that it stands in`,
      fix: 'correct the ids of this method in the configuration',
      data: { sent: false },
    })
  return encodeURIComponent(value)
}

/** What RFC 3986 section 3.3 lets stand in a segment stays; everything else is encoded, `%` included. */
function encodeSegment(segment: string): string {
  return segment.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@]/gu, encodeURIComponent)
}

function refused(purpose: string, what: string): ClawError {
  return new ClawError('CLAW_PROTOCOL', { what: `\`${purpose}\` ${what}` })
}
