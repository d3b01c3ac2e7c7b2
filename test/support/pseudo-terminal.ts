import { spawn } from 'node:child_process'

/** A program at a terminal of its own, made by script(1). */
export interface PseudoTerminal {
  /** Everything that the terminal has shown. */
  readonly shown: string
  /** Resolves once the terminal has shown a text. */
  shows(text: string): Promise<void>
  type(text: string): void
  /** Its end, with all that was shown. */
  readonly ended: Promise<string>
}

/** Runs a shell command at a pseudo-terminal. */
export function atTerminal(command: string, env: Readonly<Record<string, string>>): PseudoTerminal {
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { PATH: process.env.PATH, TERM: 'xterm', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  let shown = ''
  const waiting: { readonly text: string; resolve(): void }[] = []
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    shown += piece
    for (const each of waiting) if (shown.includes(each.text)) each.resolve()
  })
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve(shown))
  })
  return {
    get shown() {
      return shown
    },
    shows: (text) =>
      new Promise((resolve, reject) => {
        if (shown.includes(text)) return resolve()
        waiting.push({ text, resolve })
        void ended.then(() => reject(new Error(`it ended without showing ${text}:\n${shown}`)))
      }),
    type: (text) => void child.stdin.write(text),
    ended,
  }
}
