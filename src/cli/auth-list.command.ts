import { Command } from 'clipanion'
import { listProviders } from '../app/catalogue/list-providers.ts'
import { ClawCommand } from './claw-command.ts'
import { renderProviders } from './render-providers.ts'

export class AuthListCommand extends ClawCommand {
  static override paths = [['auth', 'list']]

  static override usage = Command.Usage({
    category: 'Credentials',
    description: 'list providers, their methods and variables',
    details: 'The method that `claw auth PROVIDER` would choose is marked with `*`; those that are off say why.',
    examples: [['See what there is', '$0 auth list']],
  })

  protected async run(): Promise<void> {
    const providers = await listProviders(await this.openSession(), this.here)
    if (this.json) await this.print({ type: 'result', schema: 'claw.providers/1', providers })
    else await this.data(`${renderProviders(providers)}\n`)
  }
}
