import { connect, type Socket } from 'node:net'
import { networkError } from './network-error.ts'

/**
 * Connects to a server on a unix socket of this machine.
 *
 * @throws {ClawError} `CLAW_NETWORK` with `data.sent = false`; the reason of the signal.
 */
export function connectUnix(path: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const socket = connect({ path })
    const settle = (end: () => void) => {
      signal.removeEventListener('abort', stop)
      end()
    }
    const stop = () => {
      socket.destroy()
      settle(() => reject(signal.reason))
    }
    signal.addEventListener('abort', stop, { once: true })
    socket.once('connect', () => settle(() => resolve(socket)))
    // It stays: a connection that breaks later says so again to whoever uses it.
    socket.on('error', (error) => settle(() => reject(networkError(error, { origin: path, sent: false }))))
  })
}
