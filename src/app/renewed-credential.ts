import { fingerprintOf } from '../credentials/next-record.ts'
import { type ChosenCredential, withSecret } from './find-credential.ts'
import type { Session } from './session.ts'
import { usableCredential } from './usable-credential.ts'

/**
 * A newer value of a credential that was refused, if there can be one: a grant is refreshed once, however many were refused
 * with it; a reference is read again; a fixed key is what it is.
 *
 * @throws {ClawError} as {@link usableCredential}.
 */
export async function renewedCredential(session: Session, credential: ChosenCredential): Promise<ChosenCredential | undefined> {
  const { secret, record, reread } = credential
  if (!secret) return undefined
  if (record?.kind === 'oauth' && record.refreshable) {
    const { credential: newer } = await usableCredential(session, credential, { rejected: fingerprintOf(secret) })
    return newer.secret?.equals(secret) === false ? newer : undefined
  }
  const again = await reread?.()
  return again && !again.equals(secret) ? withSecret(credential, again) : undefined
}
