import { Command, Option } from 'clipanion'
import { accountWords } from '../app/sign-in/account.ts'
import { credentialStatus, type PendingRow, meetsGate } from '../app/credential/credential-status.ts'
import { ClawCommand } from './claw-command.ts'
import { durationOf, kindOf } from './option-values.ts'
import { slotName } from '../core/vocabulary.ts'
import { goOnCommand } from '../app/sign-in/sign-in-command.ts'

export class AuthStatusCommand extends ClawCommand {
  static override paths = [['auth', 'status']]

  static override usage = Command.Usage({
    category: 'Credentials',
    description: 'show stored and configured credentials',
    details:
      'Nothing is refreshed or sent. With --min-ttl or --require it is a gate: exit 1 where the credential in use does not satisfy it.',
    examples: [['Fail a job early', '$0 auth status moonshot --require oauth --min-ttl 1h']],
  })

  provider = Option.String({ required: false, name: 'provider' })
  minTtl = Option.String('--min-ttl', { description: 'at least this much must be left, or be renewable' })
  require = Option.String('--require', { description: 'the kind that must be in use: api_key, token, oauth, identity' })

  protected async run(): Promise<number> {
    const gate = { minTtlMs: durationOf(this.minTtl, '--min-ttl'), require: kindOf(this.require) }
    const session = await this.openSession()
    const status = await credentialStatus(session, this.provider)
    const isGate = gate.minTtlMs !== undefined || gate.require !== undefined
    const ok = meetsGate(status, gate, session.ports.clock.wall())
    if (this.json) await this.print({ type: 'result', schema: 'claw.status/1', ...(isGate ? { ok } : {}), ...status })
    else {
      for (const row of status.credentials) {
        const facts = [
          slotName(row),
          row.kind,
          row.source,
          row.state,
          row.masked ?? '',
          accountWords({ id: null, name: row.account, plan: row.plan }),
          row.expiresAt ? `until ${row.expiresAt}` : '',
          row.lastRefresh ? `refreshed ${row.lastRefresh.at} by pid ${row.lastRefresh.pid} on ${row.lastRefresh.host}` : '',
        ]
        await this.data(`${facts.filter(Boolean).join('  ')}\n${row.reason === null ? '' : `  ${row.reason}\n`}`)
      }
      for (const flow of status.pending) await this.data(pendingText(flow))
      if (status.credentials.length === 0 && status.pending.length === 0)
        await this.note('no credential was found; `claw auth list` shows how to get one')
    }
    if (!this.json) for (const { message } of status.warnings) await this.say(`warning: ${message}`)
    return isGate && !ok ? 1 : 0
  }
}

/** A code is short; the address of a page to sign in at has hundreds of characters, and a line of its own. */
function pendingText(flow: PendingRow): string {
  const { method, userCode, verificationUri, expiresAt } = flow
  const head = [slotName(flow), `pending ${method}`]
  if (method === 'device')
    return `${[...head, ...(userCode === null ? [] : [`code ${userCode}`]), verificationUri, `until ${expiresAt}`].join('  ')}\n`
  return `${[...head, `until ${expiresAt}`].join('  ')}\n  ${verificationUri}\n  then: ${goOnCommand(flow)}\n`
}
