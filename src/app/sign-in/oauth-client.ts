import { ClawError } from '../../core/errors.ts'
import type { GrantClient } from '../../credentials/record.ts'
import { discoverServer } from '../../protocols/oauth/discovery.ts'
import type { Endpoint } from '../../protocols/oauth/token-request.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { clientSecretOf } from './client-secret.ts'
import { authAtDomain } from '../access/domain.ts'
import { installationHeaders } from '../access/installation.ts'
import { authRequestHeaders } from '../access/request-headers.ts'
import type { Session } from '../session.ts'

/** A client at one authorization server, with every difference of that server resolved. */
export interface OAuthClient {
  readonly token: Endpoint
  /** Where the vendor has the token endpoint too: asked where it is gone from the first address. */
  readonly tokenFallbacks: readonly string[]
  readonly device: Endpoint | null
  /** Where somebody signs in with a browser. */
  readonly authorizationUrl: string | null
  readonly revocation: Endpoint | null
  readonly issuer: string | null
  /** The issuer promises to name itself in every authorization response (RFC 9207). */
  readonly namesItself: boolean
  readonly scope: string | undefined
  readonly audience: string | undefined
  readonly resource: string | undefined
  /** Hosts that the page of a device sign-in may have. */
  readonly verificationHosts: readonly string[]
  /** What a record must keep of it. */
  readonly pinned: GrantClient
}

/** The limit of one request to an authorization server, ms. */
const REQUEST_TIMEOUT_MS = 30_000

/**
 * The client of an auth entry: its endpoints as they are written, or found by discovery; those that a record or a flow
 * pins stay as they were.
 *
 * @throws {ClawError} `CLAW_PROTOCOL`, `CLAW_NETWORK` from discovery, `CLAW_CONFIG_INVALID` where an endpoint is missing.
 */
export async function oauthClient(
  session: Session,
  route: Route,
  written: AuthEntry,
  signal: AbortSignal,
  pinned?: GrantClient,
  purpose: 'sign-in' | 'refresh' = pinned ? 'refresh' : 'sign-in',
): Promise<OAuthClient> {
  const { entry } = route
  // What is pinned was made at its own domain.
  const auth = pinned ? written : authAtDomain(route, written)
  const first = auth.kind === 'oauth_device' ? auth.deviceUrl : auth.kind === 'oauth_pkce' ? auth.authorizeUrl : auth.tokenUrl
  const isWritten = auth.tokenUrl !== undefined && first !== undefined
  const found =
    auth.issuer !== undefined && !isWritten && !pinned
      ? await discoverServer(session.ports.http, auth.issuer, signal, entry.authHosts ?? [])
      : undefined
  const tokenUrl = pinned?.tokenEndpoint ?? auth.tokenUrl ?? found?.tokenEndpoint
  if (tokenUrl === undefined) {
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `the method \`${auth.id}\` of \`${entry.id}\` has no token endpoint`,
      fix: `set \`issuer\` or \`token_endpoint\` in [providers.${entry.id}.auth.${auth.id}]`,
    })
  }
  const clientId = pinned?.clientId ?? auth.clientId
  const common = {
    ...(clientId ? { clientId } : {}),
    clientSecret: await clientSecretOf(session, route, auth),
    headers: {
      'user-agent': entry.userAgent ?? `claw/${session.ports.version}`,
      ...(auth.sendDeviceHeaders ? await installationHeaders(session, route) : {}),
      ...authRequestHeaders(auth, session.ports.random),
    },
    extraParams: auth.extraParams,
    headTimeoutMs: (auth.requestTimeoutS ?? REQUEST_TIMEOUT_MS / 1_000) * 1_000,
  }
  const tokenBody = auth.tokenBody ?? 'form'
  const deviceUrl = auth.deviceUrl ?? found?.deviceAuthorizationEndpoint
  const revocationUrl = pinned?.revocationEndpoint ?? auth.revocationUrl ?? found?.revocationEndpoint
  return {
    token: {
      ...common,
      url: tokenUrl,
      encoding: purpose === 'refresh' ? (auth.refreshBody ?? tokenBody) : tokenBody,
      extraParams: { ...auth.tokenParams, ...auth.extraParams },
      onlyFields: purpose === 'refresh' ? auth.refreshFields : undefined,
    },
    tokenFallbacks: fallbacksOf(route, auth, tokenUrl),
    device: deviceUrl ? { ...common, url: deviceUrl, encoding: auth.deviceBody ?? 'form' } : null,
    revocation: revocationUrl ? { ...common, url: revocationUrl, encoding: auth.revokeBody ?? 'form' } : null,
    authorizationUrl: auth.authorizeUrl ?? found?.authorizationEndpoint ?? null,
    issuer: auth.issuer ?? null,
    namesItself: found?.namesItself ?? false,
    scope: auth.scopes && auth.scopes.length > 0 ? auth.scopes.join(' ') : undefined,
    audience: auth.audience,
    resource: auth.resource,
    verificationHosts: [...(entry.verificationHosts ?? []), ...(entry.authHosts ?? [])],
    pinned: { clientId: clientId ?? null, tokenEndpoint: tokenUrl, revocationEndpoint: revocationUrl ?? null, issuer: auth.issuer ?? null },
  }
}

/** The vendor's other addresses. A token endpoint of the user's own has none but those that the user names (S-27). */
function fallbacksOf(route: Route, auth: AuthEntry, tokenUrl: string): readonly string[] {
  const own = route.settings?.auth[auth.id] ?? {}
  const isMoved = own.tokenUrl !== undefined || own.oauthHost !== undefined || own.issuer !== undefined
  if (isMoved && own.tokenUrlFallbacks === undefined) return []
  const all = [...(auth.tokenUrl === undefined ? [] : [auth.tokenUrl]), ...(auth.tokenUrlFallbacks ?? [])]
  return all.includes(tokenUrl) ? all.filter((url) => url !== tokenUrl) : []
}
