import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A process that listens on a port of this machine. `name` is its own word for itself: not yet safe to print. */
interface PortOwner {
  readonly pid: number
  readonly name: string
}

/** The state of a socket that listens, in the tables of Linux. */
const LISTEN = '0A'

/**
 * Who listens on a port, by Linux's /proc: the socket in the tables of TCP, then the process that has it open.
 *
 * @returns `undefined` on other systems, and for a process of somebody else, whose open files cannot be read
 */
export function portOwner(port: number): PortOwner | undefined {
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listening(table, port))
  if (sockets.length === 0) return undefined
  const pid = entriesOf('/proc').find((name) => /^\d+$/.test(name) && hasOpen(name, sockets))
  return pid === undefined ? undefined : { pid: Number(pid), name: quietly(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), '') }
}

/** What the files of the sockets that listen there are called, as links of a process name them. */
function listening(table: string, port: number): string[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = quietly(() => readFileSync(table, 'utf8').split('\n'), [])
  return lines.flatMap((line) => {
    // slot, local address, remote address, state, queues, timer, retransmissions, uid, timeout, inode
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    return state === LISTEN && local?.endsWith(end) ? [`socket:[${inode}]`] : []
  })
}

function hasOpen(pid: string, sockets: readonly string[]): boolean {
  const files = entriesOf(`/proc/${pid}/fd`)
  return files.some((file) => sockets.includes(quietly(() => readlinkSync(`/proc/${pid}/fd/${file}`), '')))
}

function entriesOf(directory: string): string[] {
  return quietly(() => readdirSync(directory), [])
}

/** What cannot be read says nothing: a process may end at any moment, or be another user's. */
function quietly<Value>(read: () => Value, otherwise: Value): Value {
  try {
    return read()
  } catch {
    return otherwise
  }
}
