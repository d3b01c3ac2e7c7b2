import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Secret } from '../../src/core/secret.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { UndiciHttp } from '../../src/platform/undici-http.ts'
import { judgeDeviceAuthorization } from '../../src/protocols/oauth/device-authorization.ts'
import type { DeviceStart } from '../../src/protocols/oauth/device-dialect.ts'
import { judgeDevicePoll } from '../../src/protocols/oauth/device-poll.ts'
import { DEVICE_GRANT_TYPE, requestDeviceCode, requestDeviceToken } from '../../src/protocols/oauth/device-request.ts'
import { discoverServer, type ServerMetadata } from '../../src/protocols/oauth/discovery.ts'
import { jwtClaims } from '../../src/protocols/oauth/jwt-claims.ts'
import { judgeRevocation, requestRevocation } from '../../src/protocols/oauth/revocation.ts'
import { judgeTokenAnswer, type TokenGrant } from '../../src/protocols/oauth/token-endpoint.ts'
import { type Endpoint, requestRefresh, type Send } from '../../src/protocols/oauth/token-request.ts'
import { type OidcProvider, startOidcProvider } from '../support/oidc-provider.ts'

// An oracle that nobody here wrote: whatever claw takes the specifications to say, this server says too, or the test fails.
const { signal } = new AbortController()
const http = new UndiciHttp({ clock: systemClock(), environment: environmentOf({}) })
const send: Send = (request) => http.request(request)
let provider: OidcProvider
let server: ServerMetadata
beforeAll(async () => {
  provider = await startOidcProvider()
  server = await discoverServer(http, provider.issuer, signal)
})
afterAll(async () => {
  await http.close()
  await provider.close()
})

const at = (url: string | null): Endpoint => ({ url: url ?? '', encoding: 'form', clientId: provider.clientId })

async function askForCode(): Promise<DeviceStart> {
  const answer = await requestDeviceCode(send, at(server.deviceAuthorizationEndpoint), { scope: 'openid offline_access' }, signal)
  return judgeDeviceAuthorization(answer, { tokenEndpoint: server.tokenEndpoint, verificationHosts: [], verificationUriMayBeEmpty: false })
}
async function poll({ secrets: { deviceCode } }: DeviceStart) {
  if (!deviceCode) throw new Error('no device code')
  return judgeDevicePoll(await requestDeviceToken(send, at(server.tokenEndpoint), deviceCode, signal), 0)
}
async function signIn(): Promise<TokenGrant> {
  const code = await askForCode()
  await provider.approve(code.userCode)
  const said = await poll(code)
  if (said.kind !== 'granted') throw new Error(said.kind)
  return said.grant
}
function refreshTokenOf(grant: TokenGrant): Secret {
  if (!grant.refreshToken) throw new Error('no refresh token')
  return grant.refreshToken
}
async function refresh(token: Secret) {
  const connection = await http.connect(server.tokenEndpoint, signal)
  return judgeTokenAnswer(await requestRefresh(connection, at(server.tokenEndpoint), token, {}, signal), 0)
}
async function refreshed(token: Secret): Promise<TokenGrant> {
  const said = await refresh(token)
  if (said.kind !== 'granted') throw new Error(said.kind)
  return said.grant
}

describe('oidc-provider', () => {
  it('is found by its issuer', () => {
    expect(server).toEqual({
      issuer: provider.issuer,
      tokenEndpoint: `${provider.issuer}/token`,
      deviceAuthorizationEndpoint: `${provider.issuer}/device/auth`,
      authorizationEndpoint: `${provider.issuer}/auth`,
      revocationEndpoint: `${provider.issuer}/token/revocation`,
      namesItself: true,
    })
  })

  it('hands out a code, says that it is pending, and grants when somebody has approved it', async () => {
    const code = await askForCode()
    expect({ ...code, secrets: Object.keys(code.secrets), userCode: 'shown', verificationUriComplete: 'shown' }).toEqual({
      kind: 'started',
      secrets: ['deviceCode'],
      userCode: 'shown',
      verificationUri: `${provider.issuer}/device`,
      verificationUriComplete: 'shown',
      intervalMs: 5_000,
      lifetimeMs: 600_000,
      warnings: [],
    })
    expect(code.verificationUriComplete).toBe(`${provider.issuer}/device?user_code=${code.userCode}`)
    expect(await poll(code)).toEqual({ kind: 'pending' })
    await provider.approve(code.verificationUriComplete ?? '')
    const said = await poll(code)
    if (said.kind !== 'granted') throw new Error(said.kind)
    const { lifetimeMs, scopes, hasType, refreshToken, idToken } = said.grant
    expect([lifetimeMs, scopes, hasType, refreshToken !== undefined]).toEqual([300_000, ['openid', 'offline_access'], true, true])
    expect(jwtClaims(idToken?.reveal() ?? '')?.get('sub')).toBe('somebody')
    expect(provider.tokenRequests(DEVICE_GRANT_TYPE).map(({ status }) => status)).toEqual([400, 200])
  })

  it('takes a device code once', async () => {
    const code = await askForCode()
    await provider.approve(code.userCode)
    await poll(code)
    const again = await poll(code)
    expect(again.kind === 'failed' && [again.error.code, again.error.message]).toEqual([
      'CLAW_GRANT_REJECTED',
      'the server does not take this code any more',
    ])
  })

  it('says that somebody said no', async () => {
    const code = await askForCode()
    await provider.deny(code.userCode)
    expect((await poll(code)).kind).toBe('denied')
  })

  it('refuses a client that it does not know', async () => {
    const answer = await requestDeviceCode(send, { ...at(server.deviceAuthorizationEndpoint), clientId: 'somebody-else' }, {}, signal)
    expect(() =>
      judgeDeviceAuthorization(answer, { tokenEndpoint: server.tokenEndpoint, verificationHosts: [], verificationUriMayBeEmpty: false }),
    ).toThrow('the device authorization endpoint answered `invalid_client`')
  })

  it('R-24 replaces the refresh token at every refresh, and takes each one once', async () => {
    const first = refreshTokenOf(await signIn())
    const second = refreshTokenOf(await refreshed(first))
    const third = refreshTokenOf(await refreshed(second))
    expect([first.equals(second), second.equals(third)]).toEqual([false, false])
  })

  it('R-16 revokes the whole family when a refresh token is used again, and says so in the words of OAuth', async () => {
    const first = refreshTokenOf(await signIn())
    const second = refreshTokenOf(await refreshed(first))
    expect(await refresh(first)).toMatchObject({ kind: 'oauth_error', status: 400, error: 'invalid_grant' })
    expect(await refresh(second)).toMatchObject({ kind: 'oauth_error', status: 400, error: 'invalid_grant' })
  })

  it('S-49 revokes a refresh token, and does not mind one that it has forgotten', async () => {
    const token = refreshTokenOf(await signIn())
    for (let count = 0; count < 2; count++) {
      expect(judgeRevocation(await requestRevocation(send, at(server.revocationEndpoint), token, 'refresh_token', signal))).toBe('revoked')
    }
    expect(await refresh(token)).toMatchObject({ kind: 'oauth_error', error: 'invalid_grant' })
  })

  it('S-33 is never given a secret in an address', () => {
    expect(provider.requests.filter(({ path }) => /token=|device_code=|secret/.test(path))).toEqual([])
  })
})
