import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'rolldown'
import { rehearsal } from '../../src/app/rehearsal/rehearsal.ts'
import type { MemoryStore } from '../../src/credentials/memory-store.ts'
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
  claw(argv: readonly string[], options?: LineOptions): Promise<Rehearsed>
  /** What the sandbox was asked since the last time that this was asked. */
  asked(): readonly JournalEntry[]
  /** What is stored, in memory: the clock of a file system is nobody's to move. */
  stored(): ReturnType<MemoryStore['read']>
}

export interface RehearsalOptions {
  readonly scenario?: string | undefined
  readonly approvesAtPoll?: number
  /** Methods to switch on, as `PROVIDER/METHOD`. */
  readonly enable?: readonly string[]
  /** The provider whose lines for a job without a key are in force. */
  readonly job?: string
  /** By provider, where it is not the one of the catalogue. */
  readonly region?: { readonly provider: string; readonly name: string }
}

export async function rehearsed({ scenario, approvesAtPoll, enable = [], region, job }: RehearsalOptions = {}): Promise<RehearsalMachine> {
  const { runCli, MemoryStore, MemorySpool, systemMachine } = await bundledCli()
  const clock = fakeClock()
  const sandbox = await startSandbox({
    clock,
    random: seededRandom(),
    mirror: rehearsal(),
    scenario,
    ...(approvesAtPoll === undefined ? {} : { approvesAtPoll }),
  })
  const home = mkdtempSync(join(tmpdir(), 'claw-rehearsal-'))
  const config = join(home, 'config.toml')
  writeFileSync(config, withJob(withRegion(sandbox.toml, region), job), { mode: 0o600 })
  const wire = watchWire()
  const opened = { store: new MemoryStore({ clock, random: systemRandom, machine: systemMachine({}) }), spool: new MemorySpool() }
  const base = { CLAW_HOME: home, CLAW_CONFIG: config, CLAW_CI: '0', ...(enable.length > 0 ? { CLAW_ENABLE: enable.join(',') } : {}) }
  let seen = 0
  return {
    clock,
    sandbox,
    async claw(argv, { stdin = '', env = {}, onEvent } = {}) {
      const beside: Promise<void>[] = []
      let line = ''
      const shell = fakeShell({
        env: { ...base, ...env },
        stdin,
        clock,
        opened,
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

/** The table of the provider is there already, or only those below it are. */
function withRegion(toml: string, region: RehearsalOptions['region']): string {
  if (!region) return toml
  const head = `[providers.${region.provider}]\n`
  const line = `region = "${region.name}"\n`
  return toml.includes(head) ? toml.replace(head, `${head}${line}`) : `${toml}\n${head}${line}`
}

/** Without the signs before the lines of its identity method. */
function withJob(toml: string, provider: string | undefined): string {
  const table = new RegExp(`^(?:# )?\\[providers\\.${provider}\\.auth\\.(?:federation|job)\\]\\n(?:.+\\n)*`, 'm')
  return provider === undefined ? toml : toml.replace(table, (lines) => lines.replace(/^# /gm, ''))
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
function watchWire() {
  const open = new Set<unknown>()
  const begin = (message: unknown) => void open.add(requestOf(message))
  const end = (message: unknown) => void open.delete(requestOf(message))
  const ends = ['undici:request:trailers', 'undici:request:error']
  subscribe('undici:request:create', begin)
  for (const name of ends) subscribe(name, end)
  return {
    isBusy: () => open.size > 0,
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
