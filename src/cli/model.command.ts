import { Command, Option } from 'clipanion'
import { setModel } from '../app/edit-config.ts'
import { checkDefault, listModels, type ModelRow } from '../app/list-models.ts'
import { ClawCommand } from './claw-command.ts'

export class ModelCommand extends ClawCommand {
  static override paths = [['model'], ['models']]

  static override usage = Command.Usage({
    category: 'Prompts',
    description: 'list models, or set the default one',
    details:
      'Without REF: the models of the catalogue and the configuration, and which credential each would use. With REF: the default model in the user file, changing that line only.',
    examples: [
      ['Only what could be asked now', '$0 model --usable'],
      ['Set the default', '$0 model moonshot/kimi-k3'],
    ],
  })

  reference = Option.String({ required: false, name: 'ref' })
  tier = Option.String('--tier', { description: 'set the model of this tier' })
  usable = Option.Boolean('--usable', false, { description: 'only those with a credential' })

  protected async run(): Promise<void> {
    if (this.reference !== undefined) return this.#set(this.reference)
    const list = await listModels(await this.openSession(), this.usable)
    if (this.json) return this.print({ type: 'result', schema: 'claw.models/1', ...list })
    for (const row of list.models) await this.data(`${lineOf(row, row.ref === list.default)}\n`)
    if (list.default) await this.note(`default: ${list.default}`)
  }

  async #set(reference: string): Promise<void> {
    const session = await this.openSession()
    const chosen = await checkDefault(session, reference)
    const { path, changed } = await setModel(
      { world: this.shell.world, flags: { configFile: this.configFile, profile: this.profile } },
      this.tier ?? 'default',
      reference,
    )
    if (!chosen.listed) await this.note(`warning: \`${reference}\` is not listed; it is sent as it is written`)
    if (this.json) await this.print({ type: 'result', schema: 'claw.models/1', models: [], default: reference, path, changed })
    else await this.note(changed ? `set in ${path}` : `it is set in ${path} already`)
  }
}

function lineOf(row: ModelRow, isDefault: boolean): string {
  const size =
    row.contextTokens === null
      ? ''
      : row.contextTokens >= 1_000_000
        ? `${Math.round(row.contextTokens / 1_000_000)}M`
        : `${Math.round(row.contextTokens / 1_000)}k`
  const facts = [
    `${isDefault ? '*' : ' '} ${row.ref.padEnd(44)}`,
    size.padStart(5),
    row.credential ? `${row.credential.kind} from ${row.credential.source}` : 'no credential',
  ]
  return facts.join('  ').trimEnd()
}
