import { ClawError } from '../../core/errors.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import { type ProbeResult, probeCredential } from '../access/probe.ts'
import type { Route } from '../catalogue/catalogue.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import { storedCredential } from '../credential/stored-credential.ts'
import { usableCredential } from '../credential/usable-credential.ts'
import type { Session } from '../session.ts'

export type CheckedSignIn = Pick<ProbeResult, 'status' | 'evidence' | 'detail'>

/** The cheap request with the very credential that was stored, whichever else would win. */
export async function checkSignIn(session: Session, route: Route, record: CredentialRecord): Promise<CheckedSignIn> {
  return probeCredential(session, storedCredential(session, route, record))
}

/** The same with a credential that was there before: a grant is refreshed first where it must be. */
export async function checkPresent(session: Session, found: ChosenCredential): Promise<CheckedSignIn> {
  try {
    const { credential } = await usableCredential(session, found)
    return await probeCredential(session, credential)
  } catch (thrown) {
    if (!(thrown instanceof ClawError) || session.signal.aborted) throw thrown
    return { status: 'fail', evidence: 'resolved', detail: thrown.message }
  }
}
