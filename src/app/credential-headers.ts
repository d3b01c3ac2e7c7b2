import { ClawError } from '../core/errors.ts'
import { isHeaderSafe } from '../core/vocabulary.ts'
import { parseSecureUrl } from '../platform/secure-url.ts'
import { coversOrigin } from '../providers/hosts.ts'
import type { ChosenCredential } from './find-credential.ts'

/**
 * The headers that carry a credential, for one request. The only place where a credential is attached to anything: it goes
 * to the origins it is bound to, and to no other (S-19). At most one header authenticates. Names are lower-case.
 *
 * @throws {ClawError} `CLAW_INSECURE` for an origin that may not have it, or one without TLS.
 */
export function headersFor(credential: ChosenCredential, url: string): Record<string, string> {
  const { auth, secret, route } = credential
  if (secret === null) return {}
  const { origin, host } = parseSecureUrl(url, route.entry.allowHttp)
  if (!coversOrigin(credential.origins, origin)) {
    throw new ClawError('CLAW_INSECURE', {
      what: `the credential of \`${route.id}\` from \`${credential.source}\` is not for \`${host}\``,
      why: `it is bound to ${[...credential.origins].join(', ')}`,
      fix: `set \`base_url\` in [providers.${route.id}] of your own configuration file`,
      data: { host, origins: [...credential.origins] },
    })
  }
  const value = secret.reveal()
  if (!isHeaderSafe(value))
    throw new ClawError('CLAW_KEY_INVALID', {
      what: `the credential of \`${route.id}\` cannot be sent in a header`,
      why: `it is ${value.length} characters long`,
    })
  const byPrefix = Object.entries(auth.extraHeadersByPrefix ?? {}).flatMap(([prefix, headers]) =>
    value.startsWith(prefix) ? Object.entries(headers) : [],
  )
  const beside = [...Object.entries(auth.extraHeaders ?? {}), ...byPrefix, ...Object.entries(credential.optionalHeaders)]
  return {
    ...Object.fromEntries(beside.map(([name, each]) => [name.toLowerCase(), each])),
    [(auth.header ?? 'authorization').toLowerCase()]: auth.scheme ? `${auth.scheme} ${value}` : value,
  }
}
