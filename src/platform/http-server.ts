import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ClawError } from '../core/errors.ts'
import { errnoOf } from './files.ts'

export interface ServedRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Served {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text, or chunks as they are to be sent. */
  readonly body?: string | AsyncIterable<string>
  /** Ends the connection instead of answering, or in the middle of the chunks. */
  readonly isCut?: boolean
}

export interface RunningServer {
  readonly origin: string
  readonly port: number
  /** Ends every connection, idle ones too. */
  close(): Promise<void>
}

const MOST_BODY_BYTES = 4 * 1024 * 1024

/**
 * A server on 127.0.0.1 only, with limits against clients that are slow, silent or too many.
 *
 * @throws {ClawError} `CLAW_LOGIN_BUSY` when the port is taken.
 */
export async function serveLoopback(handle: (request: ServedRequest) => Promise<Served>, port = 0): Promise<RunningServer> {
  const server = createServer(
    { maxHeaderSize: 16_384, headersTimeout: 5_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000, keepAliveTimeout: 4_000 },
    (request, response) => {
      void answer(request, response, handle)
    },
  )
  server.maxConnections = 256
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new ClawError('CLAW_LOGIN_BUSY', {
          what: `the port ${port} of this machine cannot be used`,
          why: errnoOf(error),
          fix: 'leave the port out',
          cause: error,
        }),
      ),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  const taken = (server.address() as AddressInfo).port
  return {
    origin: `http://127.0.0.1:${taken}`,
    port: taken,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handle: (request: ServedRequest) => Promise<Served>,
): Promise<void> {
  try {
    const body = await bodyOf(request)
    if (body === undefined) return void response.writeHead(413).end()
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
    )
    const served = await handle({ method: request.method ?? 'GET', path: url.pathname, query: url.searchParams, headers, body })
    if (served.isCut && served.body === undefined) return void request.socket.destroy()
    response.writeHead(served.status, served.headers)
    if (typeof served.body === 'string' || served.body === undefined) response.end(served.body)
    else {
      for await (const chunk of served.body) if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve))
      if (served.isCut) request.socket.destroy()
      else response.end()
    }
  } catch {
    request.socket.destroy()
  }
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    length += (chunk as Buffer).length
    if (length > MOST_BODY_BYTES) return undefined
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
