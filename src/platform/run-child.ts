import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { ClawError } from '../core/errors.ts'
import { errnoOf } from './files.ts'

export interface ChildEnd {
  /** Its exit code, or 128 + the signal that killed it; 127 = there is no such program, 126 = it cannot be executed (env(1)). */
  readonly code: number
  /** Why it could not be started; `null` = it ran. */
  readonly errno: string | null
}

const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs a program with exactly this environment and the streams of this process, and ends as it ends. A signal of the system
 * that aborts `signal` is handed on; a deadline is not, it bounds no program of the user.
 *
 * @throws the reason of a `signal` that was aborted before.
 */
export async function runChild(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ChildEnd> {
  signal.throwIfAborted()
  const [program, ...args] = argv
  if (!program) return { code: 127, errno: 'ENOENT' }
  return await new Promise((resolve) => {
    const child = spawn(program, args, { env: { ...environment }, stdio: 'inherit' })
    const pass = () => {
      const name = FORWARDED.find((each) => signal.reason instanceof ClawError && signal.reason.data.signal === each)
      // A terminal sends its SIGINT to the whole group: twice would be more than was meant.
      if (name && !(name === 'SIGINT' && process.stdin.isTTY)) child.kill(name)
    }
    signal.addEventListener('abort', pass, { once: true })
    const end = (code: number, errno: string | null) => {
      signal.removeEventListener('abort', pass)
      resolve({ code, errno })
    }
    child.once('error', (error) => end(errnoOf(error) === 'ENOENT' ? 127 : 126, errnoOf(error)))
    child.once('exit', (code, name) => end(code ?? 128 + (name ? constants.signals[name] : 0), null))
  })
}
