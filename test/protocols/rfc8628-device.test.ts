import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { UndiciHttp } from '../../src/platform/undici-http.ts'
import type { DeviceWire } from '../../src/protocols/oauth/device-dialect.ts'
import { rfc8628Device } from '../../src/protocols/oauth/rfc8628-device.ts'
import { type Answer, loopbackServer, type LoopbackServer } from '../support/loopback-server.ts'
import { seededRandom } from '../support/seeded-random.ts'

const http = new UndiciHttp({ clock: systemClock(), environment: environmentOf({}) })
const wire: DeviceWire = {
  send: (request) => http.request(request),
  random: seededRandom(),
  wall: () => 0,
  signal: new AbortController().signal,
}
let server: LoopbackServer
afterEach(() => server.close())

async function at(answers: readonly Answer[], { hasPkce = false } = {}) {
  server = await loopbackServer((_, index) => answers[index])
  const endpoint = (path: string) => ({ url: `${server.origin}${path}`, encoding: 'form' as const, clientId: 'claw' })
  return rfc8628Device({
    device: { ...endpoint('/device'), extraParams: { referrer: 'claw' } },
    token: endpoint('/token'),
    start: { tokenEndpoint: `${server.origin}/token`, verificationHosts: [], verificationUriMayBeEmpty: false },
    wish: { scope: 'openid' },
    hasPkce,
    words: {},
    extras: [],
  })
}
const json = (body: object, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
const code = () => json({ device_code: 'CANARY-device', user_code: 'WDJB-MJHT', verification_uri: 'http://127.0.0.1:1/device' })
const forms = () => server.requests.map(({ path, body }) => [path, Object.fromEntries(new URLSearchParams(body))])

describe('RFC 8628', () => {
  it('starts with the fields that only the start has, and polls without them', async () => {
    const dialect = await at([code(), json({ error: 'authorization_pending' }, 400)])
    const started = await dialect.start(wire)
    if (started.kind !== 'started') throw new Error(started.kind)
    expect({ said: await dialect.poll(wire, started), forms: forms() }).toEqual({
      said: { kind: 'pending' },
      forms: [
        ['/device', { referrer: 'claw', client_id: 'claw', scope: 'openid' }],
        ['/token', { client_id: 'claw', grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'CANARY-device' }],
      ],
    })
  })

  it('RFC 7636 binds the code to a verifier that only the poll shows, where the catalogue says so (the dialect of Qwen)', async () => {
    const dialect = await at([code(), json({ error: 'slow_down' }, 429)], { hasPkce: true })
    const started = await dialect.start(wire)
    if (started.kind !== 'started') throw new Error(started.kind)
    const verifier = started.secrets.verifier?.reveal() ?? ''
    expect({ said: await dialect.poll(wire, started), forms: forms() }).toEqual({
      said: { kind: 'slow_down', intervalMs: undefined },
      forms: [
        [
          '/device',
          {
            referrer: 'claw',
            client_id: 'claw',
            code_challenge: createHash('sha256').update(verifier).digest('base64url'),
            code_challenge_method: 'S256',
            scope: 'openid',
          },
        ],
        [
          '/token',
          {
            client_id: 'claw',
            code_verifier: verifier,
            grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
            device_code: 'CANARY-device',
          },
        ],
      ],
    })
  })

  it.each([200, 401, 403])('takes a page with %i in place of the code for a trouble that may pass', async (status) => {
    const said = await (await at([{ status, headers: { 'content-type': 'text/html' }, body: '<html>' }])).start(wire)
    expect(said.kind === 'page' && said.error.message).toBe('the device authorization endpoint answered with a page')
  })

  it('takes a page with 404 for an endpoint that is not there', async () => {
    const dialect = await at([{ status: 404, headers: { 'content-type': 'text/html' }, body: '<html>' }])
    await expect(dialect.start(wire)).rejects.toThrow('the server has no device sign-in at this address')
  })
})
