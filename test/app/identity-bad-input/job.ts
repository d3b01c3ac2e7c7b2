import { expect } from 'vitest'
import type { SubjectOptions } from '../../../src/sandbox/identity/issuer.ts'
import type { JournalEntry } from '../../../src/sandbox/journal.ts'
import type { ExchangeFault } from '../../../src/sandbox/scenarios.ts'
import { type JobSetting, rehearsed, type Rehearsed, type RehearsalMachine } from '../../support/rehearsed.ts'

export interface JobOptions {
  readonly provider?: string
  /** `fresh` asks GitHub's endpoint each time, `fixed` reads a variable. */
  readonly source?: 'fresh' | 'fixed'
  readonly settings?: Readonly<Record<string, JobSetting>>
  readonly scenario?: string
  /** What the next exchanges meet. */
  readonly faults?: readonly ExchangeFault[]
  /** Of a fixed source. */
  token?(mint: (options?: SubjectOptions) => string): string
}

export interface Job extends AsyncDisposable {
  readonly world: RehearsalMachine
  /** Puts another token where a fixed one is. */
  replace(token: string): void
  mint(options?: SubjectOptions): string
  claw(...argv: readonly string[]): Promise<Rehearsed>
  /** What the vendor was asked since the last time, `POST 200 granted`. */
  asked(): string[]
}

/** A job at a sandbox, with an identity that is set up as it should be but for what is said. */
export async function jobAt({
  provider = 'anthropic',
  source = 'fixed',
  settings = {},
  scenario,
  faults = [],
  token,
}: JobOptions): Promise<Job> {
  const world = await rehearsed({
    scenario,
    job: () => ({ provider, settings: { subject_token: source === 'fresh' ? 'oidc:github' : 'env:JOB_TOKEN', ...settings } }),
  })
  const { identity } = world.sandbox
  const mint = (options: SubjectOptions = {}) => identity.mint({ alg: 'ES256', ...options })
  let held = token?.(mint) ?? mint()
  identity.failNext(...faults)
  const shown: Rehearsed[] = []
  return {
    world,
    mint,
    replace(another) {
      held = another
    },
    async claw(...argv) {
      const ended = await world.claw(argv, { env: { GITHUB_ACTIONS: 'true', ...identity.githubEnvironment(), JOB_TOKEN: held } })
      shown.push(ended)
      return ended
    },
    asked: () =>
      world
        .asked()
        .filter(isOfVendor)
        .map(({ method, status, note }) => [method, status, note].filter(Boolean).join(' ')),
    async [Symbol.asyncDispose]() {
      const said = shown.map(({ stdout, stderr }) => stdout + stderr).join('')
      await world[Symbol.asyncDispose]()
      // Whatever went wrong: nobody has seen the token, nor a mark where it was struck.
      expect([held, ...held.split('.').slice(1)].filter((part) => part.length > 8 && said.includes(part))).toEqual([])
      expect(said).not.toContain('[redacted')
    },
  }
}

function isOfVendor({ dialect }: JournalEntry): boolean {
  return dialect !== 'github-oidc'
}

export interface Complaint {
  readonly exit: number
  /** The object that `--json` prints, without what the exit says. */
  readonly error: Readonly<Record<string, unknown>>
  readonly asked: readonly string[]
}

/**
 * What a command says that fails, whole: for people and for programs it must be the same, each on its stream and nothing
 * on the other, and nothing of a sandbox's address but `ORIGIN`.
 */
export async function complaintOf(options: JobOptions, ...argv: readonly string[]): Promise<Complaint> {
  const complaints = []
  for (const form of [[], ['--json']]) {
    await using job = await jobAt(options)
    const { exitCode, stdout, stderr } = await job.claw(...argv, ...form)
    const text = (said: string) => said.replaceAll(job.world.sandbox.origin, 'ORIGIN').replaceAll(job.world.sandbox.origin.slice(7), 'HOST')
    complaints.push({ exitCode, stdout: text(stdout), stderr: text(stderr), asked: job.asked() })
  }
  const [people, program] = complaints
  if (!people || !program) throw new Error('a command was not run')
  const { type, exit, ...error } = JSON.parse(program.stdout)
  expect({ type, exit: exit.code }).toEqual({ type: 'error', exit: program.exitCode })
  expect({ ...program, stdout: '' }).toEqual({ ...people, stderr: '' })
  expect(people).toMatchObject({ stdout: '', stderr: rendered(error) })
  return { exit: people.exitCode, error, asked: people.asked }
}

function rendered({ code, message, why, fix }: Readonly<Record<string, unknown>>): string {
  const more = [why === undefined ? '' : `  why: ${why}\n`, fix === undefined ? '' : `  fix: ${fix}\n`]
  return `error[${code}]: ${message}\n${more.join('')}`
}
