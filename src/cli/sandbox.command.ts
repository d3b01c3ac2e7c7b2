import { Command, Option } from 'clipanion'
import { ClawError } from '../core/errors.ts'
import { ClawCommand } from './claw-command.ts'

export class SandboxCommand extends ClawCommand {
  static override paths = [['sandbox']]

  static override usage = Command.Usage({
    category: 'Rehearsal',
    description: 'a provider on this machine, for rehearsals and tests',
    details: `
      Serves every sign-in of the catalogue, its tokens and prompts on loopback: https://HOST/PATH at ORIGIN/HOST/PATH. It is an
      honest toy, no model. Keys are a vendor's own prefix and the word sandbox. With \`-- CMD\` the command runs in an environment
      of its own that points claw at it, and its exit code is handed on; without, the configuration to use is printed.

      A job without any key: the issuer of GitHub Actions and the exchanges of all vendors. CMD has the variables by which
      \`oidc:github\` asks for a token, and one that stays the same for an hour, in CLAW_SANDBOX_ID_TOKEN and in the file that
      CLAW_SANDBOX_ID_TOKEN_FILE names. The ids that are known stand in the configuration, as comments.

      Scenarios of a sign-in: manual, denied, expired, slow_down, challenge, device-off, token-busy, token-html, token-malformed,
      token-unfit, no-seat, no-exchange, evil-host, clock-skew.

      Scenarios of a grant: short-lived, rotation-grace, lost-answer, refresh-busy, refresh-forbidden, refresh-narrowed,
      refresh-other-account.

      Scenarios of a job that asks for its own token: job-html, job-forbidden, job-slow, job-silent, job-same-token,
      job-old-subject.

      Scenarios of an exchange of such a token: exchange-rate-limit, exchange-busy, exchange-error, exchange-lost, exchange-slow,
      exchange-silent, exchange-no-expiry, exchange-past-expiry, exchange-other-account, jti-once.

      Scenarios of a prompt: rate-limit, forbidden, server-error, cut-stream, slow-body, silent.
    `,
    examples: [
      ['Rehearse a sign-in', '$0 sandbox -- sh -c \\\n"claw auth --device moonshot && claw prompt -m moonshot hi"'],
      ['Sign in with a key', 'printf %s sk-or-v1-sandbox-1 |\n$0 sandbox -- claw auth --api-key openrouter --stdin --check'],
      ['With a fault', '$0 sandbox --scenario slow_down -- claw auth --device moonshot'],
    ],
  })

  scenario = Option.String('--scenario', { description: 'a scripted fault or behaviour; an unknown one says what each does' })
  journal = Option.String('--journal', { description: 'append every request to this file, as NDJSON' })
  port = Option.String('--port', { description: 'a fixed port; any free one otherwise' })

  // It serves until it is stopped, or as long as its command runs.
  protected override readonly limitMs = null

  protected async run(): Promise<number> {
    if (this.port !== undefined && !(/^\d{1,5}$/.test(this.port) && Number(this.port) <= 65_535))
      throw new ClawError('CLAW_USAGE', { what: '`--port` takes a number up to 65535' })
    return this.shell.runSandbox(
      {
        scenario: this.scenario,
        journalFile: this.journal,
        port: this.port === undefined ? undefined : Number(this.port),
        command: this.shell.rest,
        print: (text) => this.data(text),
        say: (line) => (this.shell.rest.length > 0 ? this.say(line) : this.note(line)),
      },
      // A limit is for the set-up; what runs in it has its own.
      this.shell.signal,
    )
  }
}
