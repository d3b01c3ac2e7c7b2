import type { Socket } from 'node:net'

/**
 * Keeps the number of connections of a server below a limit by ending the one that has been without work for longest. A
 * client that says nothing can so keep nobody out, as it could where the newest is turned away.
 */
export class ConnectionLimit {
  readonly #most: number
  /** In order of arrival, or of the end of their last request. */
  readonly #idle = new Set<Socket>()
  readonly #busy = new Set<Socket>()

  constructor(most: number) {
    this.#most = most
  }

  add(socket: Socket): void {
    this.#idle.add(socket)
    socket.once('close', () => {
      this.#idle.delete(socket)
      this.#busy.delete(socket)
    })
    if (this.#idle.size + this.#busy.size <= this.#most) return
    const [oldest] = this.#idle
    if (!oldest) return
    this.#idle.delete(oldest)
    oldest.destroy()
  }

  /** A request of it is in work: it is not ended for another. */
  begin(socket: Socket): void {
    if (this.#idle.delete(socket)) this.#busy.add(socket)
  }

  end(socket: Socket): void {
    if (this.#busy.delete(socket)) this.#idle.add(socket)
  }
}
