import { ClawError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import { fingerprintOf } from '../../credentials/next-record.ts'
import { decideRefresh, marginOf, remainingMs } from '../../credentials/refresh-decision.ts'
import type { LeaseOwner } from '../../credentials/store.ts'
import { accessStepOf } from '../access/access-step.ts'
import { type ChosenCredential, withSecret } from './find-credential.ts'
import type { Federation } from '../identity/federation.ts'
import { maxAgeOf } from '../sign-in/grant-terms.ts'
import { type Notice, scopeNotices } from '../refresh/lost-scopes.ts'
import { marginMsOf } from '../refresh/margin.ts'
import type { Session } from '../session.ts'
import { renewalCommand, signInCommand } from '../sign-in/sign-in-command.ts'

export interface Demand {
  /** At least this much must be left of the access token, ms. */
  readonly minTtlMs?: number | undefined
  /** SHA-256 (hex, or its beginning) of an access token that the provider refused: a newer one is wanted. */
  readonly rejected?: string | undefined
  /** A newer generation, whatever is left of the one in force. */
  readonly renew?: boolean | undefined
  onWaiting?(owner: LeaseOwner | null): void
}

export interface UsableCredential {
  readonly credential: ChosenCredential
  readonly outcome: 'fresh' | 'refreshed' | 'adopted'
  /** A refresh that failed though the token in force still serves; or why an exchanged one could not be kept. */
  readonly warning: ClawError | null
  /** Scopes that the refresh no longer grants. */
  readonly lostScopes: readonly string[]
}

/** What a user of the credential should be told beside the answer. */
export function credentialNotices(usable: UsableCredential): readonly Notice[] {
  const { warning, lostScopes, credential } = usable
  return [...(warning ? [noticeOf(warning, usable)] : []), ...scopeNotices(credential.route.id, lostScopes)]
}

function noticeOf({ message }: ClawError, { credential, outcome }: UsableCredential): Notice {
  if (!credential.federation)
    return { code: 'refresh_failed', message: `the grant could not be refreshed, and its token still serves: ${message}` }
  return outcome === 'refreshed'
    ? { code: 'not_kept', message: `what the identity was exchanged for serves this command alone: ${message}` }
    : { code: 'refresh_failed', message: `the identity could not be exchanged anew, and its token still serves: ${message}` }
}

/**
 * A credential that may be sent now: a grant is refreshed first where it must be, by one owner however many ask. The usual
 * case, a valid token, loads nothing and takes no lock.
 *
 * @throws {ClawError} `CLAW_GRANT_REJECTED`, `CLAW_REFRESH_*`, `CLAW_LEASE_BUSY`, `CLAW_STORE_*`, `CLAW_NETWORK`, `CLAW_CREDENTIAL_EXPIRED`.
 */
export async function usableCredential(session: Session, chosen: ChosenCredential, demand: Demand = {}): Promise<UsableCredential> {
  const step = accessStepOf(chosen)
  // What is minted from a grant that cannot be refreshed is renewed without it.
  const ofGrant = step?.kind === 'mint' && chosen.record?.refreshable !== true ? {} : demand
  const usable = await freshCredential(session, chosen, ofGrant)
  if (!step) return usable
  const { withAccess } = await import('../access/api-access.ts')
  try {
    return await withAccess(session, usable, demand)
  } catch (thrown) {
    const { record, secret } = usable.credential
    const isRefused = thrown instanceof ClawError && thrown.code === 'CLAW_CREDENTIAL_REJECTED'
    if (!isRefused || !secret || record?.refreshable !== true || usable.outcome !== 'fresh') throw thrown
    return withAccess(session, await freshCredential(session, chosen, { ...demand, rejected: fingerprintOf(secret) }), demand)
  }
}

/** A grant whose token may be sent now; everything else as it is. */
async function freshCredential(session: Session, chosen: ChosenCredential, demand: Demand): Promise<UsableCredential> {
  const { record, auth, federation } = chosen
  if (record && session.config.store.boundToMachine && (await session.ports.store.read()).copied) throw copiedStore(record)
  if (federation) return identity(session, chosen, federation, demand)
  if (record?.kind !== 'oauth') return fresh(unexpired(session, chosen, demand))
  const { store, clock } = session.ports
  const marginMs = marginMsOf(session, auth)
  const now = clock.wall()
  const isNewer =
    demand.renew === true ||
    isRejected(record.secrets?.access, demand.rejected) ||
    (demand.minTtlMs !== undefined && remainingMs(record, now) < demand.minTtlMs)
  if (!isNewer) {
    const wish = { goal: 'use', than: 0, marginMs, maxAgeMs: maxAgeOf(auth), retryInDoubt: auth.retryInDoubt ?? true } as const
    const verdict = decideRefresh(record, now, wish, [], (holder) => store.sight(holder))
    if (verdict === 'usable') return fresh(chosen)
  }
  const { refreshStored } = await import('../refresh/refresh-stored.ts')
  const kept = await refreshStored(session, chosen.route, record, {
    goal: isNewer ? 'newer' : 'use',
    marginMs,
    onWaiting: demand.onWaiting,
  })
  if (!kept.record.secrets)
    throw new ClawError('CLAW_NO_CREDENTIAL', { what: `the grant of \`${chosen.route.id}\` was signed out meanwhile` })
  const { outcome, warning, lostScopes } = kept
  return { credential: withSecret(chosen, kept.record.secrets.access, kept.record), outcome, warning, lostScopes }
}

/** A kept token that serves is used as it is; the exchange is loaded only where there is one. */
async function identity(session: Session, chosen: ChosenCredential, federation: Federation, demand: Demand): Promise<UsableCredential> {
  const { record, auth } = chosen
  const leftMs = record ? remainingMs(record, session.ports.clock.wall()) : 0
  const isNewer = demand.renew === true || isRejected(record?.secrets?.access, demand.rejected) || leftMs < (demand.minTtlMs ?? 0)
  if (record && !isNewer && leftMs > marginOf(record, marginMsOf(session, auth))) return fresh(chosen)
  const { identityCredential } = await import('../identity/identity-credential.ts')
  return identityCredential(session, chosen, federation, demand)
}

function fresh(credential: ChosenCredential): UsableCredential {
  return { credential, outcome: 'fresh', warning: null, lostScopes: [] }
}

function isRejected(secret: Secret | undefined, rejected: string | undefined): boolean {
  return rejected !== undefined && secret !== undefined && fingerprintOf(secret).startsWith(rejected)
}

function copiedStore(record: CredentialRecord): ClawError {
  return new ClawError('CLAW_STORE_COPIED', {
    what: 'the credential store was copied from another machine',
    why: '`[store] bound_to_machine` forbids to use what it holds',
    fix: signInCommand(record),
  })
}

/** What cannot be renewed here is used to its end, and not beyond. */
function unexpired(session: Session, chosen: ChosenCredential, { minTtlMs = 0 }: Demand): ChosenCredential {
  if (chosen.expiresAt === null) return chosen
  const leftMs = chosen.expiresAt - session.ports.clock.wall()
  if (leftMs > 0 && leftMs >= minTtlMs) return chosen
  throw new ClawError('CLAW_CREDENTIAL_EXPIRED', {
    what:
      leftMs > 0
        ? `the ${chosen.kind} of \`${chosen.route.id}\` ends too soon`
        : `the ${chosen.kind} of \`${chosen.route.id}\` has expired`,
    why: `it ends ${new Date(chosen.expiresAt).toISOString()} (source ${chosen.source}), and cannot be renewed here`,
    fix: chosen.source === 'bundle' ? 'let whoever wrote the bundle write a new one with `claw token --bundle`' : renewalCommand(chosen),
  })
}
