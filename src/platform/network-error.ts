import { ClawError } from '../core/errors.ts'

/** What is known of an exchange that failed. */
export interface Exchange {
  /** Origin of the target. */
  readonly origin: string
  /** Whether the first byte of the request may have left. */
  readonly sent: boolean
}

const CHECK_NETWORK = 'check the network of this machine, or set `network.proxy`'
/** What to do about a certificate that nobody here vouches for, proxy or not. */
export const SET_CA = 'set `network.ca_file` to the PEM file of the authority that signs here'

/** By code of the library or of OpenSSL: what it means, and what to do. */
const CAUSES: ReadonlyMap<string, readonly [why: string, fix: string]> = new Map([
  ['ENOTFOUND', ['the name is not known', 'check the host name, the DNS of this machine, or set `network.proxy`']],
  ['EAI_AGAIN', ['the name could not be looked up for now', 'check the DNS of this machine, or set `network.proxy`']],
  ['ECONNREFUSED', ['nothing listens there', CHECK_NETWORK]],
  ['ETIMEDOUT', ['nothing answers there', CHECK_NETWORK]],
  ['EHOSTUNREACH', ['no route leads there', CHECK_NETWORK]],
  ['ENETUNREACH', ['no route leads there', CHECK_NETWORK]],
  ['ECONNRESET', ['the other side or something between cut the connection', CHECK_NETWORK]],
  ['UND_ERR_SOCKET', ['the other side or something between cut the connection', CHECK_NETWORK]],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', ['the certificate is signed by itself', SET_CA]],
  ['SELF_SIGNED_CERT_IN_CHAIN', ['the certificate comes from an authority that is not trusted here', SET_CA]],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', ['the certificate comes from an authority that is not trusted here', SET_CA]],
  ['UNABLE_TO_GET_ISSUER_CERT', ['the certificate comes from an authority that is not trusted here', SET_CA]],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', ['the certificate comes from an authority that is not trusted here', SET_CA]],
  ['CERT_HAS_EXPIRED', ['the certificate has expired', 'check the clock of this machine']],
  ['CERT_NOT_YET_VALID', ['the certificate is not valid yet', 'check the clock of this machine']],
  ['ERR_TLS_CERT_ALTNAME_INVALID', ['the certificate is for another host', 'check the host name of the address']],
  ['EPROTO', ['the other side speaks no TLS that is allowed here', 'check that the address and its port are those of an https service']],
])

/**
 * What an error of undici, net or tls means. Errors of our own pass as they are; the text of the library is kept in
 * `cause` only.
 *
 * @returns `CLAW_NETWORK` with `data.sent` and `data.errno`; `CLAW_PROTOCOL` for an answer that is no HTTP.
 */
export function networkError(thrown: unknown, { origin, sent }: Exchange): ClawError {
  if (thrown instanceof ClawError) return thrown
  // The parser's own error has no code when the very first line cannot be read.
  const isUnreadable = thrown instanceof Error && thrown.name === 'HTTPParserError'
  const errno = isUnreadable && !('code' in thrown && thrown.code) ? 'HPE_INVALID' : codeOf(thrown)
  if (isUnreadable) {
    return new ClawError('CLAW_PROTOCOL', {
      what: `the answer of \`${origin}\` is not valid HTTP`,
      why: errno,
      data: { sent, errno },
      cause: thrown,
    })
  }
  if (errno === 'UND_ERR_HEADERS_OVERFLOW') {
    const limit = { limit: 'answer.headers', bytes: MAX_HEADER_BYTES, source: 'built-in' }
    return new ClawError('CLAW_PROTOCOL', {
      what: `the headers of the answer of \`${origin}\` are longer than 16 KiB`,
      data: { sent, errno, limit },
      cause: thrown,
    })
  }
  const [why, fix] = CAUSES.get(errno) ?? [undefined, CHECK_NETWORK]
  return new ClawError('CLAW_NETWORK', {
    what: sent ? `the connection to \`${origin}\` broke before the answer was complete` : `no connection to \`${origin}\``,
    why: why === undefined ? errno : `${errno}: ${why}`,
    fix,
    data: { sent, errno },
    cause: thrown,
  })
}

/** The most of the headers of an answer (S-30). */
export const MAX_HEADER_BYTES = 16 * 1024

function codeOf(thrown: unknown): string {
  // All addresses of a name were tried: the first failure speaks for them.
  const first = thrown instanceof AggregateError && !('code' in thrown) ? thrown.errors[0] : thrown
  const code: unknown = first instanceof Error && 'code' in first ? first.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : 'UNKNOWN'
}
