import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join, relative } from 'node:path'
import type { Clock } from './clock.ts'
import type { Environment } from './environment.ts'
import { isDirectory } from './files.ts'

/** A program that is asked for one value. */
export interface CommandRequest {
  /** The program and its arguments: no shell reads them. */
  readonly argv: readonly string[]
  readonly environment: Environment
  /** Variables that it may see beside the usual few. */
  readonly passOn: readonly string[]
  /** Where it runs; `/` where that does not exist. */
  readonly cwd: string | null
  /** A directory of which no program is taken from the search path. */
  readonly avoid: string | null
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Longest run, ms. */
  readonly deadlineMs?: number
}

export interface CommandResult {
  /** `exited`: by itself, with `exitCode`. The others have no usable output. */
  readonly ended: 'exited' | 'killed' | 'timeout' | 'too_much' | 'not_found' | 'not_started'
  readonly exitCode: number | null
  readonly stdout: Buffer
  /** The beginning of it. It may hold secrets. */
  readonly stderr: string
}

/** The longest output that is taken, bytes (S-21). */
export const MAX_COMMAND_OUTPUT = 64 * 1024
/** The longest a program may run, ms (S-21). */
export const COMMAND_DEADLINE_MS = 10_000
const MAX_COMMAND_STDERR = 8 * 1024
const SEEN_BY_EVERY_COMMAND = /^(?:PATH|HOME|LANG|XDG_[A-Z_]+|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY)$/

/**
 * Runs a program in its own process group, without stdin, with the few variables it needs, and kills the whole group when
 * it is over: at its end, at the deadline, after too much output, or when the signal is aborted.
 *
 * @throws the reason of `signal` when that is aborted.
 */
export async function runCommand(request: CommandRequest): Promise<CommandResult> {
  const [name = '', ...args] = request.argv
  const program = await findProgram(name, request)
  request.signal.throwIfAborted()
  if (program === undefined) return { ended: 'not_found', exitCode: null, stdout: Buffer.alloc(0), stderr: '' }
  const cwd = request.cwd !== null && (await isDirectory(request.cwd)) ? request.cwd : '/'
  // A group of its own: what the program has started is killed with it.
  const child = spawn(program, args, { cwd, env: environmentFor(request), stdio: ['ignore', 'pipe', 'pipe'], detached: true, shell: false })
  return await watch(child, request)
}

function watch(child: ChildProcess, { clock, signal, deadlineMs = COMMAND_DEADLINE_MS }: CommandRequest): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = []
    let outLength = 0
    let stderr = ''
    let isOver = false
    const finish = (end: () => void) => {
      if (isOver) return
      isOver = true
      clock.clearTimeout(timer)
      signal.removeEventListener('abort', cancel)
      killGroup(child)
      child.stdout?.destroy()
      child.stderr?.destroy()
      end()
    }
    const done = (ended: CommandResult['ended'], exitCode: number | null = null) =>
      finish(() => resolve({ ended, exitCode, stdout: ended === 'exited' ? Buffer.concat(out) : Buffer.alloc(0), stderr }))
    const cancel = () => finish(() => reject(signal.reason))
    const timer = clock.setTimeout(() => done('timeout'), deadlineMs)
    signal.addEventListener('abort', cancel, { once: true })
    child.stdout?.on('data', (chunk: Buffer) => {
      out.push(chunk)
      outLength += chunk.length
      if (outLength > MAX_COMMAND_OUTPUT) done('too_much')
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      if (stderr.length < MAX_COMMAND_STDERR) stderr = `${stderr}${chunk.toString('utf8')}`.slice(0, MAX_COMMAND_STDERR)
    })
    child.on('error', () => done('not_started'))
    // Whatever it left running holds the pipes open: without it they end, and everything written has been read.
    child.on('exit', () => isOver || killGroup(child))
    child.on('close', (code) => done(code === null ? 'killed' : 'exited', code))
  })
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left of the group.
  }
}

function environmentFor({ environment, passOn }: CommandRequest): Record<string, string> {
  const names = environment.names.filter((name) => SEEN_BY_EVERY_COMMAND.test(name) || passOn.includes(name))
  return Object.fromEntries(names.map((name) => [name, environment.get(name) ?? '']))
}

/** An absolute path, or a name found in the absolute directories of PATH, those below `avoid` left out. */
export async function findProgram(
  name: string,
  { environment, avoid }: Pick<CommandRequest, 'environment' | 'avoid'>,
): Promise<string | undefined> {
  if (isAbsolute(name)) return (await isProgram(name)) ? name : undefined
  if (name === '' || name.includes('/')) return undefined
  for (const dir of (environment.get('PATH') ?? '').split(delimiter)) {
    if (!isAbsolute(dir) || (avoid !== null && isWithin(dir, avoid))) continue
    const path = join(dir, name)
    if (await isProgram(path)) return path
  }
  return undefined
}

function isWithin(path: string, directory: string): boolean {
  const from = relative(directory, path)
  return from === '' || (from !== '..' && !from.startsWith('../') && !isAbsolute(from))
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
