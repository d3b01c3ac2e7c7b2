import type { CredentialRecord } from '../../credentials/record.ts'
import { authFor, candidate } from './candidates.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { placeOf } from './credential-place.ts'
import type { ChosenCredential } from './find-credential.ts'
import type { Session } from '../session.ts'

/** A stored credential as it would be used, whichever else would win. */
export function storedCredential({ catalogue, ports }: Session, route: Route, record: CredentialRecord): ChosenCredential {
  const source = `store:${ports.store.backend}`
  const { kind, profile } = record
  const auth = authFor(route, kind, record.auth)
  return {
    named: catalogue.find(route.id),
    route,
    auth,
    kind,
    source,
    reference: null,
    profile,
    authMode: 'auto',
    state: 'wins',
    secret: record.secrets?.access ?? null,
    masked: null,
    record,
    expiresAt: record.expiresAt,
    account: null,
    degraded: false,
    reread: null,
    federation: null,
    ...placeOf(candidate({ origin: 'store', kind, fact: 'usable', source, route, auth, profile, record }), ports.environment),
  }
}
