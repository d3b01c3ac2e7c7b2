import type { CredentialRecord } from '../credentials/record.ts'
import type { LeaseOwner } from '../credentials/store.ts'
import { authFor } from './candidates.ts'
import type { Route } from './catalogue.ts'
import { credentialOf } from './grant-credential.ts'
import { type KeptFresh, keepFresh } from './keep-fresh.ts'
import { oauthClient } from './oauth-client.ts'
import type { Session } from './session.ts'
import { signInCommand } from './sign-in-command.ts'
import { tokenWire } from './token-wire.ts'

export interface RefreshOptions {
  readonly goal: 'use' | 'newer'
  readonly marginMs: number
  readonly onWaiting?: ((owner: LeaseOwner | null) => void) | undefined
}

/**
 * Refreshes a stored grant by the client that its record pins.
 *
 * @throws {ClawError} as {@link keepFresh}.
 */
export async function refreshStored(session: Session, route: Route, record: CredentialRecord, options: RefreshOptions): Promise<KeptFresh> {
  const { ports, config, signal } = session
  const auth = authFor(route, 'oauth', record.auth)
  const client = () => oauthClient(session, route, auth, signal, record.client ?? undefined)
  const known = await client()
  const { leaseMs, waitMs, requestTimeoutMs } = config.store
  const wire = tokenWire(ports, client, auth, requestTimeoutMs, (grant) =>
    credentialOf(route, auth, grant, known, record.method === 'pkce' ? 'pkce' : 'device', ports.clock.wall()),
  )
  return keepFresh(ports, wire, record.id, {
    goal: options.goal,
    minRemainingMs: options.marginMs,
    retryInDoubt: auth.retryInDoubt,
    waitMs,
    settings: { leaseMs, requestTimeoutMs, signInCommand: signInCommand(record) },
    signal,
    ...(options.onWaiting ? { onWaiting: options.onWaiting } : {}),
  })
}
