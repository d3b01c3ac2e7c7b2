import { Command, Option } from 'clipanion'
import { ClawError, EXIT_TABLE } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { ClawCommand } from './claw-command.ts'
import { helpFor, pageNames, pageOf } from './help-page.ts'

export class HelpCommand extends ClawCommand {
  static override paths = [['help']]

  static override usage = Command.Usage({
    description: 'explain a command or a topic',
    examples: [
      ['What the exit codes mean', '$0 help exit-codes'],
      ['What a command takes', '$0 help auth'],
    ],
  })

  topic = Option.Rest({ name: 'topic' })

  protected async run(): Promise<void> {
    const topic = this.topic.join(' ')
    const page = (await pageOf(topic)) ?? (await helpFor(this.topic))
    if (page === undefined) throw await unknownTopic(topic)
    if (!this.json) return this.data(page)
    if (topic === 'exit-codes') return this.print({ type: 'result', schema: 'claw.exit-codes/1', codes: EXIT_TABLE })
    return this.print({ type: 'result', schema: 'claw.help/1', topic, text: page })
  }
}

async function unknownTopic(topic: string): Promise<ClawError> {
  const near = nearest(topic, await pageNames())
  return new ClawError('CLAW_TOPIC_UNKNOWN', {
    what: 'there is no such command or topic',
    why: near.length > 0 ? `the nearest ${near.length === 1 ? 'is' : 'are'} ${near.map((name) => `\`${name}\``).join(', ')}` : undefined,
    fix: 'claw --help',
  })
}
