/**
 * HTTP as claw speaks it: one request, no redirect followed, no retry, no decompression, no state shared between
 * credentials. The real one is `undici-http.ts`; tests use it too, against loopback servers.
 */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Absolute; https, or http to literal loopback (elsewhere only with `allowHttp`). */
  readonly url: string
  /** Lower-case names. A value may hold a credential: it is never printed. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly signal: AbortSignal
  /** Longest wait for the response head, ms. Its end is `CLAW_TIMEOUT` naming the limit. */
  readonly headTimeoutMs?: number | undefined
  /** Whether this very host may be spoken to without TLS (`allow_http = true` of the user's own file). */
  readonly allowHttp?: boolean | undefined
  /** A unix socket of this machine on which the server listens, whatever host the URL names. */
  readonly socketPath?: string | undefined
}

export interface HttpResponse {
  readonly status: number
  /** Lower-case names; a repeated header is joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** The body as it arrives. Leaving the loop early destroys the connection; back-pressure reaches the socket. */
  readonly body: AsyncIterable<Uint8Array>
  /** Ends the exchange without reading further. */
  discard(): void
}

/** A connection that stands (TCP, proxy and TLS done) and has carried nothing yet. Good for one request. */
export interface HttpConnection {
  /**
   * Sends the one request. What fails here may have been processed by the server.
   * @throws {ClawError} `CLAW_NETWORK` with `data.sent = true`.
   */
  request(request: Omit<HttpRequest, 'signal'> & { signal?: AbortSignal }): Promise<HttpResponse>
  close(): void
}

export interface Http {
  /**
   * @throws {ClawError} `CLAW_NETWORK` (`data.sent` says whether the request may have reached the server, `data.errno`
   * the library's code), `CLAW_TIMEOUT` (`data.limit`), `CLAW_INSECURE` for http to a host that may not have it.
   */
  request(request: HttpRequest): Promise<HttpResponse>
  /**
   * Connects without sending, on a fresh connection, so that a durable note can be written in between.
   * @throws {ClawError} `CLAW_NETWORK` with `data.sent = false`.
   */
  connect(url: string, signal: AbortSignal): Promise<HttpConnection>
}

/** The most of an answer that is kept of a token, device, probe or error response (S-30). */
export const MAX_ANSWER_BYTES = 256 * 1024
