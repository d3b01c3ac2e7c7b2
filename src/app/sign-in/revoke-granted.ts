import { toClawError } from '../../core/errors.ts'
import type { GrantClient, RecordSecrets } from '../../credentials/record.ts'
import type { MethodChoice } from './choose-method.ts'
import { oauthClient } from './oauth-client.ts'
import { type Revocation, revokeTokens } from '../sign-out/revoke-tokens.ts'
import type { Session } from '../session.ts'

export const NOT_SUPPORTED: Revocation = { outcome: 'not_supported', error: null }

/** Revokes what a provider gave out to the client that is pinned with it; a provider that is away throws nothing. */
export async function revokeGranted(
  session: Session,
  { route, auth }: Pick<MethodChoice, 'route' | 'auth'>,
  client: GrantClient | null,
  secrets: readonly RecordSecrets[],
): Promise<Revocation> {
  if (!client) return NOT_SUPPORTED
  try {
    const { revocation } = await oauthClient(session, route, auth, session.signal, client)
    const ends: Revocation[] = []
    for (const each of secrets) ends.push(await revokeTokens(session.ports, revocation, each, session.signal))
    return ends.find(({ outcome }) => outcome !== 'revoked') ?? ends[0] ?? NOT_SUPPORTED
  } catch (thrown) {
    return { outcome: 'failed', error: toClawError(thrown) }
  }
}
