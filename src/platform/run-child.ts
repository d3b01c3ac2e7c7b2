import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { errnoOf } from './files.ts'

/**
 * Runs a command with the streams of this process, and ends as it ends: its exit code, 128 + the signal that killed it, 127
 * where there is no such program, 126 where it cannot be executed (env(1)).
 */
export function runChild(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ readonly code: number; readonly errno: string | null }> {
  const [program = '', ...args] = argv
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: { ...environment }, stdio: 'inherit' })
    const stop = () => child.kill('SIGTERM')
    signal.addEventListener('abort', stop, { once: true })
    const end = (code: number, errno: string | null) => {
      signal.removeEventListener('abort', stop)
      resolve({ code, errno })
    }
    child.once('error', (error) => end(errnoOf(error) === 'ENOENT' ? 127 : 126, errnoOf(error)))
    child.once('exit', (code, name) => end(code ?? 128 + (name ? constants.signals[name] : 0), null))
  })
}
