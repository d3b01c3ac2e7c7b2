import { Command, Option } from 'clipanion'
import { ClawError } from '../core/errors.ts'
import { runDoctor } from '../app/doctor/run-doctor.ts'
import { writeOutFile } from '../app/prompt/out-file.ts'
import { durationOf, kindOf } from './option-values.ts'
import { ClawCommand } from './claw-command.ts'
import { jsonLine } from './json-line.ts'
import { colourOf, plain } from './paint.ts'
import { renderDoctor } from './render-doctor.ts'

export class DoctorCommand extends ClawCommand {
  static override paths = [['doctor']]

  static override usage = Command.Usage({
    category: 'Checks',
    description: 'say whether this machine will authenticate, and what to type if not',
    details: `
      Looks at configuration, environment, store and credentials, and makes at most one cheap request per credential in use.
      Exit 0 when nothing failed, 1 when something did. A grant that has run out is refreshed first, as every command would.

      The identity of a job is looked at without an exchange: its settings, its source, its token, and what stands in its way.
      With \`--probe\` it is exchanged, once, and what comes is kept for the commands that follow.
    `,
    examples: [
      ['First step of a job', '$0 doctor'],
      ['Without the network', '$0 doctor --offline'],
      ['In a job without a key', '$0 doctor --provider anthropic --probe'],
      ['Repair a corrupt store', '$0 doctor --fix'],
    ],
  })

  offline = Option.Boolean('--offline', false, { description: 'send nothing' })
  probe = Option.Boolean('--probe', false, { description: 'exchange the identity of this job, and keep what comes' })
  refresh = Option.Boolean('--refresh', true, { description: '--no-refresh: never refresh a grant' })
  only = Option.String('--only', { description: 'only these check ids, comma-separated, * for any' })
  skip = Option.String('--skip', { description: 'all but these' })
  tier = Option.String('--tier', { description: 'only what this tier uses' })
  provider = Option.String('--provider', { description: 'this provider, in use or not' })
  require = Option.String('--require', { description: 'the kind of credential that must be used' })
  minTtl = Option.String('--min-ttl', { description: 'at least this much must be left, or be renewable' })
  failOn = Option.String('--fail-on', { description: 'warn or error (the default): what makes the exit 1' })
  format = Option.String('--format', { description: 'text or json' })
  out = Option.String('--out', { description: 'write the report to this file' })
  fix = Option.Boolean('--fix', false, { description: 'repair what is safe: file modes, leftovers, a corrupt store' })

  protected override readonly limitMs = 120_000

  protected async run(): Promise<number> {
    const isJson = this.#isJson()
    if (this.failOn !== undefined && this.failOn !== 'warn' && this.failOn !== 'error')
      throw new ClawError('CLAW_USAGE', { what: '`--fail-on` takes warn or error' })
    if (this.probe && this.offline)
      throw new ClawError('CLAW_USAGE', { what: '`--probe` and `--offline` exclude each other', fix: 'leave one of them out' })
    const session = await this.openSession(true)
    const report = await runDoctor(session, {
      offline: this.offline,
      probe: this.probe,
      mayRefresh: this.refresh && !this.offline,
      only: listOf(this.only),
      skip: listOf(this.skip),
      tier: this.tier,
      provider: this.provider,
      require: kindOf(this.require),
      minTtlMs: durationOf(this.minTtl, '--min-ttl'),
      failOn: this.failOn ?? 'error',
      fix: this.fix,
    })
    const paint = this.out === undefined ? colourOf(this.colour, this.shell.world.environment, this.shell.out.isTTY) : plain
    const object = { type: 'result', schema: 'claw.doctor/1', ...report }
    if (this.out !== undefined) await writeOutFile(this.out, isJson ? jsonLine(object) : renderDoctor(report, 80, paint, this.verbose))
    else if (isJson) await this.print(object)
    else await this.data(renderDoctor(report, this.shell.out.columns, paint, this.verbose))
    return report.exit.code
  }

  #isJson(): boolean {
    if (this.format !== undefined && this.format !== 'text' && this.format !== 'json')
      throw new ClawError('CLAW_USAGE', { what: '`--format` takes text or json' })
    if (this.json && this.format === 'text') throw new ClawError('CLAW_USAGE', { what: '`--json` is `--format json`' })
    return this.json || this.format === 'json'
  }
}

function listOf(text: string | undefined): string[] {
  return text === undefined
    ? []
    : text
        .split(',')
        .map((word) => word.trim())
        .filter(Boolean)
}
