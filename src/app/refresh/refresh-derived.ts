import type { CredentialRecord } from '../../credentials/record.ts'
import { accessStepOf } from '../access/access-step.ts'
import { authFor } from '../credential/candidates.ts'
import type { Session } from '../session.ts'
import { storedCredential } from '../credential/stored-credential.ts'

export interface DerivedRefresh {
  /** The method that it is minted by. */
  readonly derived: string
  readonly outcome: 'refreshed' | 'fresh' | 'adopted'
}

/** The method that mints a token of its own from a stored credential; null for nearly all of them. */
export function mintedFrom({ catalogue, ports }: Session, record: CredentialRecord): string | null {
  if (!record.secrets || !catalogue.knows(record.route)) return null
  const route = catalogue.route(record.route)
  const source = `store:${ports.store.backend}`
  const step = accessStepOf({ route, record, source, secret: record.secrets.access, auth: authFor(route, record.kind, record.auth) })
  return step?.kind === 'mint' ? step.entry.id : null
}

/**
 * Mints anew what is derived from a stored credential: now, or where less than `minTtlMs` is left of it.
 *
 * @throws {ClawError} what the provider says, and `CLAW_LEASE_BUSY`, `CLAW_STORE_*`.
 */
export async function refreshDerived(
  session: Session,
  record: CredentialRecord,
  derived: string,
  minTtlMs: number | undefined,
): Promise<DerivedRefresh> {
  const { withAccess } = await import('../access/api-access.ts')
  const stored = storedCredential(session, session.catalogue.route(record.route), record)
  const usable = { credential: stored, outcome: 'fresh', warning: null, lostScopes: [] } as const
  const { credential } = await withAccess(session, usable, minTtlMs === undefined ? { renew: true } : { minTtlMs })
  const before = record.secrets?.derived?.[derived]
  if (credential.access?.isAsked) return { derived, outcome: 'refreshed' }
  return { derived, outcome: before && credential.secret?.equals(before) ? 'fresh' : 'adopted' }
}
