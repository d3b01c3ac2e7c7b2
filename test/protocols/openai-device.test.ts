import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { UndiciHttp } from '../../src/platform/undici-http.ts'
import type { DeviceWire } from '../../src/protocols/oauth/device-dialect.ts'
import { openAiDevice } from '../../src/protocols/oauth/openai-device.ts'
import { failureOf } from '../support/failure.ts'
import { loopbackServer, type LoopbackServer } from '../support/loopback-server.ts'
import { seededRandom } from '../support/seeded-random.ts'

const NOW = Date.UTC(2026, 10, 25, 12)
const http = new UndiciHttp({ clock: systemClock(), environment: environmentOf({}) })
const wire: DeviceWire = {
  send: (request) => http.request(request),
  random: seededRandom(),
  wall: () => NOW,
  signal: new AbortController().signal,
}
let server: LoopbackServer
afterEach(() => server.close())

/** The dialect at a server that gives one answer; a text is a page. */
async function at(status: number, body: unknown, headers: Record<string, string> = {}) {
  const isText = typeof body === 'string'
  const type = isText ? 'text/html' : 'application/json'
  server = await loopbackServer(() => ({
    status,
    headers: { 'content-type': type, ...headers },
    body: isText ? body : JSON.stringify(body),
  }))
  const endpoint = (path: string, encoding: 'form' | 'json') => ({ url: `${server.origin}${path}`, encoding, clientId: 'app_codex' })
  return openAiDevice({
    usercode: endpoint('/usercode', 'json'),
    poll: endpoint('/poll', 'json'),
    token: endpoint('/token', 'form'),
    verificationUri: `${server.origin}/codex/device`,
    redirectUri: 'https://auth.openai.com/deviceauth/callback',
    deviceIdField: 'device_auth_id',
    userCodeFields: ['user_code', 'usercode'],
    lifetimeMs: 900_000,
    pendingStatuses: [403, 404],
    words: { pending: ['deviceauth_authorization_pending'], slowDown: ['slow_down'] },
    notEnabledStatus: 404,
    notEnabledFix: 'switch it on',
    extras: [],
  })
}

const good = { device_auth_id: 'CANARY-device', user_code: 'WXYZ-1234', interval: '5' }
const waiting = { userCode: 'WXYZ-1234', secrets: { deviceCode: new Secret('CANARY-device', 'device-code') } }
const approved = {
  userCode: 'WXYZ-1234',
  secrets: {
    ...waiting.secrets,
    authorizationCode: new Secret('CANARY-code', 'authorization-code'),
    verifier: new Secret('CANARY-verifier', 'verifier'),
  },
}
const asked = () => server.requests.map(({ path, headers, body }) => [path, headers['content-type'], body])

