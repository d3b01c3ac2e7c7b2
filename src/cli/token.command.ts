import { Command, Option } from 'clipanion'
import { formatInstant } from '../core/duration.ts'
import { ClawError } from '../core/errors.ts'
import { bundleOf, handOut, tokenObject, writeBundleFile } from '../app/credential/hand-out.ts'
import { credentialNotices, type UsableCredential } from '../app/credential/usable-credential.ts'
import { durationOf } from './option-values.ts'
import { ClawCommand } from './claw-command.ts'

const FORMATS = ['raw', 'json', 'env', 'exec-credential'] as const
type Format = (typeof FORMATS)[number]

/** The one command that prints a secret: it refuses a terminal without --show, and writes nothing else to stdout. */
export class TokenCommand extends ClawCommand {
  static override paths = [['token']]

  static override usage = Command.Usage({
    category: 'Credentials',
    description: 'print a valid access token or key, and nothing else',
    details: 'A grant that has run out, or is about to, is refreshed first, once for all processes. A refresh token is never printed.',
    examples: [
      ['For a header', 'curl -H "Authorization: Bearer $($0 token moonshot)" …'],
      ['For a job that shall not renew anything', '$0 token moonshot --bundle job.json'],
    ],
  })

  provider = Option.String({ name: 'provider' })
  format = Option.String('--format', { description: 'raw, json, env or exec-credential' })
  minTtl = Option.String('--min-ttl', { description: 'at least this much must be left' })
  rejected = Option.String('--rejected', { description: 'SHA-256 (at least 8 hex digits) of a token that was refused: get a newer one' })
  show = Option.Boolean('--show', false, { description: 'print it although stdout is a terminal' })
  ciMask = Option.Boolean('--ci-mask', false, { description: "write the CI system's mask command to stderr first" })
  bundle = Option.String('--bundle', { description: 'write an access-only credential to this file, or - for stdout' })

  protected async run(): Promise<void> {
    const format = this.#format()
    if (this.rejected !== undefined && !/^[0-9a-f]{8,64}$/.test(this.rejected)) {
      throw new ClawError('CLAW_USAGE', {
        what: '`--rejected` takes the SHA-256 of the refused token, 8 to 64 hex digits in lower case',
        fix: 'printf %s "$TOKEN" | sha256sum',
      })
    }
    const printsSecret = this.bundle === undefined || this.bundle === '-'
    if (printsSecret && this.shell.out.isTTY && !this.show) {
      throw new ClawError('CLAW_TTY_REFUSED', {
        what: 'a secret is not printed on a terminal',
        why: 'it would stay in its history',
        fix: `claw token ${this.provider} --show`,
      })
    }
    const session = await this.openSession()
    const usable = await handOut(session, this.provider, {
      minTtlMs: durationOf(this.minTtl, '--min-ttl'),
      rejected: this.rejected,
      onWaiting: (owner) =>
        void (owner && this.note(`waiting for pid ${owner.holder.pid} on ${owner.holder.host}, which refreshes the grant`)),
    })
    await this.#warn(usable)
    if (this.ciMask) await this.#mask(usable)
    if (this.bundle !== undefined && this.bundle !== '-') return writeBundleFile(this.bundle, bundleOf(usable.credential))
    await this.exact(this.bundle === '-' ? bundleOf(usable.credential) : render(format, usable))
  }

  #format(): Format {
    if (this.format === undefined) return this.json ? 'json' : 'raw'
    const format = FORMATS.find((each) => each === this.format)
    if (!format) throw new ClawError('CLAW_USAGE', { what: '`--format` is not known', fix: `one of ${FORMATS.join(', ')}` })
    if (this.json && format !== 'json') throw new ClawError('CLAW_USAGE', { what: '`--json` and another `--format` exclude each other' })
    return format
  }

  async #warn(usable: UsableCredential): Promise<void> {
    const { credential } = usable
    for (const { message } of credentialNotices(usable)) await this.say(`warning: ${message}`)
    await this.detailContradiction(credential)
    if (credential.degraded)
      await this.say(`warning: the grant of ${credential.route.provider} no longer serves; ${credential.source} stands in for it`)
  }

  async #mask({ credential }: UsableCredential): Promise<void> {
    const value = credential.secret?.reveal() ?? ''
    const { vendor } = this.shell.ci
    if (vendor === 'github') await this.shell.err.write(`::add-mask::${value.replaceAll('%', '%25')}\n`)
    else if (vendor === 'azure') await this.shell.err.write(`##vso[task.setsecret]${value}\n`)
    else await this.note('this CI system has no command that masks a value: its log must not hold what follows')
  }
}

function render(format: Format, usable: UsableCredential): string {
  const { credential } = usable
  const token = credential.secret?.reveal() ?? ''
  switch (format) {
    case 'raw':
      return `${token}\n`
    case 'json':
      return `${JSON.stringify({ type: 'result', schema: 'claw.token/1', ...tokenObject(usable) })}\n`
    case 'env': {
      return `${variableOf(credential)}=${token}\n`
    }
    case 'exec-credential':
      return `${JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token, ...(credential.expiresAt === null ? {} : { expirationTimestamp: formatInstant(credential.expiresAt) }) } })}\n`
  }
}

/** The variable that other programs read it from: of its own method, else of one that is sent in the same header. */
function variableOf({ auth, route }: UsableCredential['credential']): string {
  const methods = route.entry.auth
  const alike = methods.find(({ env, header, enabled }) => enabled && env !== undefined && header === auth.header)
  const ofKeys = methods.find(({ kind }) => kind === 'api_key')
  return auth.env?.[0] ?? alike?.env?.[0] ?? ofKeys?.env?.[0] ?? `${route.id.toUpperCase().replaceAll('-', '_')}_API_KEY`
}
