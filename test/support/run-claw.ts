import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'

const ROOT = new URL('../..', import.meta.url).pathname
/** Far above what any command takes: a run that reaches it hangs. */
const KILL_AFTER_MS = 60_000

export interface Ended {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Beside PATH and a HOME that is nobody's; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** `closed` (the default), `held` (a pipe that never ends), or the text of a pipe. */
  readonly stdin?: string
  /** A file or device instead of a pipe. */
  readonly stdout?: string
  readonly cwd?: string
  /** Another Node. */
  readonly execPath?: string
  /** Options of Node, before the program. */
  readonly node?: readonly string[]
  /** The build with pauses for tests. */
  readonly isTestBuild?: boolean
  /** Called with the process as soon as it runs. */
  readonly onStart?: (child: ChildProcess) => void
}

/** Runs the built binary to its end, however it ends. */
export async function runClaw(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const stdin = options.stdin ?? 'closed'
  const stdout = options.stdout === undefined ? 'pipe' : openSync(options.stdout, 'w')
  const bin = `${ROOT}${options.isTestBuild ? 'dist-test' : 'dist'}/main.cjs`
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', CLAW_CI: '0', ...options.env }
  const child = spawn(options.execPath ?? process.execPath, [...(options.node ?? []), bin, ...args], {
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
    cwd: options.cwd ?? tmpdir(),
    stdio: [stdin === 'closed' ? 'ignore' : 'pipe', stdout, 'pipe'],
    timeout: KILL_AFTER_MS,
    killSignal: 'SIGKILL',
  })
  if (typeof stdout === 'number') closeSync(stdout)
  if (stdin !== 'closed' && stdin !== 'held') child.stdin?.end(stdin)
  child.stdin?.on('error', () => undefined)
  options.onStart?.(child)
  const ended = new Promise<Pick<Ended, 'exitCode' | 'signal'>>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }))
    // A pipe that is held open would keep the child's side alive.
    child.once('exit', () => child.stdin?.destroy())
  })
  const [out, err, how] = await Promise.all([textOf(child.stdout), textOf(child.stderr), ended])
  return { ...how, stdout: out, stderr: err }
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = ''
  if (stream) for await (const chunk of stream) text += chunk
  return text
}
