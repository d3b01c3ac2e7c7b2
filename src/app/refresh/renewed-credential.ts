import { fingerprintOf } from '../../credentials/next-record.ts'
import { type ChosenCredential, withSecret } from '../credential/find-credential.ts'
import type { Session } from '../session.ts'
import { usableCredential } from '../credential/usable-credential.ts'

/**
 * A newer value of a credential that was refused, if there can be one: a grant is refreshed once, however many were refused
 * with it; a token that was minted is minted anew; a reference is read again; a fixed key is what it is.
 *
 * @throws {ClawError} as {@link usableCredential}.
 */
export async function renewedCredential(session: Session, credential: ChosenCredential): Promise<ChosenCredential | undefined> {
  const { secret, record } = credential
  if (!secret) return undefined
  const found = credential.access?.from ?? credential
  const isMinted = found.secret?.equals(secret) === false || found.federation !== null
  if (isMinted || (record?.kind === 'oauth' && record.refreshable)) {
    const { credential: newer } = await usableCredential(session, found, { rejected: fingerprintOf(secret) })
    return newer.secret?.equals(secret) === false ? newer : undefined
  }
  const again = await found.reread?.()
  return again && !again.equals(secret) ? (await usableCredential(session, withSecret(found, again))).credential : undefined
}
