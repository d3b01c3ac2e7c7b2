import type { IncomingMessage } from 'node:http'

/** A request as a handler of a loopback server sees it. */
export interface ServedRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Names in lower case; of a name that came twice, the values in a row with commas between. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Aborted when the connection ends: nobody hears the answer then. */
  readonly signal: AbortSignal
}

/** Reads a request to its end; a status where it cannot be served. */
export async function readRequest(message: IncomingMessage, maxBodyBytes: number, signal: AbortSignal): Promise<ServedRequest | 400 | 413> {
  const target = message.url ?? ''
  // Only the form that servers get (RFC 9112 section 3.2.1), so that no address can stand in the place of a path.
  if (!/^\/(?!\/)/.test(target)) return 400
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBodyBytes) return 413
    chunks.push(chunk)
  }
  const [path = '', ...query] = target.split('?')
  return {
    method: message.method ?? '',
    path,
    query: new URLSearchParams(query.join('?')),
    headers: Object.fromEntries(Object.entries(message.headersDistinct).map(([name, values]) => [name, (values ?? []).join(', ')])),
    body: Buffer.concat(chunks).toString('utf8'),
    signal,
  }
}
