import { Command, Option } from 'clipanion'
import type { ChosenCredential } from '../app/credential/find-credential.ts'
import { openSession, type Session } from '../app/session.ts'
import { formatDuration, parseDuration } from '../core/duration.ts'
import { ClawError, toClawError } from '../core/errors.ts'
import type { CliContext, Shell, TextOutput } from './context.ts'
import { forPeople } from './for-people.ts'
import { exactJsonLine, jsonLine } from './json-line.ts'
import { colourOf, type Paint, plain } from './paint.ts'
import { reportError } from './report-error.ts'

/** Where the limit of a command comes from. */
interface CommandLimit {
  readonly ms: number
  /** `flag --timeout`, `env CLAW_TIMEOUT`, `config KEY`, `built-in`. */
  readonly source: string
}

/**
 * What every command has: the global options, one way to print, one deadline, and the only place that catches.
 * stdout is for data, stderr for people.
 */
export abstract class ClawCommand extends Command<CliContext> {
  json = Option.Boolean('--json', false, { description: 'print one JSON object (or NDJSON events) to stdout' })
  configFile = Option.String('--config', { description: 'read this configuration file instead of the user file' })
  profile = Option.String('--profile', { description: 'a named account of the provider' })
  timeout = Option.String('--timeout', { description: 'end the command after this long (30s, 10m; a bare number is seconds)' })
  allowInput = Option.Boolean('--input', true, { description: '--no-input: never ask, even on a terminal' })
  colour = Option.String('--color', { description: 'always, never or auto' })
  quiet = Option.Boolean('-q,--quiet', false, { description: 'no progress and no notes' })
  verbosity = Option.Counter('-v,--verbose', 0, { description: 'say what was tried, never a secret' })

  /** The limit where nothing else sets one, ms; null = the command ends by itself. */
  protected readonly limitMs: number | null = 600_000

  readonly #limited = new AbortController()
  #signal: AbortSignal | undefined
  #stopAlarm: () => void = () => undefined
  #startedAt = 0
  #paint: Paint = plain

  protected abstract run(): Promise<number | void>

  async execute(): Promise<number> {
    const { world, err } = this.shell
    try {
      this.#startedAt = world.clock.now()
      this.#paint = colourOf(this.colour, world.environment, err.isTTY)
      this.#limitTo(this.#limitOfCaller() ?? (this.limitMs === null ? null : { ms: this.limitMs, source: 'built-in' }))
      return (await this.run()) ?? 0
    } catch (thrown) {
      return await reportError(toClawError(thrown), this.shell, { json: this.json, paint: this.#paint })
    } finally {
      this.#limitTo(null)
    }
  }

  protected get shell(): Shell {
    return this.context.shell
  }

  /** Aborted by a signal of the system or by the deadline; its reason is a `ClawError`. */
  protected get signal(): AbortSignal {
    this.#signal ??= AbortSignal.any([this.shell.signal, this.#limited.signal])
    return this.#signal
  }

  /** Colours for stderr. */
  protected get paint(): Paint {
    return this.#paint
  }

  protected get verbose(): boolean {
    return this.verbosity > 0
  }

  protected openSession(mayBeBroken = false): Promise<Session> {
    return openSession(this.shell.world, { configFile: this.configFile, profile: this.profile }, this.signal, mayBeBroken)
  }

  /** What the configuration says of the limit, once it is read: a flag and the environment beat it. */
  protected limitByConfig(ms: number | undefined, key: string): void {
    if (ms !== undefined && !this.#limitOfCaller()) this.#limitTo({ ms, source: `config ${key}` })
  }

  /** Whether somebody is there to be asked. */
  protected get mayAsk(): boolean {
    const { input, err, ci, world } = this.shell
    return this.allowInput && input.isTTY && err.isTTY && ci.vendor === null && world.environment.get('CLAW_NO_INPUT') === undefined
  }

  /** Where a sign-in would take place. */
  protected get here(): { readonly isCi: boolean; readonly mayAsk: boolean } {
    return { isCi: this.shell.ci.vendor !== null, mayAsk: this.mayAsk }
  }

  /** One object of data on stdout, on a line of its own. */
  protected async print(object: Readonly<Record<string, unknown>>): Promise<void> {
    await this.shell.out.write(jsonLine(object))
  }

  /** The same for an object that holds what a model said: its values are exact, nothing is redacted. */
  protected async printExact(object: Readonly<Record<string, unknown>>): Promise<void> {
    await this.shell.out.write(exactJsonLine(object))
  }

  /** Text of data on stdout. */
  protected async data(text: string): Promise<void> {
    await this.#write(this.shell.out, text)
  }

  /** The bytes of a secret that was asked for in so many words, or of model text in a byte-exact sink. */
  protected async exact(text: string): Promise<void> {
    await this.shell.out.write(text)
  }

  /** A line for people, on stderr. */
  protected async say(line: string): Promise<void> {
    await this.#write(this.shell.err, `${line}\n`)
  }

  /** A line that `--quiet` leaves out. */
  protected async note(line: string): Promise<void> {
    if (!this.quiet) await this.say(line)
  }

  /** A line that only `--verbose` shows. */
  protected async detail(line: string): Promise<void> {
    if (this.verbose) await this.say(line)
  }

  /** Says with `--verbose` which credential is used, where a variable beside it says otherwise. */
  protected async detailContradiction({ source, contradictedBy = [] }: ChosenCredential): Promise<void> {
    for (const other of contradictedBy) await this.detail(`${source} is used; ${other} holds another value`)
  }

  async #write(stream: TextOutput, text: string): Promise<void> {
    await stream.write(forPeople(text, stream, this.shell.ci.vendor))
  }

  #limitTo(limit: CommandLimit | null): void {
    this.#stopAlarm()
    if (limit === null) return
    const leftMs = Math.max(0, this.#startedAt + limit.ms - this.shell.world.clock.now())
    this.#stopAlarm = this.shell.alarm(leftMs, () => this.#limited.abort(overdue(limit)))
  }

  #limitOfCaller(): CommandLimit | undefined {
    const written = this.timeout ?? this.shell.world.environment.get('CLAW_TIMEOUT')
    if (written === undefined) return undefined
    const name = this.timeout === undefined ? 'CLAW_TIMEOUT' : '--timeout'
    const ms = parseDuration(written)
    if (ms === undefined || ms === 0) {
      throw new ClawError('CLAW_USAGE', {
        what: `the value of \`${name}\` is no duration`,
        fix: 'write it as 500ms, 30s, 10m, 2h or a number of seconds',
      })
    }
    return { ms, source: `${this.timeout === undefined ? 'env' : 'flag'} ${name}` }
  }
}

function overdue({ ms, source }: CommandLimit): ClawError {
  return new ClawError('CLAW_TIMEOUT', {
    what: `the command did not end within ${formatDuration(ms)}`,
    why: `the limit of the whole command comes from ${source}`,
    fix: 'give it more time with --timeout',
    data: { limit: { limit: 'command', seconds: ms / 1_000, source } },
  })
}
