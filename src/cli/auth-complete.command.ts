import { Command, Option } from 'clipanion'
import { DEFAULT_PROFILE } from '../core/vocabulary.ts'
import { ClawCommand } from './claw-command.ts'

export class AuthCompleteCommand extends ClawCommand {
  static override paths = [['auth', 'complete']]

  static override usage = Command.Usage({
    category: 'Credentials',
    description: 'finish a sign-in with what a browser ended at',
    details: `
      Finishes what \`claw auth --paste PROVIDER\` started, in another process, step or host that shares the store. It takes the
      whole address that the browser ended at, its query, or \`code#state\` where the page shows that; a code alone only where the
      page of the provider shows nothing else.
    `,
    examples: [['Finish a sign-in', 'printf %s "$REDIRECT" | $0 auth complete openrouter --stdin']],
  })

  provider = Option.String({ name: 'provider' })
  stdin = Option.Boolean('--stdin', false, { description: 'read what was pasted from stdin' })
  check = Option.Boolean('--check', { description: 'ask the provider afterwards; a refusal is exit 1. --no-check: do not ask' })

  protected async run(): Promise<number> {
    const { pasteMissing, signInInBrowser } = await import('./auth-pkce.ts')
    if (!this.stdin && !this.mayAsk) throw pasteMissing(this.provider, this.profile ?? DEFAULT_PROFILE)
    const output = {
      json: this.json,
      isCi: this.shell.ci.vendor !== null,
      print: (object: Readonly<Record<string, unknown>>) => this.print(object),
      say: (line: string) => this.say(line),
      note: (line: string) => this.note(line),
    }
    return signInInBrowser(await this.openSession(), this.shell, output, {
      provider: this.provider,
      way: 'complete',
      force: false,
      check: this.check,
      open: false,
      paste: this.stdin ? 'stdin' : 'terminal',
    })
  }
}
