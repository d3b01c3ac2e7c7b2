import { describe, expect, it } from 'vitest'
import { loopbackServer } from '../support/loopback-server.ts'
import { machineWith } from '../support/sandboxed.ts'

const json = (body: object) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

describe('R-37 a refresh whose server says nothing', () => {
  it('is left by SIGTERM at the end of its grace, with nothing that spins', async () => {
    let arrived: () => void = () => undefined
    await using server = await loopbackServer(({ path, body }) => {
      if (path === '/device')
        return json({
          device_code: 'a-device-code',
          user_code: 'ABCD-EFGH',
          verification_uri: `${server.origin}/go`,
          interval: 1,
          expires_in: 60,
        })
      if (!body.includes('grant_type=refresh_token'))
        return json({ access_token: 'an-access-token', token_type: 'Bearer', expires_in: 3_600, refresh_token: 'a-refresh-token' })
      arrived()
      return undefined
    })
    await using world = machineWith(`
[providers.acme]
protocol = "openai-chat"
base_url = "${server.origin}/v1"
models = ["m"]
[providers.acme.auth.sso]
method = "device"
client_id = "c"
device_authorization_endpoint = "${server.origin}/device"
token_endpoint = "${server.origin}/token"
`)
    await world.claw('auth', '--device', 'acme', '--no-check')
    const refreshed = await world.claw(
      { onStart: (child) => (arrived = () => void child.kill('SIGTERM')) },
      'auth',
      'refresh',
      'acme',
      '--json',
    )
    expect([refreshed.signal, refreshed.result?.code]).toEqual(['SIGTERM', 'CLAW_CANCELLED'])
  })
})
