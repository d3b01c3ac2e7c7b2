import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import Agent from 'undici/lib/dispatcher/agent.js'
import Client from 'undici/lib/dispatcher/client.js'
import type { Connect } from 'undici/lib/dispatcher/dispatcher.js'
import { ClawError } from '../core/errors.ts'
import { checkHeaders } from './check-headers.ts'
import type { Clock } from './clock.ts'
import type { Environment } from './environment.ts'
import type { Http, HttpConnection, HttpRequest, HttpResponse } from './http.ts'
import { exchange } from './http-exchange.ts'
import { MAX_HEADER_BYTES } from './network-error.ts'
import { proxyRules, type ProxyDecision } from './proxy-rules.ts'
import { parseSecureUrl } from './secure-url.ts'
import { socketConnector, type Connector } from './socket-connector.ts'
import { trustedCertificates } from './trusted-certificates.ts'
import { connectUnix } from './unix-socket.ts'

export interface HttpOptions {
  readonly clock: Clock
  readonly environment: Environment
  /** URL of `network.proxy` of the user's configuration. */
  readonly proxy?: string | undefined
  /** Path of the PEM file of `network.ca_file`. */
  readonly caFile?: string | undefined
  /** For a process that makes a few requests and ends. Not for a batch or a server, which it costs 2-5 % of CPU. */
  readonly isShortLived?: boolean
}

/** How long an idle connection is kept for the next request to the same origin, ms. */
const KEEP_ALIVE_MS = 4_000
/** V8 recompiles undici's parser in the background, and the exit waits for that: 70 ms for a process that reads one answer. */
const NO_WASM_TIERING = '--wasm-tiering-budget=2000000000'
/** Headers of a request that carries no credential: everything else may be one. */
const HARMLESS_HEADERS: readonly string[] = ['accept', 'content-type', 'user-agent']

// Limits are kept by claw's clock, not by undici's timers.
const LIMITS = { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: MAX_HEADER_BYTES }

/** HTTP/1.1 over undici, with connections of our own: no redirects, no retries, no cookies, no cache, no decompression. */
export class UndiciHttp implements Http {
  readonly #clock: Clock
  readonly #decide: (target: URL) => ProxyDecision
  readonly #connector: Connector
  readonly #agent: Agent
  readonly #isUnchecked: boolean
  readonly #closing = new AbortController()
  readonly #connections = new Set<HttpConnection>()

  constructor({ clock, environment, proxy, caFile, isShortLived = false }: HttpOptions) {
    if (isShortLived) setFlagsFromString(NO_WASM_TIERING)
    this.#clock = clock
    this.#decide = proxyRules(environment, proxy)
    this.#isUnchecked = environment.get('NODE_TLS_REJECT_UNAUTHORIZED') === '0'
    let context: SecureContext | undefined
    const trusted = () => {
      context ??= trustedCertificates(environment, caFile)
      return context
    }
    this.#connector = socketConnector({ clock, decide: this.#decide, trusted })
    const connect: Connect = ({ protocol, host }, callback) => {
      this.#connector(new URL(`${protocol}//${host}`), this.#closing.signal).then(
        (socket) => callback(null, socket),
        (error) => callback(error, null),
      )
    }
    this.#agent = new Agent({ ...LIMITS, connect, keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS })
  }

  async request(asked: HttpRequest): Promise<HttpResponse> {
    if (asked.socketPath !== undefined) {
      const target = this.#checked(asked)
      const socket = await connectUnix(asked.socketPath, AbortSignal.any([asked.signal, this.#closing.signal]))
      return this.#standing(target, socket).request(asked)
    }
    return exchange(this.#clock, this.#agent, this.#checked(asked), asked, false)
  }

  async connect(url: string, signal: AbortSignal): Promise<HttpConnection> {
    const target = parseSecureUrl(url)
    // A connection that is opened ahead of its request is for a token endpoint.
    if (this.#isUnchecked && target.protocol === 'https:') throw uncheckedError(target)
    return this.#standing(target, await this.#connector(target, AbortSignal.any([signal, this.#closing.signal])))
  }

  /** A connection for one request over a socket that stands. */
  #standing(target: URL, socket: Socket): HttpConnection {
    // Not at once: undici does not look at its queue when it is called back from within its own call.
    let isHanded = false
    const hand: Connect = (_target, callback) =>
      queueMicrotask(() => {
        // Asked again after the end of the socket: given it once more, undici would ask without end, and no timer would run.
        if (isHanded) return callback(goneError(target), null)
        isHanded = true
        callback(null, socket)
      })
    const client = new Client(target.origin, { ...LIMITS, connect: hand })
    let isUsed = false
    const connection: HttpConnection = {
      request: async (asked) => {
        const to = this.#checked(asked)
        if (isUsed || to.origin !== target.origin)
          throw new ClawError('CLAW_INTERNAL', { what: 'a connection was used for a request that it was not opened for' })
        if (socket.destroyed) throw goneError(target)
        isUsed = true
        return exchange(this.#clock, client, to, { ...asked, signal: asked.signal ?? this.#closing.signal }, true)
      },
      close: () => {
        this.#connections.delete(connection)
        void client.destroy()
        socket.destroy()
      },
    }
    this.#connections.add(connection)
    socket.once('close', () => this.#connections.delete(connection))
    return connection
  }

  /**
   * How an address would be reached, without asking anybody.
   * @throws {ClawError} `CLAW_CONFIG_INVALID` for a proxy setting that cannot be used.
   */
  proxyDecision(url: string): ProxyDecision {
    return this.#decide(new URL(url))
  }

  /** Ends every exchange and connection, so that the process can exit at once. */
  async close(): Promise<void> {
    this.#closing.abort(new ClawError('CLAW_CANCELLED', { what: 'claw ended before the connection was made' }))
    for (const connection of this.#connections) connection.close()
    await this.#agent.destroy()
  }

  #checked(asked: Pick<HttpRequest, 'url' | 'headers' | 'body' | 'allowHttp'>): URL {
    const target = parseSecureUrl(asked.url, asked.allowHttp)
    checkHeaders(asked.headers)
    if (this.#isUnchecked && target.protocol === 'https:' && mayCarryCredential(asked)) throw uncheckedError(target)
    return target
  }
}

function mayCarryCredential({ headers, body }: Pick<HttpRequest, 'headers' | 'body'>): boolean {
  return body !== undefined || Object.keys(headers).some((name) => !HARMLESS_HEADERS.includes(name))
}

function uncheckedError(target: URL): ClawError {
  return new ClawError('CLAW_INSECURE', {
    what: `no credential is sent to \`${target.host}\` while certificate checks are switched off`,
    why: '`NODE_TLS_REJECT_UNAUTHORIZED` is 0',
    fix: 'unset NODE_TLS_REJECT_UNAUTHORIZED, and set `network.ca_file` for an authority of your own',
  })
}

function goneError(target: URL): ClawError {
  return new ClawError('CLAW_NETWORK', {
    what: `the connection to \`${target.origin}\` was closed before the request was sent`,
    why: 'ECONNRESET',
    fix: 'run the command again',
    data: { sent: false, errno: 'ECONNRESET' },
  })
}
