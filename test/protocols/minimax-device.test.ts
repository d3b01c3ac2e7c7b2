import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { UndiciHttp } from '../../src/platform/undici-http.ts'
import type { DeviceWire } from '../../src/protocols/oauth/device-dialect.ts'
import { miniMaxDevice } from '../../src/protocols/oauth/minimax-device.ts'
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

type Fields = Readonly<Record<string, unknown>>

/** The dialect at a server that makes its answer of what it was asked; a text is a page. */
async function at(status: number, make: (asked: URLSearchParams) => Fields | string, headers: Record<string, string> = { date: '' }) {
  server = await loopbackServer(({ body }) => {
    const made = make(new URLSearchParams(body))
    const type = typeof made === 'string' ? 'text/html' : 'application/json'
    return { status, headers: { 'content-type': type, ...headers }, body: typeof made === 'string' ? made : JSON.stringify(made) }
  })
  const endpoint = (path: string) => ({ url: `${server.origin}${path}`, encoding: 'form' as const, clientId: 'mm' })
  return miniMaxDevice({
    device: { ...endpoint('/code'), extraParams: { response_type: 'code' } },
    token: endpoint('/token'),
    start: {
      tokenEndpoint: `${server.origin}/token`,
      verificationHosts: [],
      verificationUriMayBeEmpty: false,
      defaultIntervalMs: 3_000,
      notEnabledFix: 'switch it on',
    },
    wish: { scope: 'group_id profile' },
    isStateChecked: true,
    grantType: 'urn:ietf:params:oauth:grant-type:user_code',
    intervalUnit: 'ms',
    leastIntervalMs: 2_000,
    codeExpiryField: 'expired_in',
    codeExpiryUnit: 'epoch-ms',
    status: {
      statusField: 'status',
      successValue: 'success',
      errorValue: 'error',
      errorMessagePath: 'base_resp.status_msg',
      errorCodePath: 'base_resp.status_code',
      expiryField: 'expired_in',
    },
    extras: ['resource_url'],
  })
}

const good = (asked: URLSearchParams) => ({
  user_code: 'BCDF-GHJK',
  verification_uri: `${server.origin}/device`,
  state: asked.get('state'),
  expired_in: NOW + 600_000,
  interval: 2_500,
})
const verifier = new Secret('CANARY-verifier', 'verifier')
const waiting = { userCode: 'BCDF-GHJK', secrets: { verifier } }

async function start(change: Fields = {}, headers?: Record<string, string>) {
  const said = await (await at(200, (asked) => ({ ...good(asked), ...change }), headers)).start(wire)
  if (said.kind !== 'started') throw new Error(said.kind)
  return said
}

describe('the start', () => {
  it('shows a challenge and a state of its own, and keeps nothing but the verifier', async () => {
    const { secrets, ...said } = await start()
    const form = new URLSearchParams(server.requests[0]?.body)
    expect({ ...said, secrets: Object.keys(secrets), form: [...form.keys()] }).toEqual({
      kind: 'started',
      userCode: 'BCDF-GHJK',
      verificationUri: `${server.origin}/device`,
      verificationUriComplete: null,
      intervalMs: 2_500,
      lifetimeMs: 600_000,
      warnings: [],
      secrets: ['verifier'],
      form: ['response_type', 'client_id', 'scope', 'code_challenge', 'code_challenge_method', 'state'],
    })
    const kept = secrets.verifier?.reveal() ?? ''
    expect(form.get('code_challenge')).toBe(createHash('sha256').update(kept).digest('base64url'))
    expect(form.get('state')).not.toBe(kept)
    expect(Buffer.from(form.get('state') ?? '', 'base64url').length).toBe(24)
  })

  it.each([
    [{ interval: undefined }, { intervalMs: 3_000 }],
    [{ interval: 'x' }, { intervalMs: 3_000 }],
    [{ interval: -1 }, { intervalMs: 3_000 }],
    [{ interval: 500 }, { intervalMs: 2_000 }],
    [{ interval: '4000' }, { intervalMs: 4_000 }],
    [{ interval: 600_000 }, { intervalMs: 60_000 }],
    [{ expired_in: (NOW + 300_000) / 1_000 }, { lifetimeMs: 300_000 }],
    [{ expired_in: String(NOW + 300_000) }, { lifetimeMs: 300_000 }],
    [{ expired_in: NOW - 1 }, { lifetimeMs: 900_000 }],
    [{ expired_in: undefined }, { lifetimeMs: 900_000 }],
    [{ expired_in: 'later' }, { lifetimeMs: 900_000 }],
    [{ expired_in: NOW + 86_400_000 }, { lifetimeMs: 1_800_000 }],
  ])('R-33 reads %j', async (change, expected) => {
    expect(await start(change)).toMatchObject(expected)
  })

  it("R-33 reckons with the server's clock, though the one here is ten minutes behind", async () => {
    const date = new Date(NOW + 600_000).toUTCString()
    expect(await start({ expired_in: NOW + 600_000 + 300_000 }, { date })).toMatchObject({ lifetimeMs: 300_000 })
  })

  const PAGE = '`verification_uri` of the device authorization'
  it.each([
    [{ state: 'another-state-of-the-same-length' }, '`state` of the device authorization is not the one that was sent'],
    [{ state: undefined }, '`state` of the device authorization is not the one that was sent'],
    [{ state: 5 }, '`state` of the device authorization is not the one that was sent'],
    [{ user_code: undefined }, '`user_code` is missing from the device authorization'],
    [{ user_code: 'x\n' }, '`user_code` of the device authorization must be 4 to 32 letters, digits and dashes'],
    [{ verification_uri: undefined }, '`verification_uri` is missing from the device authorization'],
    [{ verification_uri: 'http://minimax.example/' }, `${PAGE} must be an https address`],
    [{ verification_uri: 'https://minimax.example/\u001b' }, `${PAGE} holds characters that may not stand in an address`],
  ])('S-36 S-44 refuses %j', async (change, what) => {
    const failure = await failureOf(() => start(change))
    expect([failure.code, failure.what]).toEqual(['CLAW_PROTOCOL', what])
  })

  it.each([
    [400, { base_resp: { status_code: 2013, status_msg: 'invalid params' } }, 'CLAW_CLIENT_REFUSED', 'invalid params'],
    [200, { base_resp: { status_code: 2013, status_msg: 'invalid params' } }, 'CLAW_PROTOCOL', 'invalid params'],
    [404, {}, 'CLAW_CLIENT_REFUSED', 'HTTP 404, application/json'],
    [500, {}, 'CLAW_SERVER', 'HTTP 500, application/json'],
    [400, { error: 'invalid_client' }, 'CLAW_CLIENT_REFUSED', 'HTTP 400'],
  ])('R-21 says why there is no code, in the words of the vendor: %i %j', async (status, body, code, why) => {
    const dialect = await at(status, () => body)
    const failure = await failureOf(() => dialect.start(wire))
    expect([failure.code, failure.why]).toEqual([code, why])
  })

  it('takes a page for a trouble that may pass', async () => {
    expect((await (await at(403, () => '<html>')).start(wire)).kind).toBe('page')
  })
})

