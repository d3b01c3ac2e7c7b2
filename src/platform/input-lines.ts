import { ClawError } from '../core/errors.ts'

/** The longest line that is taken, characters. */
const LONGEST_LINE = 65_536

/** Lines of stdin, one at a time, for a command that does something else meanwhile. */
export interface InputLines {
  /** The next line without its end; `null` after the last. @throws {ClawError} `CLAW_DATA_INVALID` for one that does not end. */
  next(signal: AbortSignal): Promise<string | null>
  /** Lets go of stdin: a pipe that stays open keeps no process alive. */
  close(): void
}

/** Begins to read stdin. */
export function stdinLines(): InputLines {
  const { stdin } = process
  const lines: string[] = []
  let rest = ''
  let isEnded = false
  let wake: () => void = () => undefined
  const end = () => {
    if (rest !== '') lines.push(rest)
    rest = ''
    isEnded = true
    wake()
  }
  stdin.setEncoding('utf8')
  stdin.on('data', (text: string) => {
    const [last = '', ...whole] = `${rest}${text}`.split(/\r?\n/).reverse()
    lines.push(...whole.reverse())
    rest = last
    wake()
  })
  stdin.once('end', end).once('error', end).once('close', end)
  return {
    async next(signal) {
      for (;;) {
        signal.throwIfAborted()
        const line = lines.shift()
        if (line !== undefined) return line
        if (rest.length > LONGEST_LINE) throw new ClawError('CLAW_DATA_INVALID', { what: 'stdin holds a line that does not end' })
        if (isEnded) return null
        await new Promise<void>((resolve) => {
          wake = () => {
            signal.removeEventListener('abort', wake)
            resolve()
          }
          signal.addEventListener('abort', wake, { once: true })
        })
      }
    },
    close() {
      stdin.removeAllListeners('data')
      stdin.destroy()
    },
  }
}
