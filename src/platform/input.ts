import { ClawError } from '../core/errors.ts'
import type { Clock } from './clock.ts'
import { isTerminal } from './terminal.ts'

/** stdin, opened only when a command was asked to read it. */
export interface Input {
  readonly isTTY: boolean
  /**
   * Everything up to the end of stdin.
   * @throws {ClawError} `CLAW_DATA_INVALID` beyond `maxBytes`, `CLAW_TIMEOUT` when it does not end in time.
   */
  readAll(limits: { readonly maxBytes: number; readonly withinMs: number | undefined; readonly signal: AbortSignal }): Promise<Buffer>
  /** One line without echo, from a terminal. */
  readHidden(prompt: string, signal: AbortSignal): Promise<string>
}

export function processInput(clock: Clock): Input {
  return {
    get isTTY() {
      return isTerminal(0)
    },
    readAll({ maxBytes, withinMs, signal }) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const { stdin } = process
        const chunks: Buffer[] = []
        let length = 0
        const timer = withinMs === undefined ? undefined : clock.setTimeout(() => end(() => reject(late(withinMs))), withinMs)
        const stop = () => end(() => reject(signal.reason))
        const end = (then: () => void) => {
          if (timer !== undefined) clock.clearTimeout(timer)
          signal.removeEventListener('abort', stop)
          stdin.removeAllListeners('data')
          stdin.removeAllListeners('end')
          stdin.destroy()
          then()
        }
        signal.addEventListener('abort', stop, { once: true })
        stdin.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length > maxBytes) {
            return end(() =>
              reject(new ClawError('CLAW_DATA_INVALID', { what: `stdin holds more than ${Math.floor(maxBytes / 1024)} KiB` })),
            )
          }
          chunks.push(chunk)
        })
        stdin.on('end', () => end(() => resolve(Buffer.concat(chunks))))
        stdin.on('error', () => end(() => resolve(Buffer.concat(chunks))))
      })
    },
    readHidden(prompt, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const { stdin, stderr } = process
        let line = ''
        stderr.write(prompt)
        stdin.setRawMode(true)
        stdin.resume()
        const end = (then: () => void) => {
          stdin.setRawMode(false)
          stdin.pause()
          stdin.removeListener('data', onData)
          signal.removeEventListener('abort', stop)
          stderr.write('\n')
          then()
        }
        const stop = () => end(() => reject(signal.reason))
        const onData = (chunk: Buffer) => {
          for (const character of chunk.toString('utf8')) {
            if (character === '\r' || character === '\n' || character === '\u0004') return end(() => resolve(line))
            // Raw mode swallows the terminal's own signals: they are sent on, and the abort that follows ends the wait.
            if (character === '\u0003') return void process.kill(process.pid, 'SIGINT')
            if (character === '\u007f' || character === '\b') line = line.slice(0, -1)
            else line += character
          }
        }
        signal.addEventListener('abort', stop, { once: true })
        stdin.on('data', onData)
      })
    },
  }
}

function late(withinMs: number): ClawError {
  const seconds = withinMs / 1_000
  return new ClawError('CLAW_TIMEOUT', {
    what: `stdin did not end within ${seconds} s`,
    why: 'limit stdin, built-in',
    fix: 'close stdin after the value, as `printf %s "$KEY" | claw …` does',
    data: { limit: { limit: 'stdin', seconds, source: 'built-in' } },
  })
}
