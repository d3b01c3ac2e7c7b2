import { ClawError } from '../../core/errors.ts'
import type { Refused } from '../../protocols/oauth/account-answer.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import { expectationFor } from '../credential/expectation.ts'
import type { Session } from '../session.ts'
import { replacement } from '../sign-in/sign-in-command.ts'

/** What a caller is told when a provider does not let a credential through. */
export function refusalError(refused: Refused, credential: ChosenCredential, entry: AuthEntry, url: string): ClawError {
  const { route, source } = credential
  const { host } = new URL(url)
  const why = `${refused.shape} from \`${host}\`; the credential came from \`${source}\``
  const name = `\`${route.entry.name}\``
  switch (refused.kind) {
    case 'dead':
      return new ClawError('CLAW_CREDENTIAL_REJECTED', {
        what: `\`${route.id}\` rejects the credential`,
        why,
        fix: replacement(credential),
        data: { status: 401 },
      })
    case 'client':
      return new ClawError('CLAW_CLIENT_NOT_ALLOWED', {
        what: `\`${host}\` does not let this client exchange the credential of \`${route.id}\``,
        why,
        fix: `take \`enabled = true\` out of [providers.${route.id}.auth.${entry.id}]: without it the credential is used directly`,
        data: { status: 403 },
      })
    case 'no_seat':
      return new ClawError('CLAW_FORBIDDEN', {
        what: `the account has no ${name}, or is served elsewhere`,
        why,
        fix: seatFix(credential),
      })
    case 'busy':
      return new ClawError('CLAW_OVERLOADED', { what: `\`${host}\` cannot answer just now`, why })
    case 'failed':
      return new ClawError('CLAW_SERVER', { what: `\`${host}\` failed`, why })
    case 'refused':
      return refused.status === 403
        ? new ClawError('CLAW_FORBIDDEN', { what: `\`${host}\` does not allow what was asked`, why, data: { status: 403 } })
        : new ClawError('CLAW_PROTOCOL', { what: `\`${host}\` did not answer as it should`, why, data: { status: refused.status } })
  }
}

function seatFix({ route }: ChosenCredential): string {
  const { domainEnv } = route.entry
  return `get a seat for the account, or name its domain${domainEnv === undefined ? '' : ` in ${domainEnv}`}`
}

/**
 * The account that the contract of the provider names, where it is known only when the provider was asked.
 *
 * @throws {ClawError} `CLAW_EXPECTATION_BROKEN`
 */
export function checkOwner(
  { catalogue }: Pick<Session, 'catalogue'>,
  { named, access, account, source, kind, route }: ChosenCredential,
): void {
  const expected = expectationFor(catalogue, named)?.account
  if (expected === undefined || [account, access?.account?.id, access?.account?.name].includes(expected)) return
  throw new ClawError('CLAW_EXPECTATION_BROKEN', {
    what: `\`${named.name}\` would use the credential from \`${source}\`, and \`expect\` names another account`,
    why: `expected \`${expected}\`; found ${account === null ? 'an account that is not known' : `\`${account}\``}`,
    fix: `correct \`expect\` in [providers.${named.provider}]`,
    data: { source, kind, route: route.id, account },
  })
}
