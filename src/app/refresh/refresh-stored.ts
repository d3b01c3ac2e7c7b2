import type { CredentialRecord } from '../../credentials/record.ts'
import type { LeaseOwner } from '../../credentials/store.ts'
import { barringOf } from './barring.ts'
import { authFor } from '../credential/candidates.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { credentialOf } from '../sign-in/grant-credential.ts'
import { maxAgeOf } from '../sign-in/grant-terms.ts'
import { type KeptFresh, keepFresh } from './keep-fresh.ts'
import { oauthClient } from '../sign-in/oauth-client.ts'
import type { Session } from '../session.ts'
import { dropSignedOutAnswers, signedOutAnswers } from '../sign-out/signed-out-answers.ts'
import { signInCommand } from '../sign-in/sign-in-command.ts'
import { tokenWire } from './token-wire.ts'

export interface RefreshOptions {
  readonly goal: 'use' | 'newer'
  readonly marginMs: number
  readonly onWaiting?: ((owner: LeaseOwner | null) => void) | undefined
}

/**
 * Refreshes a stored grant by the client that its record pins. A newer one is one that is newer than the record given:
 * whoever else has brought it meanwhile.
 *
 * @throws {ClawError} as {@link keepFresh}.
 */
export async function refreshStored(session: Session, route: Route, record: CredentialRecord, options: RefreshOptions): Promise<KeptFresh> {
  const { ports, config, signal } = session
  const auth = authFor(route, 'oauth', record.auth)
  const { leaseMs, waitMs, requestTimeoutMs } = config.store
  const wire = tokenWire(ports, {
    auth,
    timeoutMs: requestTimeoutMs,
    clientOf: ({ client }) => oauthClient(session, route, auth, signal, client ?? undefined),
    credentialOf(grant, client, sent) {
      const fresh = credentialOf(route, auth, grant, client, sent.method === 'pkce' ? 'pkce' : 'device', ports.clock.wall())
      return { ...fresh, ...barringOf(route.entry, auth, sent, fresh) }
    },
  })
  const kept = await keepFresh(ports, wire, record.id, {
    goal: options.goal,
    ...(options.goal === 'newer' ? { than: record.generation } : {}),
    minRemainingMs: options.marginMs,
    maxAgeMs: maxAgeOf(auth),
    retryInDoubt: auth.retryInDoubt,
    waitMs,
    settings: { leaseMs, requestTimeoutMs, signInCommand: signInCommand(record), requestedScopes: auth.scopes },
    signal,
    ...(options.onWaiting ? { onWaiting: options.onWaiting } : {}),
  })
  if (kept.outcome === 'refreshed') await tidyUp(session)
  return kept
}

/** Whoever has just written may as well look what others left: it costs nothing where nobody has signed out. */
async function tidyUp(session: Session): Promise<void> {
  try {
    await dropSignedOutAnswers(session, await signedOutAnswers(session, await session.ports.store.read()), true)
  } catch {
    // It was no part of what was asked for: `doctor --fix` tells what stands in its way.
  }
}
