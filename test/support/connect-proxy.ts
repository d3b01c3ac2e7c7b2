import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Certificate } from './certificates.ts'

export interface ConnectProxy extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Every request to the proxy: `CONNECT host:port` and the credentials that came with it. */
  readonly requests: readonly { readonly line: string; readonly authorization: string | undefined }[]
  close(): Promise<void>
}

export interface ConnectProxyOptions {
  /** Where a host:port leads; the default is the host:port itself. */
  readonly route?: (authority: string) => number | undefined
  /** Written instead of opening a tunnel. */
  readonly refuse?: string
  /** Makes it a proxy that is itself spoken to with TLS. */
  readonly certificate?: Certificate
}

/** A proxy on 127.0.0.1 that opens tunnels and records who asked for what. */
export function connectProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const requests: { line: string; authorization: string | undefined }[] = []
  const server = options.certificate ? createSecureServer({ ...options.certificate }) : createServer()
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  }
  const record = (message: IncomingMessage) =>
    requests.push({ line: `${message.method} ${message.url}`, authorization: message.headers['proxy-authorization'] })
  server.on('connection', keep)
  server.on('request', (message, response) => {
    record(message)
    response.writeHead(501).end()
  })
  server.on('connect', (message: IncomingMessage, client: Socket) => {
    record(message)
    client.on('error', () => {})
    if (options.refuse !== undefined) return void client.end(options.refuse)
    const authority = message.url ?? ''
    const [host = '', port] = authority.split(/:(?=\d+$)/)
    const routed = options.route?.(authority)
    const upstream = connect({ host: routed === undefined ? host : '127.0.0.1', port: routed ?? Number(port) }, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    keep(upstream)
    upstream.on('error', () => client.destroy())
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      const close = () =>
        new Promise<void>((done) => {
          server.close(() => done())
          for (const socket of sockets) socket.destroy()
        })
      resolve({ url: `${options.certificate ? 'https' : 'http'}://127.0.0.1:${port}`, port, requests, close, [Symbol.asyncDispose]: close })
    })
  })
}
