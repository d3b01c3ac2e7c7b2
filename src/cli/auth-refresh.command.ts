import { Command, Option } from 'clipanion'
import { ClawError } from '../core/errors.ts'
import { refreshGrants } from '../app/refresh/refresh-grants.ts'
import { storedProfileOf } from '../app/credential/wanted-credential.ts'
import { durationOf } from './option-values.ts'
import { ClawCommand } from './claw-command.ts'
import { slotName } from '../core/vocabulary.ts'
import { renderError } from './render-error.ts'

export class AuthRefreshCommand extends ClawCommand {
  static override paths = [['auth', 'refresh']]

  static override usage = Command.Usage({
    category: 'Credentials',
    description: 'refresh grants now',
    details:
      'Each grant is refreshed under its lease, once however many processes ask. For cron: --all --min-ttl 2h renews what would run out.',
    examples: [['Renew what runs out soon', '$0 auth refresh --all --min-ttl 2h']],
  })

  provider = Option.String({ required: false, name: 'provider' })
  all = Option.Boolean('--all', false, { description: 'every stored grant' })
  minTtl = Option.String('--min-ttl', { description: 'only those with less left than this' })

  protected async run(): Promise<number> {
    if ((this.provider === undefined) === !this.all)
      throw new ClawError('CLAW_USAGE', { what: 'name a provider, or --all', fix: 'claw auth refresh --all' })
    const session = await this.openSession()
    const items = await refreshGrants(
      session,
      { name: this.provider, profile: this.provider === undefined ? this.profile : storedProfileOf(session, this.provider) },
      durationOf(this.minTtl, '--min-ttl'),
    )
    const failed = items.filter(({ error }) => error !== null)
    const [first] = failed
    if (this.provider !== undefined && items.length === 1 && first?.error) throw first.error
    if (this.json)
      await this.print({
        type: 'result',
        schema: 'claw.refresh/1',
        items: items.map(({ error, warnings, ...item }) => ({
          ...item,
          ...(error ? { code: error.code, message: error.message } : {}),
          ...(warnings.length > 0 ? { warnings } : {}),
        })),
      })
    else for (const item of items) await this.data(`${slotName(item)}${item.derived ? ` (${item.derived})` : ''}  ${item.outcome}\n`)
    if (items.length === 0) {
      const whose =
        this.provider === undefined
          ? 'no grant that can be refreshed is stored'
          : `the grant of \`${this.provider}\` has no end that is known`
      await this.note(`nothing to refresh: ${whose}`)
    }
    for (const { message } of items.flatMap(({ warnings }) => warnings)) await this.say(`warning: ${message}`)
    for (const { error } of failed) if (error && !this.json) await this.say(renderError(error, this.paint).trimEnd())
    return failed.length > 0 ? 1 : 0
  }
}
