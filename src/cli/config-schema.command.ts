import { Command } from 'clipanion'
import { configSchema } from '../app/configuration.ts'
import { ClawCommand } from './claw-command.ts'

export class ConfigSchemaCommand extends ClawCommand {
  static override paths = [['config', 'schema']]

  static override usage = Command.Usage({
    category: 'Configuration',
    description: 'print the JSON Schema of the configuration',
    examples: [['For an editor', '$0 config schema > claw.schema.json']],
  })

  protected async run(): Promise<void> {
    await this.data(`${JSON.stringify(await configSchema(), null, this.json ? 0 : 2)}\n`)
  }
}
