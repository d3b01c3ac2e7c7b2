import type { CredentialRecord } from '../../credentials/record.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { type ProbeResult, probeCredential } from '../access/probe.ts'
import type { Session } from '../session.ts'
import { storedCredential } from '../credential/stored-credential.ts'

export type CheckedSignIn = Pick<ProbeResult, 'status' | 'evidence' | 'detail'>

/** The cheap request with the very credential that was stored, whichever else would win. */
export async function checkSignIn(session: Session, route: Route, record: CredentialRecord): Promise<CheckedSignIn> {
  return probeCredential(session, storedCredential(session, route, record))
}
