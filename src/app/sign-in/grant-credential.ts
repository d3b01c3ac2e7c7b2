import type { NewCredential } from '../../credentials/record.ts'
import type { TokenGrant } from '../../protocols/oauth/token-endpoint.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { isAtHost } from '../../providers/hosts.ts'
import { accountOf } from './account.ts'
import { baseUrlOf } from '../catalogue/base-url.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { grantLifetime, renewalTerms } from './grant-terms.ts'
import type { OAuthClient } from './oauth-client.ts'

/** What a token answer is worth keeping, of a sign-in and of a refresh: the account is a hint, the expiry the server's own. */
export function credentialOf(
  route: Route,
  auth: AuthEntry,
  grant: TokenGrant,
  client: OAuthClient,
  method: 'device' | 'pkce',
  wallNow: number,
): NewCredential {
  const secrets = {
    access: grant.accessToken,
    ...(grant.refreshToken ? { refresh: grant.refreshToken } : {}),
    ...(grant.idToken ? { idToken: grant.idToken } : {}),
  }
  return {
    method,
    auth: auth.id,
    secrets,
    lifetimeMs: grantLifetime(auth, grant, wallNow),
    sentAgoMs: 0,
    account: accountOf(route.entry, secrets),
    region: route.region,
    scopes: grant.scopes,
    origins: [...new Set([new URL(baseUrlOf(route)).origin, ...namedOrigins(route, auth, grant)])],
    client: client.pinned,
    ...renewalTerms(auth, grant, wallNow),
  }
}

/** Where the answer says that the API is: believed only within the hosts that the catalogue trusts. */
function namedOrigins({ entry }: Route, { resourceUrlField }: AuthEntry, { extras }: TokenGrant): string[] {
  const named = resourceUrlField === undefined ? undefined : extras.get(resourceUrlField)
  if (named === undefined) return []
  const address = named.includes('://') ? named : `https://${named}`
  return isAtHost(address, entry.trustedHosts) ? [new URL(address).origin] : []
}
