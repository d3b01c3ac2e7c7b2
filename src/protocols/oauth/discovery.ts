import { ClawError } from '../../core/errors.ts'
import { type Http, MAX_ANSWER_BYTES } from '../../platform/http.ts'
import { readText } from '../../platform/read-text.ts'
import { refuseRedirect } from '../../platform/refuse-redirect.ts'
import { type Answer, brokenAnswer, jsonFields, shapeOf } from '../answer.ts'
import { isSameSite } from './same-site.ts'
import { isLoopbackUrl, secureUrl } from '../url.ts'

/** The endpoints of an authorization server (RFC 8414 section 2, OpenID Connect Discovery section 3). */
export interface ServerMetadata {
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly deviceAuthorizationEndpoint: string | null
  readonly authorizationEndpoint: string | null
  readonly revocationEndpoint: string | null
  /** The server says that it names itself in every authorization response: one without `iss` is then refused (RFC 9207 section 2.4). */
  readonly namesItself: boolean
}

/** Where the metadata of an issuer may stand, in the order in which they are asked (RFC 8414 section 3, OpenID section 4). */
export function metadataUrls(issuer: string): readonly string[] {
  const url = secureUrl(issuer, 'issuer')
  const path = url.pathname.replace(/\/+$/, '')
  return [`${url.origin}/.well-known/oauth-authorization-server${path}`, `${url.origin}${path}/.well-known/openid-configuration`]
}

/**
 * Asks for the metadata at one address. Only sends; the request carries nothing secret.
 *
 * @throws {ClawError} `CLAW_NETWORK`, `CLAW_TIMEOUT`, `CLAW_REDIRECT`, `CLAW_PROTOCOL` for an answer above 256 KiB.
 */
async function requestMetadata(http: Pick<Http, 'request'>, url: string, signal: AbortSignal): Promise<Answer> {
  const response = await http.request({
    method: 'GET',
    url,
    headers: { accept: 'application/json', 'user-agent': `claw/${__VERSION__}` },
    signal,
  })
  refuseRedirect(response, url)
  return { status: response.status, headers: response.headers, text: await readText(response, MAX_ANSWER_BYTES, new URL(url).origin) }
}

/** On this machine every port is a server of its own, and may be another user's. */
function isIssuersOwn(url: URL, issuer: URL): boolean {
  return isLoopbackUrl(issuer) ? url.host === issuer.host : isSameSite(url.hostname, issuer.hostname)
}

/**
 * Judges a metadata document: the issuer must be the one that was asked for, letter by letter (RFC 8414 section 3.3), and
 * every endpoint on its site.
 *
 * @param trustedHosts further hosts that the user's configuration names
 * @returns `undefined` where there is no such document here (the next address may have it).
 * @throws {ClawError} `CLAW_PROTOCOL`; `CLAW_SERVER` for 5xx.
 */
export function judgeMetadata(answer: Answer, issuer: string, trustedHosts: readonly string[] = []): ServerMetadata | undefined {
  if (answer.status >= 500) throw new ClawError('CLAW_SERVER', { what: `\`${issuer}\` cannot give its metadata`, why: shapeOf(answer) })
  const fields = jsonFields(answer.text)
  // Servers that answer every path with a page of their own are no rarity.
  if (answer.status !== 200 || fields === undefined || !fields.has('issuer')) return undefined
  if (fields.get('issuer') !== issuer) throw brokenAnswer(`the metadata of \`${issuer}\` is that of another issuer`)
  const home = new URL(issuer)
  const endpoint = (name: string): string | null => {
    const value = fields.get(name)
    if (value === undefined || value === null) return null
    if (typeof value !== 'string') throw brokenAnswer(`\`${name}\` of \`${issuer}\` must be a string`, `it is a ${typeof value}`)
    const url = secureUrl(value, name, isLoopbackUrl(home))
    if (isIssuersOwn(url, home) || trustedHosts.includes(url.hostname) || trustedHosts.includes(url.host)) return url.href
    throw brokenAnswer(`\`${name}\` of \`${issuer}\` is on another site`, `it is on \`${url.host}\``)
  }
  const tokenEndpoint = endpoint('token_endpoint')
  if (tokenEndpoint === null) throw brokenAnswer(`\`token_endpoint\` is missing from the metadata of \`${issuer}\``)
  return {
    issuer,
    tokenEndpoint,
    deviceAuthorizationEndpoint: endpoint('device_authorization_endpoint'),
    authorizationEndpoint: endpoint('authorization_endpoint'),
    revocationEndpoint: endpoint('revocation_endpoint'),
    namesItself: fields.get('authorization_response_iss_parameter_supported') === true,
  }
}

/**
 * Finds the endpoints of an issuer: both places are asked, one after the other.
 *
 * @throws {ClawError} `CLAW_PROTOCOL` where neither has them; else as {@link requestMetadata} and {@link judgeMetadata}.
 */
export async function discoverServer(
  http: Pick<Http, 'request'>,
  issuer: string,
  signal: AbortSignal,
  trustedHosts: readonly string[] = [],
): Promise<ServerMetadata> {
  const shapes: string[] = []
  for (const url of metadataUrls(issuer)) {
    const answer = await requestMetadata(http, url, signal)
    const metadata = judgeMetadata(answer, issuer, trustedHosts)
    if (metadata !== undefined) return metadata
    shapes.push(`\`${new URL(url).pathname}\`: ${shapeOf(answer)}`)
  }
  throw new ClawError('CLAW_PROTOCOL', {
    what: `\`${issuer}\` publishes no metadata`,
    why: shapes.join('; '),
    fix: 'check `issuer`, or set `token_endpoint` and the endpoint of the method in its place',
    data: { sent: true },
  })
}
