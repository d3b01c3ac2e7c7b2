import { Command, Option } from 'clipanion'
import { ClawError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { ClawCommand } from './claw-command.ts'

/** The scripts, rendered when claw was built. */
declare const __COMPLETIONS__: Readonly<Record<string, string>> | undefined

export class CompletionCommand extends ClawCommand {
  static override paths = [['completion']]

  static override usage = Command.Usage({
    description: 'print the completion script of a shell',
    details: 'The script is for bash, zsh or fish. It runs nothing: what it offers was written down when claw was built.',
    examples: [
      ['In .bashrc', 'source <($0 completion bash)'],
      ['In a directory of $fpath', '$0 completion zsh > ~/.zfunc/_claw'],
    ],
  })

  shellName = Option.String({ name: 'shell' })

  protected async run(): Promise<void> {
    const scripts =
      typeof __COMPLETIONS__ === 'undefined' ? await (await import('./render-completion.ts')).renderCompletions() : __COMPLETIONS__
    const script = new Map(Object.entries(scripts)).get(this.shellName)
    if (script === undefined) {
      const [near] = nearest(this.shellName, Object.keys(scripts))
      throw new ClawError('CLAW_USAGE', {
        what: 'there is no completion for that shell',
        why: `there are ${Object.keys(scripts).join(', ')}`,
        fix: `claw completion ${near ?? 'bash'}`,
      })
    }
    await this.data(script)
  }
}
