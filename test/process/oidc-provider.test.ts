import { describe, expect, it } from 'vitest'
import { loopbackServer } from '../support/loopback-server.ts'
import { startOidcProvider } from '../support/oidc-provider.ts'
import { machineWith, type TestMachine } from '../support/sandboxed.ts'
import { expireStored } from '../support/stored-expiry.ts'

/** A gateway that takes any bearer token, and says back which one it was given. */
function gateway() {
  return loopbackServer(({ path, headers }) => {
    if (path.endsWith('/models')) return { headers: { 'content-type': 'application/json' }, body: '{"object":"list","data":[{"id":"m"}]}' }
    const text = `bearer ${String(headers.authorization).startsWith('Bearer ')}`
    const chunk = (delta: object, finish: string | null) =>
      `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
    return {
      headers: { 'content-type': 'text/event-stream' },
      body: `${chunk({ role: 'assistant', content: text }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`,
    }
  })
}

/** A provider of one's own whose sign-in is found by discovery. */
function acme({ issuer, clientId }: { readonly issuer: string; readonly clientId: string }, baseUrl: string): string {
  return `
[providers.acme]
protocol = "openai-chat"
base_url = "${baseUrl}"
models = ["m"]

[providers.acme.auth.sso]
method = "device"
issuer = "${issuer}"
client_id = "${clientId}"
scope = "openid offline_access"
`
}

/** Signs in, while somebody does something at the page that is printed. */
async function signInAt(world: TestMachine, act: (page: string) => Promise<void>) {
  let acted: Promise<void> | undefined
  const onStdout = (text: string) => {
    const page = /"verificationUriComplete":"([^"]+)"/.exec(text)?.[1]
    if (page) acted ??= act(page)
  }
  const signIn = await world.claw({ onStdout }, 'auth', '--device', 'acme', '--json')
  await acted
  return signIn
}

describe('against an authorization server that nobody here wrote', () => {
  it('signs in by discovery, prompts, passes the doctor, rotates, and meets a revoked family', async () => {
    await using provider = await startOidcProvider()
    await using api = await gateway()
    await using world = machineWith(acme(provider, `${api.origin}/v1`))
    const signIn = await signInAt(world, (page) => provider.approve(page))
    expect({ exitCode: signIn.exitCode, result: signIn.result }).toMatchObject({
      exitCode: 0,
      result: {
        schema: 'claw.auth/1',
        provider: 'acme',
        route: 'acme',
        method: 'device',
        kind: 'oauth',
        changed: true,
        check: { status: 'pass' },
      },
    })

    const prompt = await world.claw('prompt', '-m', 'acme', 'hi')
    expect({ exitCode: prompt.exitCode, stdout: prompt.stdout }).toEqual({ exitCode: 0, stdout: 'bearer true\n' })

    const doctor = await world.claw('doctor', '--json')
    expect(doctor.result).toMatchObject({ ok: true, summary: { fail: 0, warn: 0 } })

    const first = await world.claw('token', 'acme')
    expireStored(world.home)
    const second = await world.claw('token', 'acme')
    expect([first.exitCode, second.exitCode, first.stdout === second.stdout]).toEqual([0, 0, false])
    expect(provider.tokenRequests('refresh_token').map(({ status }) => status)).toEqual([200])

    // A copy of the store from before the rotation is what a second machine would have.
    const spent = provider.tokenRequests('refresh_token')[0]?.form.refresh_token ?? ''
    await reuse(`${provider.issuer}/token`, provider.clientId, spent)
    expireStored(world.home)
    const dead = await world.claw('token', 'acme', '--json')
    expect(dead.result).toMatchObject({ type: 'error', code: 'CLAW_GRANT_REJECTED', exit: { code: 77, name: 'AUTH' } })
    const requests = provider.tokenRequests('refresh_token').length
    expect((await world.claw('token', 'acme')).exitCode).toBe(77)
    expect(provider.tokenRequests('refresh_token')).toHaveLength(requests)
  })

  it('ends with 79 when somebody denies', async () => {
    await using provider = await startOidcProvider()
    await using world = machineWith(acme(provider, `${provider.issuer}/v1`))
    const signIn = await signInAt(world, (page) => provider.deny(page))
    expect(signIn.result).toMatchObject({ code: 'CLAW_DENIED', exit: { code: 79, name: 'DENIED' } })
  })
})

async function reuse(url: string, clientId: string, refreshToken: string): Promise<void> {
  const { request } = await import('undici')
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken }).toString(),
  })
  await answer.body.dump()
}
