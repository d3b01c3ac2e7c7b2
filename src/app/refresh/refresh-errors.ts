import { formatInstant } from '../../core/duration.ts'
import { ClawError } from '../../core/errors.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import type { Verdict } from '../../core/vocabulary.ts'

/**
 * What a caller is told when a grant cannot be brought to serve; `null` for a verdict that is not final.
 *
 * @param loss what came in the place of the answer, where this process sent the request itself
 */
export function verdictError(
  verdict: Verdict,
  record: CredentialRecord,
  now: number,
  signInCommand: string,
  loss?: ClawError,
): ClawError | null {
  switch (verdict) {
    case 'logged_out':
      return goneError(signInCommand)
    case 'rejected':
      return (
        barredError(record, signInCommand) ??
        rejectedError(record.route, record.rejection?.reason ?? 'it has no refresh token', signInCommand)
      )
    case 'interrupted':
      return new ClawError('CLAW_REFRESH_INTERRUPTED', {
        what: `the refresh of \`${record.route}\` was interrupted and its answer is lost`,
        why: `a request was sent ${formatInstant(record.intent?.deadlineAt ?? now)} at the latest, and the provider may have replaced the refresh token since`,
        fix: signInCommand,
        data: { reason: 'refresh-interrupted' },
      })
    case 'in_doubt':
      return new ClawError('CLAW_REFRESH_IN_DOUBT', {
        what: `a refresh of \`${record.route}\` is in doubt, and its valid access token is not put at risk`,
        why: loss
          ? `the answer to the refresh request was lost: ${loss.message}${loss.why === undefined ? '' : ` (${loss.why})`}`
          : 'the answer to an earlier refresh request was lost',
        fix: 'use the token in force until it expires',
        ...(record.expiresAt === null ? {} : { data: { retryAt: formatInstant(record.expiresAt) } }),
      })
    default:
      return null
  }
}

export function goneError(signInCommand: string): ClawError {
  return new ClawError('CLAW_NO_CREDENTIAL', { what: 'the grant was signed out while it was being used', fix: signInCommand })
}

export function leaseTooShort(): ClawError {
  return new ClawError('CLAW_LEASE_BUSY', { what: 'the lease was too short to send the refresh request under it' })
}

/** What keeps a grant from being used that came in good order; `undefined` where nothing does. */
export function barredError(
  { rejection, route }: Pick<CredentialRecord, 'rejection' | 'route'>,
  signInCommand: string,
): ClawError | undefined {
  if (rejection?.kind === undefined) return undefined
  return rejection.kind === 'account'
    ? new ClawError('CLAW_ACCOUNT_CHANGED', {
        what: `the grant of \`${route}\` came back from its refresh as one of another account, and is not used`,
        why: rejection.reason,
        fix: signInCommand,
      })
    : new ClawError('CLAW_SCOPE_LOST', {
        what: `the grant of \`${route}\` came back from its refresh without a scope that it needs`,
        why: rejection.reason,
        fix: signInCommand,
      })
}

export function rejectedError(route: string, reason: string, signInCommand: string): ClawError {
  return new ClawError('CLAW_GRANT_REJECTED', {
    what: `the provider no longer accepts the grant of \`${route}\``,
    why: reason,
    fix: signInCommand,
  })
}

/** @param isSaved the answer lies beside the store, and whoever comes next takes it up */
export function unsavedError(thrown: unknown, isSaved: boolean): ClawError {
  const cause = thrown instanceof ClawError ? thrown : undefined
  return new ClawError('CLAW_STORE_UNWRITABLE', {
    what: isSaved
      ? 'the refreshed grant could not be put into the store; it is kept beside it and taken up by the next run'
      : 'the refreshed grant could not be stored: the sign-in is lost when its access token expires',
    why: cause ? `${cause.message}${cause.why ? ` (${cause.why})` : ''}` : undefined,
    fix: 'make the state directory writable and run the command again',
    cause: thrown,
  })
}
