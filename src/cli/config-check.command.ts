import { Command } from 'clipanion'
import { ClawError } from '../core/errors.ts'
import { checkConfig } from '../app/configuration.ts'
import { ClawCommand } from './claw-command.ts'

export class ConfigCheckCommand extends ClawCommand {
  static override paths = [['config', 'check']]

  static override usage = Command.Usage({
    category: 'Configuration',
    description: 'validate the configuration',
    details: 'Every problem is shown with file, line, column and key, never with a value.',
    examples: [['In a pipeline', '$0 config check --json']],
  })

  protected async run(): Promise<void> {
    try {
      const { files, notes } = await checkConfig({ world: this.shell.world, flags: { configFile: this.configFile, profile: this.profile } })
      if (this.json) await this.print({ type: 'result', schema: 'claw.config/1', problems: [], files })
      else await this.note(files.length > 0 ? `valid: ${files.join(', ')}` : 'there is no configuration file')
      if (!this.json) for (const { message } of notes) await this.say(`warning: ${message}`)
    } catch (thrown) {
      if (!this.json && thrown instanceof ClawError) await this.#sayProblems(thrown)
      throw thrown
    }
  }

  async #sayProblems(error: ClawError): Promise<void> {
    const { problems } = error.data
    if (!Array.isArray(problems) || problems.length < 2) return
    for (const problem of problems) {
      if (typeof problem !== 'object' || problem === null) continue
      const { file, line, column, key, message, nearest } = Object.fromEntries(Object.entries(problem))
      await this.say(`${file}:${line}:${column}: \`${key}\` ${message}${nearest ? ` (did you mean \`${nearest}\`?)` : ''}`)
    }
  }
}
