import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'rolldown'
import { rehearsal } from '../../src/app/rehearsal/rehearsal.ts'
import type { MemoryStore } from '../../src/credentials/memory-store.ts'
import { systemMachine } from '../../src/platform/system-machine.ts'
import { systemRandom } from '../../src/platform/random.ts'
import type { JournalEntry } from '../../src/sandbox/journal.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts'
import { type FakeClock, fakeClock } from './fake-clock.ts'
import { fakeShell } from './fake-shell.ts'
import { seededRandom } from './seeded-random.ts'

type Json = Readonly<Record<string, unknown>>

export interface Rehearsed {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** The lines of stdout that are JSON. */
  readonly events: readonly Json[]
  /** The last of them. */
  readonly result: Json
}

export interface LineOptions {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  /** Sees every JSON line of stdout as it comes; what it does belongs to the work that is waited for. */
  readonly onEvent?: (event: Json) => Promise<void>
}

/** Command lines on a machine of their own, in this process, at a sandbox over real sockets, by a clock that both go by. */
export interface RehearsalMachine extends AsyncDisposable {
  readonly clock: FakeClock
  readonly sandbox: Sandbox
  /** Its configuration is there, and whatever else a test puts there. */
  readonly home: string
  claw(argv: readonly string[], options?: LineOptions): Promise<Rehearsed>
  /** What the sandbox was asked since the last time that this was asked. */
  asked(): readonly JournalEntry[]
  /** What is stored, in memory: the clock of a file system is nobody's to move. */
  stored(): ReturnType<MemoryStore['read']>
}

/** Null = the line is taken away. */
export type JobSetting = string | null

export interface JobTable {
  readonly provider: string
  readonly settings: Readonly<Record<string, JobSetting>>
}

export interface RehearsalOptions {
  readonly scenario?: string | undefined
  readonly approvesAtPoll?: number
  /** Methods to switch on, as `PROVIDER/METHOD`. */
  readonly enable?: readonly string[]
  /** The provider whose lines for a job without a key are in force; or it alone, with other lines in their place or beside them. */
  readonly job?: string | ((at: { readonly origin: string; readonly home: string }) => JobTable) | undefined
  /** How far the clock of the machine is ahead of everybody else's, ms. */
  readonly aheadMs?: number
  /** By provider, where it is not the one of the catalogue. */
  readonly region?: { readonly provider: string; readonly name: string }
}

const MIRROR = rehearsal()
const MACHINE = systemMachine({})

/** Where the socket of the platform is, if the machine has one. */
export function socketIn(home: string): string {
  return join(home, 'api')
}

