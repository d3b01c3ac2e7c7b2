import { formatInstant } from '../../core/duration.ts'
import { profileFlag } from '../../core/vocabulary.ts'
import { remainingMs } from '../../credentials/refresh-decision.ts'
import { signInAgain } from '../sign-in/sign-in-command.ts'
import type { Finding } from './check.ts'
import type { CredentialUse, Ground } from './ground.ts'

/** A grant whose refresh was never answered: the token in force is not put at risk, and the old refresh token has one try left at most (law 5). */
export function inDoubt({ chosen, record }: CredentialUse, { session, store }: Pick<Ground, 'session' | 'store'>): Finding {
  if (!chosen || !record) return { status: 'skip', evidence: 'resolved', detail: 'there is no grant' }
  const now = 'snapshot' in store ? store.snapshot.now : session.ports.clock.wall()
  const lost = 'the answer to its last refresh was lost'
  const hasTry = record.intent?.attempt === 1 && chosen.auth.retryInDoubt !== false
  if (remainingMs(record, now) <= 0) {
    const { route, profile } = record
    return {
      status: 'warn',
      evidence: 'resolved',
      detail: `${lost}: the old refresh token is tried once more`,
      fix: { command: `claw auth refresh ${route}${profileFlag(profile)}` },
    }
  }
  const until = record.expiresAt === null ? 'its end' : formatInstant(record.expiresAt)
  return {
    status: 'warn',
    evidence: 'resolved',
    detail: `${lost}: its access token serves until ${until}, then ${hasTry ? 'the old refresh token is tried once more' : 'only a new sign-in helps'}`,
    fix: { command: signInAgain(record) },
  }
}
