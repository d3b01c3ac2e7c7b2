import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createRawServer, type AddressInfo, type Socket } from 'node:net'
import type { Certificate } from './certificates.ts'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface LoopbackServer extends AsyncDisposable {
  readonly origin: string
  readonly port: number
  /** What was asked, bodies included, in order. */
  readonly requests: readonly SeenRequest[]
  /** How many connections were made, in all. */
  readonly connections: () => number
  close(): Promise<void>
}

export type Answer = { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
/** Answers a request that was read and recorded; `undefined` leaves it unanswered. */
export type Answerer = (request: SeenRequest, index: number) => Answer | undefined | Promise<Answer | undefined>

/** A real HTTP server on 127.0.0.1 that records what it was asked. */
export function loopbackServer(answer: Answerer, certificate?: Certificate): Promise<LoopbackServer> {
  const requests: SeenRequest[] = []
  const listener: RequestListener = (message, response) => {
    const chunks: Buffer[] = []
    message.on('data', (chunk) => chunks.push(chunk))
    message.on('end', async () => {
      const seen = {
        method: message.method ?? '',
        path: message.url ?? '',
        headers: message.headers,
        body: Buffer.concat(chunks).toString(),
      }
      const given = await answer(seen, requests.push(seen) - 1)
      if (given === undefined) return
      response.writeHead(given.status ?? 200, { ...given.headers })
      response.end(given.body ?? '')
    })
  }
  const server = certificate ? createSecureServer({ ...certificate }, listener) : createServer(listener)
  return listening(server, certificate ? 'https' : 'http', requests)
}

/** A server that speaks raw bytes: for answers that no HTTP library would send. */
export function rawServer(onConnection: (socket: Socket) => void): Promise<LoopbackServer> {
  const server = createRawServer((socket) => {
    socket.on('error', () => {})
    onConnection(socket)
  })
  return listening(server, 'http', [])
}

function listening(server: Server | ReturnType<typeof createRawServer>, scheme: string, requests: SeenRequest[]): Promise<LoopbackServer> {
  const sockets = new Set<Socket>()
  let made = 0
  server.on('connection', (socket: Socket) => {
    made += 1
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      const close = () =>
        new Promise<void>((done) => {
          server.close(() => done())
          for (const socket of sockets) socket.destroy()
        })
      resolve({ origin: `${scheme}://127.0.0.1:${port}`, port, requests, connections: () => made, close, [Symbol.asyncDispose]: close })
    })
  })
}
