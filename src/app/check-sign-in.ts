import type { CredentialRecord } from '../credentials/record.ts'
import { authFor, candidate } from './candidates.ts'
import type { Route } from './catalogue.ts'
import { placeOf } from './credential-place.ts'
import { type ProbeResult, probeCredential } from './probe.ts'
import type { Session } from './session.ts'

export type CheckedSignIn = Pick<ProbeResult, 'status' | 'evidence' | 'detail'>

/** The cheap request with the very credential that was stored, whichever else would win. */
export async function checkSignIn(session: Session, route: Route, record: CredentialRecord): Promise<CheckedSignIn> {
  const source = `store:${session.ports.store.backend}`
  const auth = authFor(route, record.kind, record.auth)
  const place = placeOf(
    candidate({ origin: 'store', kind: record.kind, fact: 'usable', source, route, auth, profile: record.profile, record }),
    session.ports.environment,
  )
  return probeCredential(session, {
    named: session.catalogue.find(route.id),
    route,
    auth,
    kind: record.kind,
    source,
    reference: null,
    profile: record.profile,
    authMode: 'auto',
    state: 'wins',
    secret: record.secrets?.access ?? null,
    masked: null,
    record,
    expiresAt: record.expiresAt,
    account: null,
    degraded: false,
    reread: null,
    ...place,
  })
}
