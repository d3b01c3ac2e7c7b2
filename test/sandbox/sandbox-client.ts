import { expect, onTestFinished } from 'vitest'
import { rehearsal } from '../../src/app/rehearsal/rehearsal.ts'
import { type SandboxOptions, startSandbox } from '../../src/sandbox/start-sandbox.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { ask, type Asked } from '../support/loopback-client.ts'
import { seededRandom } from '../support/seeded-random.ts'

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** The paths of one authorization server of the sandbox. */
export const ISSUER = { device: '/issuer/device_authorization', token: '/issuer/token' }
export const KIMI = { device: '/auth.kimi.com/api/oauth/device_authorization', token: '/auth.kimi.com/api/oauth/token' }

export interface Told {
  readonly status: number
  readonly json: Record<string, unknown>
}

/** A sandbox on a clock that stands still, and what a client of it does; it is closed when the test ends. */
export async function arrange(options: Partial<SandboxOptions> = {}) {
  const clock = fakeClock()
  const sandbox = await startSandbox({ clock, random: seededRandom(), mirror: rehearsal(), ...options })
  onTestFinished(() => sandbox.close())

  async function tell(path: string, asked: Asked = {}): Promise<Told> {
    const { status, body } = await ask(`${sandbox.origin}${path}`, asked)
    return { status, json: body === '' ? {} : JSON.parse(body) }
  }
  const client = {
    clock,
    sandbox,
    ask: (path: string, asked: Asked = {}) => ask(`${sandbox.origin}${path}`, asked),
    tell,
    start: (server = ISSUER) => tell(server.device, { form: { client_id: 'claw' } }),
    poll: (deviceCode: unknown, server = ISSUER, clientId = 'claw') =>
      tell(server.token, { form: { client_id: clientId, grant_type: DEVICE_GRANT, device_code: String(deviceCode) } }),
    refresh: (refreshToken: unknown, server = ISSUER, clientId = 'claw') =>
      tell(server.token, { form: { client_id: clientId, grant_type: 'refresh_token', refresh_token: String(refreshToken) } }),
    /** Signs in, approved at the second poll. */
    async signIn(server = ISSUER): Promise<{ readonly access: string; readonly refresh: string }> {
      const { json } = await client.start(server)
      await client.poll(json.device_code, server)
      await clock.advance(1_000)
      const granted = await client.poll(json.device_code, server)
      expect(granted.status).toBe(200)
      return { access: String(granted.json.access_token), refresh: String(granted.json.refresh_token) }
    },
    /** Whether an access token is taken. */
    isTaken: async (access: unknown) => (await tell('/api.kimi.com/coding/v1/me', { headers: bearer(access) })).status === 200,
  }
  return client
}

export function bearer(token: unknown): Record<string, string> {
  return { authorization: `Bearer ${String(token)}` }
}

/** The events of a stream: the data of each frame as JSON, or as text where it is none. */
export function eventsOf(body: string): unknown[] {
  return body
    .split('\n\n')
    .flatMap((frame) => frame.split('\n').filter((line) => line.startsWith('data:')))
    .map((line) => line.slice('data:'.length).trim())
    .map((data) => (data.startsWith('{') ? JSON.parse(data) : data))
}
