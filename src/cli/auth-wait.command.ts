import { Command, Option } from 'clipanion'
import { ClawCommand } from './claw-command.ts'

export class AuthWaitCommand extends ClawCommand {
  static override paths = [['auth', 'wait']]

  static override usage = Command.Usage({
    category: 'Credentials',
    description: 'go on with a pending device sign-in',
    details: 'Continues what `claw auth --device PROVIDER --no-wait` started, in another process, step or host that shares the store.',
    examples: [['Wait in a later step of a job', '$0 auth wait moonshot']],
  })

  provider = Option.String({ name: 'provider' })
  check = Option.Boolean('--check', { description: 'ask the provider afterwards; a refusal is exit 1. --no-check: do not ask' })

  // The code has its own end.
  protected override readonly limitMs = null

  protected async run(): Promise<number> {
    const { signIn } = await import('./auth-device.ts')
    const output = {
      json: this.json,
      isCi: this.shell.ci.vendor !== null,
      print: (object: Readonly<Record<string, unknown>>) => this.print(object),
      say: (line: string) => this.say(line),
      note: (line: string) => this.note(line),
    }
    return signIn(await this.openSession(), output, {
      provider: this.provider,
      wait: true,
      force: false,
      check: this.check,
      resumeOnly: true,
    })
  }
}