describe('the start', () => {
  async function start(change: object, headers: Record<string, string> = {}) {
    const said = await (await at(200, { ...good, ...change }, { date: '', ...headers })).start(wire)
    if (said.kind !== 'started') throw new Error(said.kind)
    return said
  }

  it('asks with nothing but the client, in JSON, and shows the page of the catalogue', async () => {
    const { secrets, ...said } = await start({})
    expect({ ...said, deviceCode: secrets.deviceCode?.reveal(), asked: asked() }).toEqual({
      kind: 'started',
      deviceCode: 'CANARY-device',
      userCode: 'WXYZ-1234',
      verificationUri: `${server.origin}/codex/device`,
      verificationUriComplete: null,
      intervalMs: 5_000,
      lifetimeMs: 900_000,
      warnings: [],
      asked: [['/usercode', 'application/json', '{"client_id":"app_codex"}']],
    })
  })

  it.each([
    [{ interval: 7 }, { intervalMs: 7_000 }],
    [{ interval: '7.5' }, { intervalMs: 7_500 }],
    [{ interval: 'soon' }, { intervalMs: 5_000 }],
    [{ interval: undefined }, { intervalMs: 5_000 }],
    [{ interval: 0 }, { intervalMs: 5_000 }],
    [{ interval: '3600' }, { intervalMs: 60_000 }],
    [{ user_code: undefined, usercode: 'ABCD-5678' }, { userCode: 'ABCD-5678' }],
    [{ expires_at: new Date(NOW + 300_000).toISOString() }, { lifetimeMs: 300_000 }],
    [{ expires_at: NOW / 1_000 + 300 }, { lifetimeMs: 300_000 }],
    [{ expires_at: NOW + 300_000 }, { lifetimeMs: 300_000 }],
    [{ expires_at: NOW + 86_400_000 }, { lifetimeMs: 1_800_000 }],
    [{ expires_at: NOW - 1 }, { lifetimeMs: 900_000 }],
    [{ expires_at: 'later' }, { lifetimeMs: 900_000 }],
    [{ expires_at: null }, { lifetimeMs: 900_000 }],
    [{ expires_in: 60 }, { lifetimeMs: 60_000 }],
  ])('R-33 reads %j', async (change, expected) => {
    expect(await start(change)).toMatchObject(expected)
  })

  it("R-33 reckons with the server's clock, though the one here is ten minutes ahead", async () => {
    const date = new Date(NOW - 600_000).toUTCString()
    expect(await start({ expires_at: NOW - 600_000 + 300_000 }, { date })).toMatchObject({ lifetimeMs: 300_000 })
  })

  it.each([
    ['device_auth_id', undefined, '`device_auth_id` is missing from the device authorization'],
    ['device_auth_id', 5, '`device_auth_id` of the device authorization must be a string of visible characters'],
    ['device_auth_id', 'a\nb', '`device_auth_id` of the device authorization must be a string of visible characters'],
    ['user_code', undefined, '`user_code` is missing from the device authorization'],
    ['user_code', 'A\u001b[2J', '`user_code` of the device authorization must be 4 to 32 letters, digits and dashes'],
  ])('S-44 refuses %s = %j', async (name, value, what) => {
    expect(await failureOf(() => start({ [name]: value }))).toEqual({ code: 'CLAW_PROTOCOL', what, data: { sent: true } })
  })

  it('says what to switch on where device sign-in is off', async () => {
    const dialect = await at(404, {})
    expect(await failureOf(() => dialect.start(wire))).toEqual({
      code: 'CLAW_CLIENT_REFUSED',
      what: 'device sign-in is not enabled',
      why: 'HTTP 404, application/json',
      fix: 'switch it on',
      data: { status: 404 },
    })
  })

  it.each([
    [429, {}, 'CLAW_RATE_LIMIT', 'the device code endpoint limits how often it may be asked'],
    [500, {}, 'CLAW_SERVER', 'the device code endpoint failed'],
    [400, { error: { code: 'invalid_client' } }, 'CLAW_CLIENT_REFUSED', 'the device code endpoint answered `invalid_client`'],
    [200, [], 'CLAW_PROTOCOL', 'the answer of the device code endpoint is not a JSON object'],
  ])('R-21 says why there is no code: %i %j', async (status, body, code, what) => {
    const dialect = await at(status, body)
    const failure = await failureOf(() => dialect.start(wire))
    expect([failure.code, failure.what]).toEqual([code, what])
  })

  it.each([403, 200])('takes a page with %i for a trouble that may pass', async (status) => {
    expect((await (await at(status, '<html>')).start(wire)).kind).toBe('page')
  })
})