describe('the poll', () => {
  it('shows the verifier with the user code', async () => {
    const said = await (await at(200, () => ({ status: 'pending' }))).poll(wire, waiting)
    expect({ said, form: [...new URLSearchParams(server.requests[0]?.body)] }).toEqual({
      said: { kind: 'pending' },
      form: [
        ['client_id', 'mm'],
        ['grant_type', 'urn:ietf:params:oauth:grant-type:user_code'],
        ['user_code', 'BCDF-GHJK'],
        ['code_verifier', 'CANARY-verifier'],
      ],
    })
  })

  it.each([
    [3_600, 3_600_000],
    [NOW / 1_000 + 3_600, 3_600_000],
    [NOW + 3_600_000, 3_600_000],
    [undefined, null],
  ])('reads the end %j of a token as %j ms, and keeps the host that it names', async (expired_in, lifetimeMs) => {
    const grant = { status: 'success', access_token: 'CANARY-a', refresh_token: 'r', expired_in, resource_url: 'https://api.minimax.io' }
    const said = await (await at(200, () => grant)).poll(wire, waiting)
    expect(said.kind === 'granted' && [said.grant.lifetimeMs, said.grant.extras]).toEqual([
      lifetimeMs,
      new Map([['resource_url', 'https://api.minimax.io']]),
    ])
  })

  it.each([
    [200, { status: 'error' }, { kind: 'denied', why: 'the server answered `status: error`' }],
    [200, { status: 'error', base_resp: { status_msg: 'the user said no' } }, { kind: 'denied', why: 'the user said no' }],
    [200, { status: 'something new' }, { kind: 'pending' }],
    [503, {}, { kind: 'unreachable', status: 503, retryAfterMs: null }],
    [429, {}, { kind: 'unreachable', status: 429, retryAfterMs: null }],
  ])('R-33 reads %i %j', async (status, body, poll) => {
    expect(await (await at(status, () => body)).poll(wire, waiting)).toEqual(poll)
  })

  it('R-33 stops at a refusal with the words of the vendor', async () => {
    const body = { base_resp: { status_code: 1004, status_msg: 'code \u001b[2Jis gone' } }
    const said = await (await at(400, () => body)).poll(wire, waiting)
    expect(said.kind === 'failed' && [said.error.message, said.error.why]).toEqual([
      'the token endpoint answered `1004`',
      'code \\x1b[2Jis gone',
    ])
  })

  it('takes a page for a trouble that may pass', async () => {
    expect((await (await at(403, () => '<html>')).poll(wire, waiting)).kind).toBe('page')
  })

  it.each([{ status: 'success' }, { status: 'success', access_token: 5 }])('refuses the grant %j', async (body) => {
    const dialect = await at(200, () => body)
    expect((await failureOf(() => dialect.poll(wire, waiting))).code).toBe('CLAW_PROTOCOL')
  })
})
