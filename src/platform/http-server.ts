import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ClawError } from '../core/errors.ts'
import { ConnectionLimit } from './connection-limit.ts'
import { errnoOf } from './files.ts'
import { readRequest, type ServedRequest } from './served-request.ts'

export interface Served {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text, or chunks as they are to be sent. */
  readonly body?: string | AsyncIterable<string>
  /** Ends the connection instead of answering, or after the chunks, without the end of the answer. */
  readonly isCut?: boolean
  /** Called once the answer has left, or its connection has ended before. */
  readonly onSent?: () => void
}

export type Handler = (request: ServedRequest) => Promise<Served>

/** Limits against clients that are slow, silent or too many. Times in ms, sizes in bytes. */
export interface ServerLimits {
  readonly maxHeaderBytes: number
  readonly maxBodyBytes: number
  /** From the beginning of the connection, or of the request, to the end of the headers. */
  readonly headersMs: number
  /** The same to the end of the body. */
  readonly requestMs: number
  /** How long a connection may be still, in an answer too; 0 = for ever. */
  readonly idleMs: number
  readonly checkEveryMs: number
  readonly maxConnections: number
}

/** For a server that waits for one browser. */
const FOR_ONE_BROWSER: ServerLimits = {
  maxHeaderBytes: 8_192,
  maxBodyBytes: 65_536,
  headersMs: 5_000,
  requestMs: 10_000,
  idleMs: 10_000,
  checkEveryMs: 1_000,
  maxConnections: 16,
}

export interface ServeOptions {
  /** Any free one unless said. */
  readonly port?: number | undefined
  /** Listens on ::1 too, where the machine has it: for browsers that are sent to `localhost`. */
  readonly isDualStack?: boolean
  readonly limits?: Partial<ServerLimits>
}

export interface RunningServer {
  readonly origin: string
  readonly port: number
  /** Ends every connection, whatever it is doing. */
  close(): Promise<void>
}

/**
 * A server on loopback, bound by address and never by name (RFC 8252 sections 7.3 and 8.3).
 *
 * @throws {ClawError} `CLAW_LOGIN_BUSY` when the port is taken, on one of the families.
 */
export async function serveLoopback(handle: Handler, options: ServeOptions = {}): Promise<RunningServer> {
  const limits = { ...FOR_ONE_BROWSER, ...options.limits }
  const connections = new ConnectionLimit(limits.maxConnections)
  const first = makeServer(handle, limits, connections)
  await listen(first, options.port ?? 0, '127.0.0.1')
  const { port } = first.address() as AddressInfo
  const servers = [first]
  const close = async () => {
    await Promise.all(servers.map(end))
  }
  if (options.isDualStack) {
    const second = makeServer(handle, limits, connections)
    try {
      await listen(second, port, '::1')
      servers.push(second)
    } catch (thrown) {
      // Somebody else behind the same name is a danger; no IPv6 on this machine is none.
      if (!(thrown instanceof ClawError && (thrown.why === 'EADDRNOTAVAIL' || thrown.why === 'EAFNOSUPPORT'))) {
        await close()
        throw thrown
      }
    }
  }
  return { origin: `http://127.0.0.1:${port}`, port, close }
}

function makeServer(handle: Handler, limits: ServerLimits, connections: ConnectionLimit): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      keepAliveTimeout: 4_000,
    },
    (request, response) => {
      // Node takes the socket from a request that is not read to its end.
      const { socket } = request
      connections.begin(socket)
      response.once('close', () => connections.end(socket))
      void answer(request, response, handle, limits.maxBodyBytes)
    },
  )
  server.timeout = limits.idleMs
  server.on('connection', (socket) => connections.add(socket))
  return server
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new ClawError('CLAW_LOGIN_BUSY', {
          what: `the port ${port} of this machine cannot be used`,
          why: errnoOf(cause),
          fix: 'choose another port',
          cause,
        }),
      ),
    )
    server.listen({ port, host, exclusive: true }, resolve)
  })
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

async function answer(request: IncomingMessage, response: ServerResponse, handle: Handler, maxBodyBytes: number): Promise<void> {
  const { socket } = request
  const gone = new AbortController()
  response.once('close', () => gone.abort(new ClawError('CLAW_CANCELLED', { what: 'the client has gone' })))
  try {
    const asked = await readRequest(request, maxBodyBytes, gone.signal)
    if (typeof asked === 'number') return void response.writeHead(asked, { connection: 'close' }).end()
    const served = await handle(asked)
    if (served.onSent) response.once('close', served.onSent)
    if (served.body === undefined && served.isCut) return void socket.destroy()
    if (typeof served.body === 'string' || served.body === undefined) {
      const body = Buffer.from(served.body ?? '')
      return void response.writeHead(served.status, { 'content-length': body.length, ...served.headers }).end(body)
    }
    response.writeHead(served.status, served.headers)
    for await (const chunk of served.body) await send(response, chunk)
    if (!served.isCut) return void response.end()
    // An empty write is called back once everything before it has left.
    await new Promise<void>((resolve) => socket.write('', () => resolve()))
    socket.destroy()
  } catch {
    // The client has gone, or the handler has a fault: a half answer must not look whole.
    if (response.headersSent) socket.destroy()
    else response.writeHead(500, { connection: 'close' }).end()
  }
}

/** Resolves when there is room for more. */
function send(response: ServerResponse, chunk: string): Promise<void> | void {
  if (response.destroyed) throw new ClawError('CLAW_CANCELLED', { what: 'the client has gone' })
  if (response.write(chunk)) return
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.once('drain', go).once('close', go)
  })
}
