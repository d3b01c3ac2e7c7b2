import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { UndiciHttp } from '../../src/platform/undici-http.ts'
import { requestCodeExchange } from '../../src/protocols/oauth/code-exchange.ts'
import { requestDeviceCode, requestDeviceToken } from '../../src/protocols/oauth/device-request.ts'
import { judgeRevocation, requestRevocation } from '../../src/protocols/oauth/revocation.ts'
import { type Endpoint, requestRefresh, type Send } from '../../src/protocols/oauth/token-request.ts'
import { answer } from '../support/answer.ts'
import { failureOf } from '../support/failure.ts'
import { loopbackServer, type Answer, type LoopbackServer } from '../support/loopback-server.ts'

const { signal } = new AbortController()
const http = new UndiciHttp({ clock: systemClock(), environment: environmentOf({}) })
const send: Send = (request) => http.request(request)
const token = new Secret('CANARY+refresh/1', 'refresh-token')
let server: LoopbackServer
afterEach(() => server.close())

async function start(given: Answer = { status: 400, body: '{"error":"x"}' }, more: Partial<Endpoint> = {}): Promise<Endpoint> {
  server = await loopbackServer(() => given)
  return { url: `${server.origin}/oauth/x`, encoding: 'form', clientId: 'claw', ...more }
}
const FORM = 'application/x-www-form-urlencoded'
const asked = () =>
  server.requests.map(({ method, path, headers, body }) => [
    method,
    path,
    headers['content-type'],
    headers.accept,
    headers['user-agent'],
    body,
  ])

describe('what is sent', () => {
  it('RFC 8628 section 3.1: asks for a device code', async () => {
    expect(await requestDeviceCode(send, await start(), { scope: 'openid offline_access' }, signal)).toMatchObject({
      status: 400,
      text: '{"error":"x"}',
    })
    expect(asked()).toEqual([
      ['POST', '/oauth/x', FORM, 'application/json', 'claw/0.0.0-test', 'client_id=claw&scope=openid+offline_access'],
    ])
  })

  it('RFC 8628 section 3.4: polls with the device code', async () => {
    await requestDeviceToken(send, await start(), new Secret('CANARY-device', 'device-code'), signal, { code_verifier: 'v' })
    expect(asked()[0]?.[5]).toBe(
      'client_id=claw&code_verifier=v&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=CANARY-device',
    )
  })

  it('RFC 6749 section 4.1.3: exchanges a code with its verifier and redirect, and what the server wants beside', async () => {
    const exchange = {
      code: new Secret('CANARY-code', 'authorization-code'),
      verifier: new Secret('CANARY-verifier', 'verifier'),
      redirectUri: 'http://127.0.0.1:7/callback',
    }
    await requestCodeExchange(send, await start(), exchange, signal, { state: 's' })
    expect(asked()[0]?.[5]).toBe(
      'client_id=claw&state=s&grant_type=authorization_code&code=CANARY-code&redirect_uri=http%3A%2F%2F127.0.0.1%3A7%2Fcallback&code_verifier=CANARY-verifier',
    )
  })

  it('RFC 6749 section 6: refreshes over a connection that stands, in a form', async () => {
    const endpoint = await start()
    const connection = await http.connect(endpoint.url, signal)
    expect(server.requests).toEqual([])
    await requestRefresh(connection, endpoint, token, { scope: 'a', audience: 'https://api.acme.example', resource: undefined }, signal)
    expect(asked()).toEqual([
      [
        'POST',
        '/oauth/x',
        FORM,
        'application/json',
        'claw/0.0.0-test',
        'client_id=claw&grant_type=refresh_token&refresh_token=CANARY%2Brefresh%2F1&scope=a&audience=https%3A%2F%2Fapi.acme.example',
      ],
    ])
  })

  it('RFC 6749 section 6: refreshes in JSON, with headers and fields of the server, which beat no field of the protocol', async () => {
    const endpoint = await start(undefined, {
      encoding: 'json',
      clientSecret: new Secret('CANARY-client', 'client-secret'),
      headers: { 'user-agent': 'own/1', 'x-device': 'd' },
      extraParams: { tenant: 't', grant_type: 'password', client_id: 'evil' },
    })
    const connection = await http.connect(endpoint.url, signal)
    await requestRefresh(connection, endpoint, token, {}, signal)
    const { headers, body } = server.requests[0] ?? {}
    expect([headers?.['user-agent'], headers?.['x-device'], headers?.['content-type'], JSON.parse(body ?? '')]).toEqual([
      'own/1',
      'd',
      'application/json',
      { tenant: 't', grant_type: 'refresh_token', client_id: 'claw', client_secret: 'CANARY-client', refresh_token: 'CANARY+refresh/1' },
    ])
  })

  it('RFC 7009 section 2.1: revokes', async () => {
    await requestRevocation(send, await start(), token, 'refresh_token', signal)
    expect(asked()[0]?.[5]).toBe('client_id=claw&token=CANARY%2Brefresh%2F1&token_type_hint=refresh_token')
  })

  it('S-33 puts no secret into an address', async () => {
    const endpoint = await start()
    await requestDeviceToken(send, endpoint, new Secret('CANARY-device', 'device-code'), signal)
    await requestRevocation(send, endpoint, token, 'access_token', signal)
    expect(server.requests.map(({ path }) => path)).toEqual(['/oauth/x', '/oauth/x'])
  })

  it.each([301, 302, 303, 307, 308])('S-27 takes no secret along after a %i', async (status) => {
    const other = await loopbackServer(() => ({}))
    const endpoint = await start({ status, headers: { location: `${other.origin}/steal?x=CANARY` } })
    const connection = await http.connect(endpoint.url, signal)
    for (const request of [
      () => requestRefresh(connection, endpoint, token, {}, signal),
      () => requestRevocation(send, endpoint, token, 'refresh_token', signal),
      () => requestDeviceCode(send, endpoint, {}, signal),
    ]) {
      const failure = await failureOf(request)
      expect([failure.code, failure.data]).toEqual(['CLAW_REDIRECT', { sent: true, status, origin: other.origin }])
    }
    expect(other.requests).toEqual([])
    await other.close()
  })

  it('S-30 reads 256 KiB of an answer and no more', async () => {
    const endpoint = await start({ body: 'x'.repeat(256 * 1024 + 1) })
    expect((await failureOf(() => requestDeviceCode(send, endpoint, {}, signal))).what).toBe(
      `the answer of \`${server.origin}\` is longer than 256 KiB`,
    )
  })
})

describe('judgeRevocation', () => {
  it.each([
    [answer(200, ''), 'revoked'],
    [answer(204, ''), 'revoked'],
    [answer(200, { error: 'unsupported_token_type' }), 'not_supported'],
    [answer(400, { error: 'unsupported_token_type' }), 'not_supported'],
    [answer(404, 'no'), 'not_supported'],
    [answer(405, ''), 'not_supported'],
    [answer(400, { error: 'invalid_client' }), 'failed'],
    [answer(503, '', { 'retry-after': '3' }), 'failed'],
    [answer(500, ''), 'failed'],
  ])('S-49 reads %j as %s', (given, outcome) => {
    expect(judgeRevocation(given)).toBe(outcome)
  })
})
