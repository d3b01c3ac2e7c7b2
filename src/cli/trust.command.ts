import { Command, Option } from 'clipanion'
import { ClawError } from '../core/errors.ts'
import { listTrust, revokeTrust, trustProject } from '../app/trust.ts'
import { ClawCommand } from './claw-command.ts'

export class TrustCommand extends ClawCommand {
  static override paths = [['trust']]

  static override usage = Command.Usage({
    category: 'Configuration',
    description: "trust a project's claw.toml by its content",
    details: 'One changed byte ends the trust. In CI set CLAW_TRUST_PROJECT to the SHA-256 of the file instead.',
    examples: [
      ['The project of this directory', '$0 trust'],
      ['What is trusted', '$0 trust --list'],
    ],
  })

  dir = Option.String({ required: false, name: 'dir' })
  list = Option.Boolean('--list', false, { description: 'show what is trusted' })
  revoke = Option.Boolean('--revoke', false, { description: 'take the trust back' })

  protected async run(): Promise<void> {
    if (this.list && (this.revoke || this.dir !== undefined)) throw new ClawError('CLAW_USAGE', { what: '`--list` stands alone' })
    const place = { world: this.shell.world, flags: { configFile: this.configFile } }
    const projects = this.list
      ? await listTrust(place)
      : this.revoke
        ? await revokeTrust(place, this.dir)
        : [await trustProject(place, this.dir)]
    if (this.json) return this.print({ type: 'result', schema: 'claw.trust/1', projects })
    for (const { path, sha256, trusted } of projects)
      await this.data(`${trusted ? 'trusted' : this.list ? 'changed' : 'revoked'}  ${sha256}  ${path}\n`)
    if (projects.length === 0) await this.note(this.list ? 'no project is trusted' : 'it was not trusted')
  }
}
