import { Command } from 'clipanion'
import { initConfig } from '../app/configuration.ts'
import { ClawCommand } from './claw-command.ts'

export class ConfigInitCommand extends ClawCommand {
  static override paths = [['config', 'init']]

  static override usage = Command.Usage({
    category: 'Configuration',
    description: 'write a configuration file with comments',
    details: 'A file that is there already is left alone.',
    examples: [['Begin', '$0 config init']],
  })

  protected async run(): Promise<void> {
    const { path, written } = await initConfig({ world: this.shell.world, flags: { configFile: this.configFile } })
    if (this.json) await this.print({ type: 'result', schema: 'claw.config/1', path, written })
    else await this.note(written ? `wrote ${path}` : `${path} is there already`)
  }
}
