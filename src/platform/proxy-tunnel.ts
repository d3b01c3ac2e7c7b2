import type { Socket } from 'node:net'
import { ClawError } from '../core/errors.ts'
import { visibleLine } from '../core/visible.ts'
import { MAX_HEADER_BYTES } from './network-error.ts'
import type { ProxyDecision } from './proxy-rules.ts'

type Proxied = Extract<ProxyDecision, { via: 'proxy' }>

/**
 * Asks a proxy for a tunnel (CONNECT, RFC 9110 section 9.3.6) over a connection that stands.
 *
 * @param authority `host:port` of the target
 * @throws {ClawError} `CLAW_NETWORK` with `data.sent = false` and `data.proxyStatus` when the proxy says no.
 */
export async function openTunnel(socket: Socket, authority: string, proxy: Proxied): Promise<void> {
  const authorization = proxy.authorization === null ? '' : `Proxy-Authorization: ${proxy.authorization.reveal()}\r\n`
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`)
  const head = await readHead(socket, proxy)
  const [, status, reason = ''] = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?/.exec(head) ?? []
  if (status === undefined) throw refusal(proxy, 'is not valid HTTP', undefined, undefined)
  if (status.startsWith('2')) return
  if (status === '407')
    throw refusal(
      proxy,
      'asks for a user name and password',
      `put them into \`${proxy.source}\` as \`http://user:password@host:port\``,
      407,
    )
  throw refusal(
    proxy,
    `refuses to connect to \`${authority}\``,
    `ask whoever runs the proxy, or exempt the host with NO_PROXY`,
    Number(status),
    `HTTP ${status} ${visibleLine(reason, 80)}`.trim(),
  )
}

function readHead(socket: Socket, proxy: Proxied): Promise<string> {
  return new Promise((resolve, reject) => {
    let head = ''
    const settle = (act: () => void) => {
      socket.off('data', take).off('close', cut).off('error', reject)
      socket.pause()
      act()
    }
    const cut = () => settle(() => reject(refusal(proxy, 'closed the connection without an answer', undefined, undefined)))
    const take = (chunk: Buffer) => {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end === -1 && head.length <= MAX_HEADER_BYTES) return
      // The other side of the tunnel speaks only when spoken to: whatever follows the head was put there by the proxy.
      if (end === -1 || (end + 4 < head.length && head.startsWith('2', 9)))
        settle(() => reject(refusal(proxy, 'is not valid HTTP', undefined, undefined)))
      else settle(() => resolve(head.slice(0, end)))
    }
    socket.on('data', take).once('close', cut).once('error', reject)
  })
}

function refusal(proxy: Proxied, what: string, fix: string | undefined, proxyStatus: number | undefined, why?: string): ClawError {
  const subject = what.startsWith('is not') ? `the answer of the proxy \`${proxy.proxy}\`` : `the proxy \`${proxy.proxy}\``
  return new ClawError('CLAW_NETWORK', {
    what: `${subject} ${what}`,
    why,
    fix: fix ?? `check \`${proxy.source}\``,
    data: { sent: false, errno: 'PROXY', proxy: proxy.proxy, source: proxy.source, ...(proxyStatus !== undefined && { proxyStatus }) },
  })
}
