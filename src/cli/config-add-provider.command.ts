import { Command, Option } from 'clipanion'
import { ClawError } from '../core/errors.ts'
import type { Protocol } from '../core/vocabulary.ts'
import { addProvider } from '../app/edit-config.ts'
import { ClawCommand } from './claw-command.ts'

const PROTOCOLS: readonly Protocol[] = ['anthropic-messages', 'openai-chat', 'openai-responses', 'codex-responses']

export class ConfigAddProviderCommand extends ClawCommand {
  static override paths = [['config', 'add-provider']]

  static override usage = Command.Usage({
    category: 'Configuration',
    description: 'append a provider of your own',
    details: 'The user file is only added to, and only with what it would accept.',
    examples: [
      [
        'A gateway',
        '$0 config add-provider acme --protocol openai-chat \\\n  --base-url https://llm.acme.example/v1 \\\n  --model acme-large --api-key-env ACME_KEY',
      ],
    ],
  })

  id = Option.String({ name: 'id' })
  protocol = Option.String('--protocol', { required: true, description: PROTOCOLS.join(', ') })
  baseUrl = Option.String('--base-url', { required: true, description: 'https, or http on this machine' })
  models = Option.Array('--model', { required: true, description: 'a model id; may be repeated' })
  apiKeyEnv = Option.String('--api-key-env', { description: 'the variable that holds its key' })

  protected async run(): Promise<void> {
    const protocol = PROTOCOLS.find((each) => each === this.protocol)
    if (!protocol) throw new ClawError('CLAW_USAGE', { what: '`--protocol` is not known', fix: `one of ${PROTOCOLS.join(', ')}` })
    const place = { world: this.shell.world, flags: { configFile: this.configFile } }
    const { path } = await addProvider(place, {
      id: this.id,
      protocol,
      baseUrl: this.baseUrl,
      models: this.models,
      ...(this.apiKeyEnv === undefined ? {} : { apiKeyEnv: this.apiKeyEnv }),
    })
    if (this.json) await this.print({ type: 'result', schema: 'claw.config/1', path, written: true })
    else await this.note(`appended [providers.${this.id}] to ${path}`)
  }
}
