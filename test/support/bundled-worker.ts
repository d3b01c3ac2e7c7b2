import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'rolldown'

export interface WorkerEnd {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningWorker {
  readonly child: ChildProcess
  readonly ended: Promise<WorkerEnd>
  /** Resolves when it has printed a line, with that line; rejects when it ends without. */
  readonly firstLine: Promise<string>
}

/** A script of the tests as a process of its own: bundled once, with the test hooks in, since Node 20 runs no TypeScript. */
export class BundledWorker {
  readonly #dir: string
  readonly #running = new Set<ChildProcess>()
  readonly path: string

  private constructor(dir: string, path: string) {
    this.#dir = dir
    this.path = path
  }

  static async build(entry: URL): Promise<BundledWorker> {
    const dir = mkdtempSync(join(tmpdir(), 'claw-worker-'))
    const path = join(dir, 'worker.cjs')
    await build({
      input: entry.pathname,
      platform: 'node',
      transform: { define: { __TEST_HOOKS__: 'true', __VERSION__: '"0.0.0-test"' } },
      output: { file: path, format: 'cjs' },
      logLevel: 'silent',
    })
    return new BundledWorker(dir, path)
  }

  /** Starts it, under another program (`strace …`) if one is named. */
  start(
    args: readonly string[],
    options: { readonly under?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
  ): RunningWorker {
    const [program = process.execPath, ...rest] = [...(options.under ?? []), process.execPath, this.path, ...args]
    // One thread for files: system calls then have numbers, by which strace picks one.
    const child = spawn(program, rest, {
      env: { PATH: process.env.PATH, UV_THREADPOOL_SIZE: '1', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running.add(child)
    child.once('exit', () => this.#running.delete(child))
    let stdout = ''
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk
    })
    const firstLine = new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk
        if (stdout.includes('\n')) resolve(stdout.slice(0, stdout.indexOf('\n')))
      })
      child.once('close', () => reject(new Error(`it ended without a line: ${stderr}`)))
    })
    firstLine.catch(() => undefined)
    const ended = new Promise<WorkerEnd>((resolve) =>
      child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr })),
    )
    return { child, ended, firstLine }
  }

  run(
    args: readonly string[],
    options: { readonly under?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<WorkerEnd> {
    return this.start(args, options).ended
  }

  /** Starts it, and gives it back standing at a named point. */
  async stopAt(point: string, args: readonly string[]): Promise<RunningWorker> {
    const hooks = mkdtempSync(join(this.#dir, 'hooks-'))
    const running = this.start(args, { env: { CLAW_TEST_HOOK: point, CLAW_TEST_HOOK_DIR: hooks } })
    await Promise.race([
      appears(hooks, point),
      running.ended.then(({ stderr }) => Promise.reject(new Error(`it ended before ${point}: ${stderr}`))),
    ])
    return running
  }

  /** Ends what a failed test left running, and removes the bundle. */
  dispose(): void {
    for (const child of this.#running) child.kill('SIGKILL')
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

function appears(dir: string, name: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(dir, () => look())
    const look = () => {
      if (!existsSync(join(dir, name))) return
      watcher.close()
      resolve()
    }
    look()
  })
}
