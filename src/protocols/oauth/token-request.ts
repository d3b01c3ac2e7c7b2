import type { Secret } from '../../core/secret.ts'
import { type HttpConnection, type HttpRequest, type HttpResponse, MAX_ANSWER_BYTES } from '../../platform/http.ts'
import { readText } from '../../platform/read-text.ts'
import { refuseRedirect } from '../../platform/refuse-redirect.ts'
import type { Answer } from '../answer.ts'
import { type Fields, tokenRequestBody } from './token-endpoint.ts'

/** How a request leaves: `request` of an {@link Http}, or of a connection that stands. */
export type Send = (request: HttpRequest) => Promise<HttpResponse>

/** An endpoint of an authorization server, and how claw speaks to it. Nothing of it comes from an answer to a prompt. */
export interface Endpoint {
  /** https, or http to literal loopback. */
  readonly url: string
  /** The wire form of the body; RFC 6749 knows only `form`. */
  readonly encoding: 'form' | 'json'
  readonly clientId?: string | undefined
  /** Sent in the body (`client_secret_post`, RFC 6749 section 2.3.1). */
  readonly clientSecret?: Secret | undefined
  /** Lower-case names; beat claw's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Further fields that this server wants. They beat nothing: a field of the protocol stays. */
  readonly extraParams?: Fields | undefined
  /** The only fields that this server wants, where it wants no others. */
  readonly onlyFields?: readonly string[] | undefined
  /** Longest wait for the head of the answer, ms. */
  readonly headTimeoutMs?: number | undefined
}

/**
 * Posts fields to an endpoint and reads the answer to its end, whatever its status. Only sends: no retry, no judgement.
 *
 * @throws {ClawError} `CLAW_NETWORK`, `CLAW_TIMEOUT`; `CLAW_REDIRECT`; `CLAW_PROTOCOL` for an answer above 256 KiB.
 */
export async function postFields(send: Send, endpoint: Endpoint, fields: Fields, signal: AbortSignal): Promise<Answer> {
  const client = { client_id: endpoint.clientId, client_secret: endpoint.clientSecret?.reveal() }
  // A field that the protocol leaves out is none that could stand before a further one.
  const given = Object.entries({ ...client, ...fields }).filter(([, value]) => value !== undefined && value !== '')
  const all = Object.entries({ ...endpoint.extraParams, ...Object.fromEntries(given) })
  const wanted = all.filter(([name]) => endpoint.onlyFields?.includes(name) ?? true)
  return postBody(send, endpoint, tokenRequestBody(Object.fromEntries(wanted), endpoint.encoding), signal)
}

/**
 * As {@link postFields}, with a body that is written already.
 *
 * @throws as {@link postFields}
 */
export async function postBody(
  send: Send,
  { url, headers, headTimeoutMs }: Pick<Endpoint, 'url' | 'headers' | 'headTimeoutMs'>,
  { body, contentType }: { readonly body: string; readonly contentType: string },
  signal: AbortSignal,
): Promise<Answer> {
  const response = await send({
    method: 'POST',
    url,
    headers: { accept: 'application/json', 'user-agent': `claw/${__VERSION__}`, ...headers, 'content-type': contentType },
    body,
    signal,
    headTimeoutMs,
  })
  refuseRedirect(response, url)
  return { status: response.status, headers: response.headers, text: await readText(response, MAX_ANSWER_BYTES, new URL(url).origin) }
}

/** What a refresh may ask for beside the token. `scope` never widens what was granted (RFC 6749 section 6). */
export interface RefreshWish {
  readonly scope?: string | undefined
  readonly audience?: string | undefined
  readonly resource?: string | undefined
  /** Fields of earlier answers that this server wants back, by their wire names. */
  readonly echo?: Fields | undefined
}

/**
 * Sends a refresh request (RFC 6749 section 6) over a connection that already stands, so that whatever fails from here on
 * may have been processed.
 *
 * @throws as {@link postFields}
 */
export function requestRefresh(
  connection: HttpConnection,
  endpoint: Endpoint,
  refreshToken: Secret,
  wish: RefreshWish,
  signal: AbortSignal,
): Promise<Answer> {
  const fields = {
    ...wish.echo,
    grant_type: 'refresh_token',
    refresh_token: refreshToken.reveal(),
    scope: wish.scope,
    audience: wish.audience,
    resource: wish.resource,
  }
  return postFields((request) => connection.request(request), endpoint, fields, signal)
}
