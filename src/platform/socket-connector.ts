import { isIP, connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext } from 'node:tls'
import { ClawError } from '../core/errors.ts'
import type { Clock } from './clock.ts'
import { withDeadline, type Limit } from './deadline.ts'
import { networkError, SET_CA } from './network-error.ts'
import type { ProxyDecision } from './proxy-rules.ts'
import { openTunnel } from './proxy-tunnel.ts'

/** Until TCP, proxy and TLS stand (S-30). */
const CONNECT_TIMEOUT_MS = 10_000

export interface ConnectorOptions {
  readonly clock: Clock
  readonly decide: (target: URL) => ProxyDecision
  /** Asked at the first connection with TLS, not before. */
  readonly trusted: () => SecureContext
}

/** Opens a fresh connection to the origin of a URL: TCP, through the proxy if one is set, then TLS. */
export type Connector = (target: URL, signal: AbortSignal) => Promise<Socket>

/**
 * The one place where claw connects. Certificates are always checked, whatever the environment says (S-28).
 *
 * @throws {ClawError} (the connector) `CLAW_NETWORK` with `data.sent = false`, after ten seconds with `data.limit`;
 * `CLAW_INSECURE` for a target without TLS behind a proxy.
 */
export function socketConnector({ clock, decide, trusted }: ConnectorOptions): Connector {
  return async (target, signal) => {
    const decision = decide(target)
    if (decision.via === 'proxy' && target.protocol === 'http:') {
      throw new ClawError('CLAW_INSECURE', {
        what: `\`${target.host}\` would be spoken to without TLS through the proxy of \`${decision.source}\``,
        fix: `add \`${target.hostname}\` to NO_PROXY`,
        data: { sent: false },
      })
    }
    const sockets: Socket[] = []
    try {
      return await withDeadline(
        clock,
        CONNECT_TIMEOUT_MS,
        () => overdue(target),
        signal,
        (limited) => establish(target, decision, trusted, limited, sockets),
      )
    } catch (thrown) {
      for (const socket of sockets) socket.destroy()
      if (signal.aborted) throw signal.reason
      throw notConnected(thrown, target, decision)
    }
  }
}

async function establish(
  target: URL,
  decision: ProxyDecision,
  trusted: () => SecureContext,
  signal: AbortSignal,
  sockets: Socket[],
): Promise<Socket> {
  const open = async (start: () => Socket, event: 'connect' | 'secureConnect') => {
    signal.throwIfAborted()
    const socket = start()
    // A connection that breaks while nobody waits for it says so again to whoever uses it next.
    socket.on('error', () => {})
    sockets.push(socket)
    await established(socket, event, signal)
    return socket
  }
  const secure = (over: Socket, url: URL) =>
    open(
      () =>
        connectTls({
          socket: over,
          secureContext: trusted(),
          rejectUnauthorized: true,
          minVersion: 'TLSv1.2',
          ALPNProtocols: ['http/1.1'],
          ...serverName(url),
        }),
      'secureConnect',
    )
  const first = decision.via === 'proxy' ? new URL(decision.proxy) : target
  let socket = await open(() => connectTcp({ host: bare(first), port: portOf(first), noDelay: true, keepAlive: true }), 'connect')
  if (decision.via === 'proxy') {
    if (first.protocol === 'https:') socket = await secure(socket, first)
    await aborting(openTunnel(socket, `${target.hostname}:${portOf(target)}`, decision), signal)
  }
  return target.protocol === 'https:' ? secure(socket, target) : socket
}

function established(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  const standing = new Promise<void>((resolve, reject) => {
    socket.once(event, resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
  })
  return aborting(standing, signal)
}

function aborting<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** An address is no server name (RFC 6066 section 3), but the certificate must be for it all the same. */
function serverName(url: URL): { host: string; servername?: string } {
  const host = bare(url)
  return isIP(host) === 0 ? { host, servername: host } : { host }
}

function bare(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
}

function overdue(target: URL): ClawError {
  const limit: Limit = { limit: 'connect', seconds: CONNECT_TIMEOUT_MS / 1000, source: 'built-in' }
  return new ClawError('CLAW_NETWORK', {
    what: `no connection to \`${target.origin}\` within ${limit.seconds} s`,
    fix: 'check the network of this machine, or set `network.proxy`',
    data: { sent: false, errno: 'ETIMEDOUT', limit },
  })
}

function notConnected(thrown: unknown, target: URL, decision: ProxyDecision): ClawError {
  const error = networkError(thrown, { origin: target.origin, sent: false })
  if (thrown instanceof ClawError || decision.via === 'direct') return error
  return new ClawError(error.code, {
    what: `no connection to \`${target.origin}\` through the proxy \`${decision.proxy}\``,
    why: error.why,
    fix: error.fix === SET_CA ? error.fix : `check \`${decision.source}\`, or exempt the host with NO_PROXY`,
    data: { ...error.data, proxy: decision.proxy, source: decision.source },
    cause: thrown,
  })
}
