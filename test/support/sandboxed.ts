import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rehearsal } from '../../src/app/rehearsal/rehearsal.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts'
import { type RunOptions as ProcessOptions, type Ended as ProcessEnded, runClaw } from './run-claw.ts'
import { expireStored } from './stored-expiry.ts'

type Json = Readonly<Record<string, unknown>>

export interface Ended extends ProcessEnded {
  /** The lines of stdout that are JSON. */
  readonly events: readonly Json[]
  readonly result: Json | undefined
}

export interface RunOptions extends Pick<ProcessOptions, 'env' | 'stdin' | 'stdout' | 'cwd' | 'onStart'> {
  /** Sees what is printed while it is printed. */
  readonly onStdout?: (text: string) => void
}

type Args = [RunOptions, ...string[]] | string[]

/** A machine of its own: a fresh home, and the built binary. */
export interface TestMachine extends AsyncDisposable {
  readonly home: string
  claw(...args: Args): Promise<Ended>
  write(name: string, text: string): Promise<string>
  /** Runs the test build until it reaches a named point, and kills it there. */
  killAt(point: string, ...args: Args): Promise<void>
  mountReadOnly(dir: string): void
  unmount(dir: string): void
}

/** A machine beside a loopback provider, with the journal of what that was asked. */
export interface Sandboxed extends TestMachine {
  readonly origin: string
  /** The configuration that leads to it. */
  readonly toml: string
  readonly identity: Sandbox['identity']
  /** Another machine at the same provider. */
  fresh(): TestMachine
  journal(): readonly Json[]
  /** Makes the stored access token expired for claw and for the provider; `state` is where claw keeps it, if not below its home. */
  expireAccess(state?: string): void
  stop(): Promise<void>
}

export async function sandboxed(options: { scenario?: string; requestTimeout?: string } = {}): Promise<Sandboxed> {
  const sandbox: Sandbox = await startSandbox({
    clock: systemClock(),
    random: systemRandom,
    mirror: rehearsal(),
    approvesAtPoll: 1,
    ...(options.scenario ? { scenario: options.scenario } : {}),
  })
  const toml = `${sandbox.toml}${options.requestTimeout ? `\n[store]\nrequest_timeout = "${options.requestTimeout}"\n` : ''}`
  const machine = machineWith(toml)
  return {
    ...machine,
    origin: sandbox.origin,
    toml,
    identity: sandbox.identity,
    fresh: () => machineWith(toml),
    journal: () => sandbox.journal.map((entry) => ({ ...entry })),
    expireAccess(state) {
      sandbox.expireAccess()
      expireStored(machine.home, state)
    },
    stop: () => sandbox.close(),
    async [Symbol.asyncDispose]() {
      await sandbox.close()
      await machine[Symbol.asyncDispose]()
    },
  }
}

/** A machine with a configuration of its own. */
export function machineWith(toml: string): TestMachine {
  const home = mkdtempSync(join(tmpdir(), 'claw-test-'))
  const config = join(home, 'config.toml')
  writeFileSync(config, toml, { mode: 0o600 })
  const base = { HOME: home, CLAW_HOME: home, CLAW_CONFIG: config }
  const mounted = new Set<string>()
  const unmount = (dir: string) => {
    spawnSync('umount', [dir])
    mounted.delete(dir)
  }
  return {
    home,
    claw: (...args) => {
      const [first, ...rest] = args
      return typeof first === 'object' ? run(rest.map(String), base, first, home) : run(args.map(String), base, {}, home)
    },
    async killAt(point, ...given) {
      const [first, ...rest] = given
      const { env = {} } = typeof first === 'object' ? first : {}
      const args = (typeof first === 'object' ? rest : given).map(String)
      const hooks = mkdtempSync(join(home, 'hooks-'))
      const ended = await runClaw(args, {
        isTestBuild: true,
        cwd: home,
        env: { ...base, ...env, CLAW_TEST_HOOK: point, CLAW_TEST_HOOK_DIR: hooks },
        onStart: (child) => void appears(hooks, point).then(() => child.kill('SIGKILL')),
      })
      if (ended.signal !== 'SIGKILL') throw new Error(`it ended before ${point}: exit ${ended.exitCode}\n${ended.stderr}`)
    },
    async write(name, text) {
      const file = join(home, name)
      writeFileSync(file, text, { mode: 0o600 })
      return file
    },
    mountReadOnly(dir) {
      mkdirSync(dir, { recursive: true })
      spawnSync('mount', ['--bind', dir, dir])
      mounted.add(dir)
      const made = spawnSync('mount', ['-o', 'remount,ro,bind', dir])
      if (made.status !== 0) throw new Error(`cannot mount ${dir} read-only: ${made.stderr.toString()}`)
    },
    unmount,
    async [Symbol.asyncDispose]() {
      for (const dir of mounted) unmount(dir)
      rmSync(home, { recursive: true, force: true })
    },
  }
}

async function run(args: readonly string[], base: Readonly<Record<string, string>>, options: RunOptions, home: string): Promise<Ended> {
  const { onStdout, onStart, env, ...given } = options
  const ended = await runClaw(args, {
    cwd: home,
    ...given,
    env: { ...base, ...env },
    onStart: (child) => {
      onStart?.(child)
      if (onStdout) child.stdout?.on('data', (chunk) => onStdout(String(chunk)))
    },
  })
  const events = ended.stdout.split('\n').flatMap(objectIn)
  return { ...ended, events, result: events.at(-1) }
}

function objectIn(line: string): Json[] {
  if (!line.startsWith('{')) return []
  try {
    return [JSON.parse(line)]
  } catch {
    return []
  }
}

async function appears(dir: string, name: string): Promise<void> {
  const notices = watch(dir)
  if (existsSync(join(dir, name))) return
  for await (const _ of notices) if (existsSync(join(dir, name))) return
}
