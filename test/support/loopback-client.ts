import { request, type IncomingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly json?: unknown
}

export interface Heard {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Whether the answer ended as HTTP says that it must. */
  readonly isWhole: boolean
}

/** One request on a connection of its own; rejects with the errno where no answer began. POST where there is something to send. */
export function ask(url: string, { form, json, ...asked }: Asked = {}): Promise<Heard> {
  const body = asked.body ?? (form ? new URLSearchParams(form).toString() : json === undefined ? undefined : JSON.stringify(json))
  const type = form ? 'application/x-www-form-urlencoded' : json === undefined ? undefined : 'application/json'
  const headers = { ...(type && { 'content-type': type }), ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) }
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: asked.method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...headers, ...asked.headers },
      agent: false,
    })
    sent.once('error', reject)
    sent.once('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => undefined)
      response.once('close', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
          isWhole: response.complete,
        }),
      )
    })
    sent.end(body)
  })
}

export interface RawClient {
  readonly socket: Socket
  /** Everything that came, once the connection has ended, from whichever side. */
  readonly ended: Promise<string>
}

/** A connection that sends these bytes and then says nothing; resolves once it stands. */
export function dial(port: number, bytes = '', host = '127.0.0.1'): Promise<RawClient> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host)
    let came = ''
    socket.on('data', (chunk: Buffer) => {
      came += chunk.toString()
    })
    const ended = new Promise<string>((done) => socket.once('close', () => done(came)))
    socket.on('error', reject)
    socket.once('connect', () => {
      if (bytes) socket.write(bytes)
      resolve({ socket, ended })
    })
  })
}
