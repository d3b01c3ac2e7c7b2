import { Command } from 'clipanion'
import { configPaths } from '../app/configuration.ts'
import { ClawCommand } from './claw-command.ts'

export class ConfigPathCommand extends ClawCommand {
  static override paths = [['config', 'path']]

  static override usage = Command.Usage({
    category: 'Configuration',
    description: 'show where the configuration is',
    examples: [['Edit it', '$EDITOR "$($0 config path)"']],
  })

  protected async run(): Promise<void> {
    const paths = await configPaths({ world: this.shell.world, flags: { configFile: this.configFile } })
    if (this.json)
      return this.print({
        type: 'result',
        schema: 'claw.config/1',
        path: paths.userFile,
        project: paths.projectFile,
        state: paths.stateDir,
      })
    await this.data(`${paths.userFile ?? ''}\n`)
    if (paths.projectFile) await this.note(`project file: ${paths.projectFile}`)
    if (paths.stateDir) await this.note(`state: ${paths.stateDir}`)
  }
}
