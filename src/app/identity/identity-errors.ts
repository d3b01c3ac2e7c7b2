import { ClawError } from '../../core/errors.ts'
import { signInCommand } from '../sign-in/sign-in-command.ts'
import type { DerivedWish } from '../access/derivation.ts'
import type { Federation } from './federation.ts'

/** How a job gets another token of its own, where its source gives the same one until somebody changes it. */
function mintAnother({ source }: Federation): string {
  return `mint a new identity token (\`${source}\` gives the same one until it is replaced), then run the command again`
}

/** A token that was posted before is not posted again: vendors take each once, and burn it silently. */
export function spentError(federation: Federation, { rejected, renew, minTtlMs }: DerivedWish): ClawError {
  const { route, source } = federation
  const isRefused = rejected !== undefined
  const why = isRefused
    ? `the provider refused what it was exchanged for, and \`${source}\` still gives the same token`
    : `\`${source}\` still gives the token that was posted before, and what it was exchanged for ${renew || minTtlMs !== undefined ? 'is not to be used' : 'is not there, or has ended'}`
  return new ClawError('CLAW_IDENTITY_SPENT', {
    what: `the identity token for \`${route.id}\` has been used up`,
    why,
    fix: mintAnother(federation),
  })
}

/** Nobody knows whether the vendor took it. */
export function lostError(federation: Federation, error: ClawError): ClawError {
  const { route, isFresh } = federation
  if (isFresh || error.code === 'CLAW_SERVER' || error.code === 'CLAW_OVERLOADED') return usedUp(federation, error)
  return new ClawError('CLAW_IDENTITY_SPENT', {
    what: `the answer to the exchange of \`${route.id}\` was lost, and its identity token with it`,
    why: `${error.message}; a token is posted once`,
    fix: mintAnother(federation),
    data: { ...error.data },
  })
}

/** An answer that is none: whoever has another token may ask again, and nobody else. */
export function usedUp(federation: Federation, error: ClawError): ClawError {
  const { fix } = error
  if (federation.isFresh) return fix === undefined ? error.reworded({ fix: 'run the command again later' }) : error
  return error.reworded({ fix: fix === undefined ? mintAnother(federation) : `${fix}; then ${mintAnother(federation)}` })
}

/** The vendor has not looked at the token: it is as good as before. */
export function unusedError(error: ClawError): ClawError {
  if (error.fix !== undefined) return error
  const { retryAfterMs } = error.data
  const when = typeof retryAfterMs === 'number' ? `in ${Math.ceil(retryAfterMs / 1_000)} s` : 'later'
  return error.reworded({ fix: `run the command again ${when}; the identity token was not used` })
}

/** The vendor's answer names somebody else than before: neither is handed out for the other. */
export function principalError({ route, profile, isFresh }: Federation, changed: readonly string[]): ClawError {
  const signIn = `${isFresh ? '' : 'with another identity token '}${signInCommand({ method: 'identity', route: route.id, profile })}`
  return new ClawError('CLAW_PRINCIPAL_CHANGED', {
    what: `the exchange of \`${route.id}\` brought the token of somebody else`,
    why: `${changed.map((name) => `\`${name}\``).join(', ')} of the answer changed since the last exchange`,
    fix: `if that is right: claw auth logout ${route.id}, then ${signIn}`,
    data: { changed },
  })
}

export function movedOnError({ route }: Federation): ClawError {
  return new ClawError('CLAW_LEASE_BUSY', {
    what: `another process exchanged the identity of \`${route.id}\` meanwhile`,
    fix: 'run the command again',
  })
}

export function leaseTooShort(): ClawError {
  return new ClawError('CLAW_LEASE_BUSY', { what: 'the lease of this exchange is almost over', fix: 'run the command again' })
}
