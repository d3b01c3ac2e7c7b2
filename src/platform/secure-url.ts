import { ClawError } from '../core/errors.ts'

/** Whether the host of a parsed URL is literal loopback. `localhost` is not: whoever resolves the name decides where it leads. */
export function isLiteralLoopback(hostname: string): boolean {
  return hostname === '127.0.0.1' || hostname === '[::1]'
}

/**
 * An address that claw may speak to, parsed: https, or http to literal loopback (elsewhere with `allowHttp`), without user
 * name and fragment (RFC 6750 section 5.3).
 *
 * @throws {ClawError} `CLAW_INSECURE` for http to another host; `CLAW_CONFIG_INVALID` for what is no such address. Only the
 * host is ever named: the rest may hold a secret.
 */
export function parseSecureUrl(text: string, allowHttp = false): URL {
  // The scheme and the authority are looked for in the text itself: the parser forgives blanks, backslashes and missing slashes.
  const authority = /^https?:\/\/([^/?#\\\s]+)(?:[/?#][\x21-\x5b\x5d-\x7e]*)?$/i.exec(text)?.[1]
  if (authority === undefined || !URL.canParse(text)) throw invalid('an address is not an absolute http or https URL')
  const url = new URL(text)
  if (authority.includes('@')) throw invalid(`the address of \`${url.hostname}\` holds a user name or password`)
  if (text.includes('#')) throw invalid(`the address of \`${url.hostname}\` has a fragment`)
  if (url.protocol === 'http:' && !allowHttp && !isLiteralLoopback(url.hostname)) {
    throw new ClawError('CLAW_INSECURE', {
      what: `\`${url.host}\` would be spoken to without TLS`,
      why: '`http://` is for 127.0.0.1 and [::1] only',
      fix: 'use an https:// address, or set `allow_http = true` for that provider in your own configuration file',
      data: { host: url.host },
    })
  }
  return url
}

function invalid(what: string): ClawError {
  return new ClawError('CLAW_CONFIG_INVALID', { what, fix: 'write it as `https://host/path`' })
}
