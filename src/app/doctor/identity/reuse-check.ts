import { formatInstant } from '../../../core/duration.ts'
import { fingerprintOf } from '../../../credentials/next-record.ts'
import { endsSoon } from '../../credential/ending.ts'
import { spentError } from '../../identity/identity-errors.ts'
import type { Finding } from '../check.ts'
import { told, withRemedy } from '../fixes.ts'
import type { Ground } from '../ground.ts'
import type { IdentityUse } from './identity-use.ts'
import type { Presented } from './token-checks.ts'

/** Whether the token can still be presented, and whether the same one will be presented again. */
export function reuse({ federation, token }: Presented, identity: IdentityUse, ground: Ground): Finding {
  const { record, kept, row } = identity
  const { source, isFresh, rules } = federation
  const sha256 = fingerprintOf(token.secret)
  const isPosted = record?.exchange?.presented.some((posted) => posted.sha256 === sha256) === true
  if (isPosted && !kept) return { status: 'fail', evidence: 'resolved', ...told(spentError(federation, {})) }
  const until = kept?.expiresAt == null ? 'its end' : formatInstant(kept.expiresAt)
  if (isPosted && kept) {
    const isEnding = endsSoon(kept, ground.session.ports.clock.wall())
    const detail = `it was exchanged, and what came serves until ${until}; then a new identity token is needed`
    return { status: isEnding ? 'warn' : 'pass', evidence: 'resolved', detail }
  }
  if (isFresh) return pass('a new one is read for each exchange')
  if (!token.claims.has('jti')) return pass('it has no `jti`: nothing tells whether it was presented before')
  if (rules.jtiSingleUse !== 'default-on') return pass('the vendor is not known to take each once by default')
  const { backend } = ground.session.config.store
  const once = `\`${source}\` gives the same token until it is replaced, and the vendor takes each once`
  if (backend === 'memory') {
    const { probe } = ground.options
    const what = probe
      ? 'exchanged with a store in memory, it would be used up for the command that comes next, so it was not'
      : 'with a store in memory the second command of this job presents one that is used up'
    return { status: probe ? 'fail' : 'warn', evidence: 'resolved', ...withRemedy(`${once}: ${what}`, storeFix(ground)) }
  }
  if (row?.isOfJob === true) return pass(`${once}: what the first exchange brings is kept for this job`)
  return {
    status: 'warn',
    evidence: 'resolved',
    detail: `${once}: whoever starts again without the store of claw presents one that is used up; keep that store, or have the vendor take a \`jti\` again`,
  }
}

function pass(detail: string): Finding {
  return { status: 'pass', evidence: 'resolved', detail }
}

function storeFix({ session: { config } }: Ground): string {
  const origin = config.origins.get('store.backend')
  return origin?.from === 'environment' ? `unset ${origin.name}` : 'set `backend = "file"` in [store]'
}