export async function rehearsed(options: RehearsalOptions = {}): Promise<RehearsalMachine> {
  const { scenario, approvesAtPoll, enable = [], aheadMs = 0 } = options
  const { runCli, MemoryStore, MemorySpool } = await bundledCli()
  const clock = fakeClock()
  const own = aheadOf(clock, aheadMs)
  const waiting = sleepers(clock)
  const sandbox = await startSandbox({
    clock: waiting.clock,
    random: seededRandom(),
    mirror: MIRROR,
    scenario,
    ...(approvesAtPoll === undefined ? {} : { approvesAtPoll }),
  })
  const home = mkdtempSync(join(tmpdir(), 'claw-rehearsal-'))
  const config = join(home, 'config.toml')
  writeFileSync(config, configOf(sandbox, home, options), { mode: 0o600 })
  // Time goes on while all that is on the wire is what the sandbox lets wait.
  const wire = watchWire(() => waiting.count())
  const opened = { store: new MemoryStore({ clock: own, random: systemRandom, machine: MACHINE }), spool: new MemorySpool() }
  const base = { CLAW_HOME: home, CLAW_CONFIG: config, CLAW_CI: '0', ...(enable.length > 0 ? { CLAW_ENABLE: enable.join(',') } : {}) }
  let seen = 0
  return {
    clock,
    sandbox,
    home,
    async claw(argv, { stdin = '', env = {}, onEvent } = {}) {
      const beside: Promise<void>[] = []
      let line = ''
      const shell = fakeShell({
        env: { ...base, ...env },
        stdin,
        clock: own,
        opened,
        machine: MACHINE,
        socketPath: socketIn(home),
        onText(text) {
          if (!onEvent) return
          const lines = `${line}${text}`.split('\n')
          line = lines.pop() ?? ''
          for (const event of lines.flatMap(jsonIn)) beside.push(wire.during(onEvent(event)))
        },
      })
      const exitCode = await clock.driveUntil(runCli(argv, shell), wire.isBusy)
      await clock.driveUntil(Promise.all(beside), wire.isBusy)
      const events = shell.out.text.split('\n').flatMap(jsonIn)
      return { exitCode, stdout: shell.out.text, stderr: shell.err.text, events, result: events.at(-1) ?? {} }
    },
    asked() {
      const news = sandbox.journal.slice(seen)
      seen = sandbox.journal.length
      return news
    },
    stored: () => opened.store.read(),
    async [Symbol.asyncDispose]() {
      wire.stop()
      await sandbox.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** The same time, shown by a clock that is wrong. */
function aheadOf(clock: FakeClock, byMs: number): FakeClock {
  return Object.create(clock, {
    now: { value: () => clock.now() + byMs },
    wall: { value: () => clock.wall() + byMs },
    sleepUntil: { value: (instant: number, signal?: AbortSignal) => clock.sleepUntil(instant - byMs, signal) },
  })
}

/** The same clock, and how many wait by it. */
function sleepers(clock: FakeClock): { readonly clock: FakeClock; count(): number } {
  let count = 0
  const sleepUntil = async (instant: number, signal?: AbortSignal) => {
    count += 1
    try {
      await clock.sleepUntil(instant, signal)
    } finally {
      count -= 1
    }
  }
  return { clock: Object.create(clock, { sleepUntil: { value: sleepUntil } }), count: () => count }
}

function configOf({ toml, origin }: Sandbox, home: string, { region, job }: RehearsalOptions): string {
  if (job === undefined) return withRegion(toml, region)
  if (typeof job === 'string') return withJob(toml, { provider: job, settings: {} })
  const table = job({ origin, home })
  return tablesOf(table.provider, withJob(toml, table))
}

/** The table of the provider is there already, or only those below it are. */
function withRegion(toml: string, region: RehearsalOptions['region']): string {
  if (!region) return toml
  const head = `[providers.${region.provider}]\n`
  const line = `region = "${region.name}"\n`
  return toml.includes(head) ? toml.replace(head, `${head}${line}`) : `${toml}\n${head}${line}`
}

/** Without the signs before the lines of its identity method, and with other values. */
function withJob(toml: string, { provider, settings }: JobTable): string {
  const table = new RegExp(`^(?:# )?\\[providers\\.${provider}\\.auth\\.(?:federation|job)\\]\\n(?:.+\\n)*`, 'm')
  return toml.replace(table, (text) => {
    const lines = text.replace(/^# /gm, '').trimEnd().split('\n')
    const others = lines.filter((line) => !Object.keys(settings).some((name) => line.startsWith(`${name} = `)))
    const own = Object.entries(settings).flatMap(([name, value]) => (value === null ? [] : [`${name} = ${JSON.stringify(value)}`]))
    return [...others, ...own, ''].join('\n')
  })
}

/** The tables of one provider alone: what nobody asks about need not be read by every command. */
function tablesOf(provider: string, toml: string): string {
  return toml
    .split(/^(?=\[)/m)
    .filter((table) => table.startsWith(`[providers.${provider}]`) || table.startsWith(`[providers.${provider}.`))
    .join('')
}

type Bundle = typeof import('./bundled-cli.ts')

let bundled: Promise<Bundle> | undefined

/**
 * The command line in one piece. What the test runner loads a piece of, while a command already runs, takes time that no
 * clock of a test sees: a deadline would pass meanwhile.
 */
export function bundledCli(): Promise<Bundle> {
  bundled ??= bundle()
  return bundled
}

async function bundle(): Promise<Bundle> {
  const dir = mkdtempSync(join(tmpdir(), 'claw-bundle-'))
  try {
    const file = join(dir, 'run-cli.cjs')
    await build({
      input: new URL('./bundled-cli.ts', import.meta.url).pathname,
      platform: 'node',
      external: ['@napi-rs/keyring'],
      transform: { define: { __TEST_HOOKS__: 'false', __VERSION__: '"0.0.0-test"' } },
      output: { file, format: 'cjs', codeSplitting: false },
      logLevel: 'silent',
    })
    return createRequire(import.meta.url)(file)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Whether a request of this process is on the wire: time must stand still then, or the nearest timer fires in the middle of it. */
function watchWire(held: () => number) {
  const open = new Set<unknown>()
  const begin = (message: unknown) => void open.add(requestOf(message))
  const end = (message: unknown) => void open.delete(requestOf(message))
  const ends = ['undici:request:trailers', 'undici:request:error']
  subscribe('undici:request:create', begin)
  for (const name of ends) subscribe(name, end)
  return {
    isBusy: () => open.size > held(),
    /** Work of another program, such as a browser, that is waited for as a request is. */
    async during(work: Promise<void>): Promise<void> {
      open.add(work)
      try {
        await work
      } finally {
        open.delete(work)
      }
    },
    stop() {
      unsubscribe('undici:request:create', begin)
      for (const name of ends) unsubscribe(name, end)
    },
  }
}

function requestOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'request' in message ? message.request : message
}

function jsonIn(line: string): Json[] {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? [{ ...value }] : []
  } catch {
    return []
  }
}
