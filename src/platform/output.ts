import { fstatSync } from 'node:fs'
import { ClawError } from '../core/errors.ts'
import { isTerminal } from './terminal.ts'

/** Where a command writes: stdout or stderr. */
export interface Output {
  /**
   * Resolves when the text is taken, so that a slow reader slows the writer down.
   * @throws {ClawError} `CLAW_OUTPUT` when stdout is full or broken; what goes to people on stderr is then lost.
   */
  write(text: string): Promise<void>
  readonly isTTY: boolean
  /** Neither a pipe nor a terminal: nothing that reads along acts on what it holds. */
  readonly isRegularFile: boolean
  readonly columns: number
  /** The reader has gone (EPIPE): whatever is written from now on is thrown away. */
  readonly isClosed: boolean
}

/** One of the standard streams of this process; it is opened by the first write. */
export function processOutput(name: 'stdout' | 'stderr'): Output {
  const fd = name === 'stdout' ? 1 : 2
  let stream: NodeJS.WriteStream | undefined
  let isClosed = false
  const open = () => {
    stream = process[name]
    // Each write reports its own failure; without a listener the stream would end the process.
    stream.on('error', () => undefined)
    return stream
  }
  return {
    get isTTY() {
      return isTerminal(fd)
    },
    get isRegularFile() {
      return isRegularFile(fd)
    },
    get columns() {
      return isTerminal(fd) ? Math.max(40, (stream ?? open()).columns) : 80
    },
    get isClosed() {
      return isClosed
    },
    write(text) {
      if (isClosed || text === '') return Promise.resolve()
      return new Promise((resolve, reject) => {
        const target = stream ?? open()
        target.write(text, (error) => {
          if (!error) return resolve()
          isClosed = true
          const errno = 'code' in error && typeof error.code === 'string' ? error.code : error.name
          if (name === 'stderr' || errno === 'EPIPE' || errno === 'ERR_STREAM_DESTROYED') return resolve()
          reject(new ClawError('CLAW_OUTPUT', { what: 'writing to stdout failed', why: errno, cause: error }))
        })
      })
    },
  }
}

function isRegularFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile()
  } catch {
    return false
  }
}
