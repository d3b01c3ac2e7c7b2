import { Command } from 'clipanion'
import { showConfig } from '../app/configuration.ts'
import { ClawCommand } from './claw-command.ts'
import { renderError } from './render-error.ts'

export class ConfigShowCommand extends ClawCommand {
  static override paths = [['config', 'show']]

  static override usage = Command.Usage({
    category: 'Configuration',
    description: 'show what is in force, and where each value came from',
    details: 'Secrets are masked. Of a broken configuration the part is shown that is still good.',
    examples: [['See what is in force', '$0 config show']],
  })

  protected async run(): Promise<void> {
    const { values, error } = await showConfig({ world: this.shell.world, flags: { configFile: this.configFile, profile: this.profile } })
    if (error) await this.say(renderError(error, this.paint).trimEnd())
    if (this.json) await this.print({ type: 'result', schema: 'claw.config/1', values })
    else for (const { key, value, source } of values) await this.data(`${key} = ${JSON.stringify(value)}  # ${source}\n`)
  }
}
