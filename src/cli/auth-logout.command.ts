import { Command, Option } from 'clipanion'
import { ClawError } from '../core/errors.ts'
import { type SignOutItem, signOut } from '../app/sign-out/sign-out.ts'
import { storedRecords } from '../app/credential/stored-records.ts'
import { storedProfileOf } from '../app/credential/wanted-credential.ts'
import { kindOf } from './option-values.ts'
import { ClawCommand } from './claw-command.ts'
import { slotName } from '../core/vocabulary.ts'

type StoredSlot = Readonly<Record<'provider' | 'route' | 'profile' | 'kind', string>>

export class AuthLogoutCommand extends ClawCommand {
  static override paths = [['auth', 'logout']]

  static override usage = Command.Usage({
    category: 'Credentials',
    description: 'remove credentials',
    details:
      'They are removed here first, even when the provider is away; with --revoke they are revoked there too. A sign-in that is under way is cancelled.',
    examples: [
      ['Sign out and revoke', '$0 auth logout moonshot --revoke'],
      ['The grant only, of every profile', '$0 auth logout moonshot --kind oauth --all'],
    ],
  })

  provider = Option.String({ required: false, name: 'provider' })
  kind = Option.String('--kind', { description: 'only this kind: api_key, token, oauth, identity' })
  route = Option.String('--route', { description: 'only this route' })
  revoke = Option.Boolean('--revoke', false, { description: 'revoke at the provider too' })
  all = Option.Boolean('--all', false, { description: 'every profile, and without a provider every credential' })

  protected async run(): Promise<number> {
    const session = await this.openSession()
    if (this.provider === undefined && !this.all) return this.#list(storedRecords(await session.ports.store.read(), session.catalogue, {}))
    const items = await signOut(
      session,
      {
        name: this.provider,
        kind: kindOf(this.kind, '--kind'),
        route: this.route,
        profile: this.all || this.provider === undefined ? this.profile : storedProfileOf(session, this.provider),
      },
      this.revoke,
    )
    if (this.json)
      await this.print({
        type: 'result',
        schema: 'claw.logout/1',
        items: items.map(({ error, isHere: _, isPending, ...item }) => ({
          ...item,
          ...(isPending && { pending: true }),
          ...(error && { code: error.code, message: error.message }),
        })),
      })
    else {
      for (const item of items) await this.data(`${slotName(item)}  ${outcomeWords(item)}\n`)
      if (items.length === 0) await this.note('nothing of it is stored')
      for (const item of items)
        await this.#explain(item, session.catalogue.knows(item.route) ? session.catalogue.route(item.route).entry.keyUrl : undefined)
    }
    return items.some(({ isHere }) => isHere) ? 1 : 0
  }

  /** What became of it at the provider is no failure of the sign-out, but whoever asked must know. */
  async #explain(item: SignOutItem, keyUrl: string | undefined): Promise<void> {
    const name = slotName(item)
    const why = item.error ? [item.error.message, item.error.why].filter(Boolean).join(': ') : ''
    if (item.isHere) await this.say(`warning: ${why}`)
    else if (item.outcome === 'failed') await this.say(`warning: ${name} was removed here, but not revoked at its provider: ${why}`)
    else if (item.outcome === 'not_supported')
      await this.note(
        `${name} was removed here; its provider has no way to revoke it${item.kind === 'api_key' && keyUrl !== undefined ? `: delete it at ${keyUrl}` : ''}`,
      )
  }

  async #list(records: readonly StoredSlot[]): Promise<number> {
    const stored = records.map(({ provider, route, profile, kind }) => ({ provider, route, profile, kind }))
    if (this.json)
      throw new ClawError('CLAW_USAGE', { what: 'name a provider, or --all', fix: 'claw auth logout PROVIDER', data: { stored } })
    for (const record of records) await this.say(`${slotName(record)}  ${record.kind}`)
    await this.say(records.length === 0 ? 'nothing is stored' : 'name one of them, or --all')
    return 2
  }
}

function outcomeWords({ kind, outcome, isPending }: SignOutItem): string {
  if (isPending && outcome === 'removed') return 'a sign-in that waited was dropped'
  return `${kind ?? ''}  ${outcome}`
}
