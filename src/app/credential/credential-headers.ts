import { ClawError } from '../../core/errors.ts'
import { isHeaderSafe } from '../../core/vocabulary.ts'
import { parseSecureUrl } from '../../platform/secure-url.ts'
import { coversOrigin } from '../../providers/hosts.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { ownerOf } from '../access/access-step.ts'
import type { ChosenCredential } from './find-credential.ts'

/**
 * The headers that carry a credential, for one request. The only place where a credential is attached to anything: it goes
 * to the origins it is bound to, and to no other (S-19). At most one header authenticates. Names are lower-case.
 *
 * @throws {ClawError} `CLAW_INSECURE` for an origin that may not have it, or one without TLS.
 */
export function headersFor(credential: ChosenCredential, url: string): Record<string, string> {
  const { secret, route } = credential
  const auth = credential.access?.entry ?? credential.auth
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
  return { ...headersBeside(credential), [(auth.header ?? 'authorization').toLowerCase()]: auth.scheme ? `${auth.scheme} ${value}` : value }
}

/** What must go beside the header that holds the credential; none of it is secret. Names are lower-case. */
export function headersBeside(credential: ChosenCredential): Record<string, string> {
  const auth = credential.access?.entry ?? credential.auth
  const value = credential.secret?.reveal() ?? ''
  const byPrefix = Object.entries(auth.extraHeadersByPrefix ?? {}).flatMap(([prefix, headers]) =>
    value.startsWith(prefix) ? Object.entries(headers) : [],
  )
  const beside = [
    ...(auth.userAgent === undefined ? [] : [['user-agent', auth.userAgent] as const]),
    ...Object.entries({ ...auth.headers, ...auth.extraHeaders }),
    ...byPrefix,
    ...serverHeaders(auth, value),
    ...accountHeaders(credential),
    ...Object.entries(credential.optionalHeaders),
  ]
  return Object.fromEntries(beside.map(([name, each]) => [name.toLowerCase(), each]))
}

/** A token of a server needs headers that one of an account does not. */
function serverHeaders({ serverToken }: AuthEntry, value: string): [string, string][] {
  return serverToken && value.startsWith(serverToken.prefix) ? Object.entries(serverToken.headers) : []
}

/** Headers that name the account, as far as it is known (S-48): a template without its value is left out. */
function accountHeaders(credential: ChosenCredential): [string, string][] {
  const templates = Object.entries(credential.route.entry.credentialHeaders ?? {})
  if (templates.length === 0) return []
  const account = credential.access?.account ?? ownerOf(credential)
  const values: Readonly<Record<string, string | null>> = { account_id: account?.id ?? null, fedramp: account?.fedramp ? 'true' : null }
  return templates.flatMap(([name, template]) => {
    let isKnown = true
    const text = template.replace(/\{([a-z_]+)\}/g, (_, field: string) => {
      const value = Object.hasOwn(values, field) ? values[field] : null
      isKnown &&= value != null
      return value ?? ''
    })
    return isKnown ? [[name, text] as [string, string]] : []
  })
}
