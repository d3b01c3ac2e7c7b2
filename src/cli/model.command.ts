import { Command, Option } from 'clipanion'
import { setModel } from '../app/edit-config.ts'
import { checkDefault, compareModels, listModels, type ModelRow } from '../app/catalogue/list-models.ts'
import { ClawError } from '../core/errors.ts'
import { visibleLine } from '../core/visible.ts'
import { ClawCommand } from './claw-command.ts'

export class ModelCommand extends ClawCommand {
  static override paths = [['model'], ['models']]

  static override usage = Command.Usage({
    category: 'Prompts',
    description: 'list models, or set the default one',
    details:
      'Without REF: the models of the catalogue and the configuration, and which credential each would use; with --live as the accounts list them now. With --live --diff: what an account lists that is not known here, and the reverse; exit 1 when they differ. With REF: the default model in the user file, changing that line only.',
    examples: [
      ['Only what could be asked now', '$0 model --usable'],
      ['What an account lists that is not known here', '$0 model --live --diff openai'],
      ['Set the default', '$0 model moonshot/kimi-k3'],
    ],
  })

  reference = Option.String({ required: false, name: 'ref' })
  tier = Option.String('--tier', { description: 'set the model of this tier' })
  usable = Option.Boolean('--usable', false, { description: 'only those with a credential that this version can prompt' })

  live = Option.Boolean('--live', false, { description: 'ask the providers that one is signed in to' })
  diff = Option.String('--diff', { description: 'with --live: what the account of this provider lists, against what is known' })

  protected async run(): Promise<number | void> {
    this.#refuseMixture()
    if (this.reference !== undefined) return this.#set(this.reference)
    if (this.diff !== undefined) return this.#compare(this.diff)
    const list = await listModels(await this.openSession(), { onlyUsable: this.usable, live: this.live })
    if (this.json) return this.print({ type: 'result', schema: 'claw.models/1', ...list })
    for (const row of list.models) await this.data(`${lineOf(row, row.ref === list.default)}\n`)
    for (const { message } of list.warnings) await this.note(`warning: ${message}`)
    if (list.default) await this.note(`default: ${list.default}`)
  }

  /** A list, a comparison and a default are three commands: what belongs to another one is not passed over. */
  #refuseMixture(): void {
    const { reference, diff, live, usable, tier } = this
    const listing = [live ? '--live' : [], usable ? '--usable' : [], diff === undefined ? [] : '--diff'].flat()
    if (reference !== undefined && listing.length > 0) {
      const shown = visibleLine(reference, 80)
      const list = live || diff !== undefined ? `--live --diff ${visibleLine(diff ?? shown.replace(/\/.*/, ''), 80)}` : '--usable'
      throw new ClawError('CLAW_USAGE', {
        what: `${listing.map((name) => `\`${name}\``).join(' and ')} and a model do not go together`,
        why: 'a model is set as the default, and nothing is listed then',
        fix: `\`claw model ${shown}\` sets it; \`claw model ${list}\` lists`,
      })
    }
    if (diff !== undefined && usable)
      throw new ClawError('CLAW_USAGE', {
        what: '`--usable` and `--diff` do not go together',
        fix: `\`claw model --live --usable\` lists; \`claw model --live --diff ${visibleLine(diff, 80)}\` compares`,
      })
    if (reference === undefined && tier !== undefined)
      throw new ClawError('CLAW_USAGE', {
        what: '`--tier` sets the model of a tier, and no model is named',
        fix: 'claw model MODEL --tier TIER',
      })
  }

  async #compare(provider: string): Promise<number> {
    if (!this.live)
      throw new ClawError('CLAW_USAGE', {
        what: '`--diff` compares with what an account lists now',
        fix: `claw model --live --diff ${provider}`,
      })
    const session = await this.openSession()
    const { route, added, removed } = await compareModels(session, provider)
    const differs = added.length + removed.length > 0
    if (this.json) {
      const tier = session.config.tiers.get('default')
      await this.print({ type: 'result', schema: 'claw.models/1', models: [], default: tier?.model ?? null, route, added, removed })
    } else {
      if (differs) await this.note(`+ the account lists it, and it is not known here; - it is known here, and the account does not list it`)
      for (const id of added) await this.data(`+ ${route}/${visibleLine(id, 200)}\n`)
      for (const id of removed) await this.data(`- ${route}/${id}\n`)
      if (!differs) await this.note(`\`${route}\` lists what is known`)
    }
    return differs ? 1 : 0
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
    `${isDefault ? '*' : ' '} ${visibleLine(row.ref, 200).padEnd(44)}`,
    size.padStart(5),
    credentialWords(row),
    ...(row.listed ? [] : ['unlisted']),
    ...(row.retires === null ? [] : [`ends ${row.retires}`]),
  ]
  return facts.join('  ').trimEnd()
}

function credentialWords({ credential }: ModelRow): string {
  if (!credential) return 'no credential'
  return credential.kind === 'none' ? 'no credential needed' : `${credential.kind} from ${credential.source}`
}
