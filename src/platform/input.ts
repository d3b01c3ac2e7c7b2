import { ClawError } from '../core/errors.ts'
import type { Clock } from './clock.ts'
import { HiddenLine } from './hidden-line.ts'
import { type InputLines, stdinLines } from './input-lines.ts'
import { isTerminal } from './terminal.ts'

/** stdin, opened only when a command was asked to read it. */
export interface Input {
  readonly isTTY: boolean
  /**
   * Everything up to the end of stdin.
   * @throws {ClawError} `CLAW_DATA_INVALID` beyond `maxBytes`, `CLAW_TIMEOUT` when it does not end in time.
   */
  readAll(limits: { readonly maxBytes: number; readonly withinMs: number | undefined; readonly signal: AbortSignal }): Promise<Buffer>
  /** What comes line by line, for a command that does something else meanwhile. */
  lines(): InputLines
  /** One line without echo, from a terminal; empty where nothing was typed or the terminal went away. */
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
    lines: stdinLines,
    readHidden(prompt, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const { stdin, stderr } = process
        const typed = new HiddenLine()
        const end = (then: () => void) => {
          signal.removeEventListener('abort', stop)
          stdin.removeListener('data', onData).removeListener('end', hangUp).removeListener('error', hangUp)
          stdin.setRawMode(false)
          stdin.pause()
          stderr.write('\n')
          then()
        }
        const stop = () => end(() => reject(signal.reason))
        // A terminal that went away: nothing was given.
        const hangUp = () => end(() => resolve(''))
        const onData = (chunk: Buffer) => {
          const outcome = typed.feed(chunk)
          if (outcome.kind === 'line') end(() => resolve(outcome.line))
          // Raw mode swallows the terminal's own signals: they are sent on, and the abort that follows ends the wait.
          else if (outcome.kind === 'interrupt') process.kill(process.pid, 'SIGINT')
        }
        signal.addEventListener('abort', stop, { once: true })
        stdin.on('data', onData).on('end', hangUp).on('error', hangUp)
        // The echo is off before anybody is asked: whoever answers at once is not shown either.
        stdin.setRawMode(true)
        stdin.resume()
        stderr.write(prompt)
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