describe('the poll', () => {
  it('shows the two ids, in JSON, and nothing else', async () => {
    const said = await (await at(200, { authorization_code: 'CANARY-code', code_verifier: 'CANARY-v', code_challenge: 'c' })).poll(
      wire,
      waiting,
    )
    const secrets = said.kind === 'approved' ? Object.entries(said.secrets).map(([name, value]) => [name, value.reveal()]) : []
    expect({ secrets, asked: asked() }).toEqual({
      secrets: [
        ['authorizationCode', 'CANARY-code'],
        ['verifier', 'CANARY-v'],
      ],
      asked: [['/poll', 'application/json', '{"device_auth_id":"CANARY-device","user_code":"WXYZ-1234"}']],
    })
  })

  it.each([
    [403, {}, { kind: 'pending' }],
    [404, {}, { kind: 'pending' }],
    [403, 'Forbidden', { kind: 'pending' }],
    [404, '<html>', { kind: 'pending' }],
    [400, { error: { code: 'deviceauth_authorization_pending' } }, { kind: 'pending' }],
    [403, { error: 'something_new' }, { kind: 'pending' }],
    [429, { error: { code: 'slow_down' } }, { kind: 'slow_down', intervalMs: undefined }],
    [403, { error: 'slow_down', interval: 12 }, { kind: 'slow_down', intervalMs: 12_000 }],
    [403, { error: { code: 'access_denied' } }, { kind: 'denied', why: 'the server answered `access_denied`' }],
    [400, { error: 'expired_token' }, { kind: 'expired' }],
    [429, {}, { kind: 'unreachable', status: 429, retryAfterMs: null }],
    [502, '<html>', { kind: 'unreachable', status: 502, retryAfterMs: null }],
  ])('R-33 reads %i %j', async (status, body, poll) => {
    expect(await (await at(status, body)).poll(wire, waiting)).toEqual(poll)
  })

  it('R-33 stops at what is neither', async () => {
    const said = await (await at(401, { error: 'invalid_client' })).poll(wire, waiting)
    expect(said.kind === 'failed' && said.error.code).toBe('CLAW_CLIENT_REFUSED')
  })

  it.each([
    [{ code_verifier: 'v' }, '`authorization_code` is missing from the approval'],
    [{ authorization_code: 'c' }, '`code_verifier` is missing from the approval'],
    [{ authorization_code: 5, code_verifier: 'v' }, '`authorization_code` of the approval must be a string of visible characters'],
    [{ authorization_code: 'c', code_verifier: 'a\nb' }, '`code_verifier` of the approval must be a string of visible characters'],
    [[], 'the answer of the poll endpoint is not a JSON object'],
  ])('refuses the approval %j', async (body, what) => {
    const dialect = await at(200, body)
    expect((await failureOf(() => dialect.poll(wire, waiting))).what).toBe(what)
  })
})

describe('the exchange', () => {
  it('is a form with the fixed redirect and without a state, and the poll is not asked again', async () => {
    const said = await (await at(200, { access_token: 'CANARY-access', refresh_token: 'r', expires_in: 60 })).poll(wire, approved)
    expect({ lifetimeMs: said.kind === 'granted' && said.grant.lifetimeMs, asked: asked() }).toEqual({
      lifetimeMs: 60_000,
      asked: [
        [
          '/token',
          'application/x-www-form-urlencoded',
          'client_id=app_codex&grant_type=authorization_code&code=CANARY-code&redirect_uri=https%3A%2F%2Fauth.openai.com%2Fdeviceauth%2Fcallback&code_verifier=CANARY-verifier',
        ],
      ],
    })
  })

  it.each([
    [400, { error: 'invalid_grant' }, 'failed'],
    [403, '<html>', 'page'],
    [503, {}, 'unreachable'],
    // A status that means "pending" of a poll means no such thing here.
    [403, {}, 'failed'],
    [404, {}, 'failed'],
  ])('that is answered %i %j is %s', async (status, body, kind) => {
    expect((await (await at(status, body)).poll(wire, approved)).kind).toBe(kind)
  })

  it('never prints what it is made of', async () => {
    const dialect = await at(400, { error: 'invalid_grant' })
    expect(JSON.stringify([approved, await dialect.poll(wire, approved)])).not.toContain('CANARY')
  })
})
