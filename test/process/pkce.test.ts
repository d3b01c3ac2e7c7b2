import { describe, expect, it } from 'vitest'
import { ask } from '../support/loopback-client.ts'
import { CONFIDENTIAL, type OidcProvider, RESOURCE, startOidcProvider } from '../support/oidc-provider.ts'
import { machineWith } from '../support/sandboxed.ts'
import { expireStored } from '../support/stored-expiry.ts'

/** A provider of one's own whose sign-in is found by discovery. */
const acme = ({ issuer, clientId }: OidcProvider, more = '') => `
[providers.acme]
protocol = "openai-chat"
base_url = "${issuer}/v1"
models = ["m"]

[providers.acme.auth.sso]
method = "pkce"
issuer = "${issuer}"
client_id = "${clientId}"
scope = "openid offline_access"
extra_params = { prompt = "consent" }
${more}`

/** The address of a sign-in, as soon as it is printed; then somebody does something with it. */
function whenPrinted(act: (url: string) => Promise<void>) {
  let acted: Promise<void> | undefined
  return {
    onStdout(text: string) {
      const url = /"type":"authorization_url".*?"url":"([^"]+)"/.exec(text)?.[1]
      if (url) acted ??= act(url)
    },
    done: () => acted,
  }
}

describe('a sign-in in a browser against an authorization server that nobody here wrote', () => {
  it('comes back by the callback, refreshes, and leaves nothing listening', async () => {
    await using provider = await startOidcProvider()
    await using world = machineWith(acme(provider))
    let redirect = ''
    const browser = whenPrinted(async (url) => {
      redirect = await provider.authorize(url)
      const page = await ask(redirect)
      expect({ status: page.status, isReceived: page.body.includes('You can close this page') }).toEqual({ status: 200, isReceived: true })
    })
    const signIn = await world.claw({ onStdout: browser.onStdout }, 'auth', '--browser', 'acme', '--no-check', '--json')
    await browser.done()
    expect({ exitCode: signIn.exitCode, events: signIn.events.map(({ type }) => type), stderr: signIn.stderr }).toEqual({
      exitCode: 0,
      events: ['authorization_url', 'result'],
      stderr: '',
    })
    expect(signIn.result).toMatchObject({
      schema: 'claw.auth/1',
      provider: 'acme',
      method: 'pkce',
      kind: 'oauth',
      account: 'somebody',
      changed: true,
    })
    await expect(ask(redirect)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    const [exchange] = provider.tokenRequests('authorization_code')
    expect(exchange).toMatchObject({
      status: 200,
      form: { client_id: provider.clientId, redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/) },
    })

    const first = await world.claw('token', 'acme')
    expireStored(world.home)
    const second = await world.claw('token', 'acme')
    expect([first.exitCode, second.exitCode, first.stdout === second.stdout]).toEqual([0, 0, false])
    expect(provider.tokenRequests('refresh_token').map(({ status }) => status)).toEqual([200])

    const again = await world.claw('auth', '--browser', 'acme', '--json')
    expect(again).toMatchObject({ exitCode: 0, result: { changed: false } })
  })

  it('works with a secret, a resource and parameters of its own, for the sign-in and for the refresh', async () => {
    await using provider = await startOidcProvider()
    const own = { ...provider, clientId: CONFIDENTIAL.clientId }
    await using world = machineWith(acme(own, `client_secret = "env:ACME_SECRET"\nresource = "${RESOURCE}"\naudience = "acme"\n`))
    const env = { ACME_SECRET: CONFIDENTIAL.secret }
    const started = await world.claw({ env }, 'auth', '--paste', 'acme', '--json')
    const url = String(started.events[0]?.url)
    expect(url).not.toContain(CONFIDENTIAL.secret)
    const redirect = await provider.authorize(url)
    const done = await world.claw({ env, stdin: redirect }, 'auth', 'complete', 'acme', '--stdin', '--no-check', '--json')
    expect(done).toMatchObject({ exitCode: 0, result: { changed: true } })
    expireStored(world.home)
    expect((await world.claw({ env }, 'token', 'acme')).exitCode).toBe(0)
    const sent = [...provider.tokenRequests('authorization_code'), ...provider.tokenRequests('refresh_token')]
    expect(sent.map(({ status, form }) => [status, form.client_id, form.client_secret, form.resource, form.audience])).toEqual(
      [1, 2].map(() => [200, CONFIDENTIAL.clientId, CONFIDENTIAL.secret, RESOURCE, 'acme']),
    )
  })

  it('is finished by another process with what was pasted, and once', async () => {
    await using provider = await startOidcProvider()
    await using world = machineWith(acme(provider))
    const started = await world.claw('auth', '--paste', 'acme', '--json')
    expect(started).toMatchObject({ exitCode: 83, result: { schema: 'claw.auth/1', state: 'pending', method: 'pkce' } })
    const again = await world.claw('auth', '--paste', 'acme', '--json')
    expect(again.events[0]?.url).toBe(started.events[0]?.url)
    const status = await world.claw('auth', 'status', '--json')
    expect(status.result).toMatchObject({ pending: [{ provider: 'acme', method: 'pkce', verificationUri: started.events[0]?.url }] })

    const redirect = await provider.authorize(String(started.events[0]?.url))
    const wrong = await world.claw(
      { stdin: redirect.replace(/state=[^&]+/, 'state=another') },
      'auth',
      'complete',
      'acme',
      '--stdin',
      '--json',
    )
    expect(wrong).toMatchObject({ exitCode: 65, result: { code: 'CLAW_DATA_INVALID' } })
    expect(provider.tokenRequests('authorization_code')).toEqual([])

    const both = await Promise.all(
      [1, 2].map(() => world.claw({ stdin: redirect }, 'auth', 'complete', 'acme', '--stdin', '--no-check', '--json')),
    )
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0])
    expect(both.map(({ result }) => result?.changed).sort()).toEqual([false, true])
    expect(provider.tokenRequests('authorization_code')).toHaveLength(1)
    const later = await world.claw({ stdin: redirect }, 'auth', 'complete', 'acme', '--stdin', '--json')
    expect(later).toMatchObject({ exitCode: 0, result: { changed: false } })
    expect((await world.claw('auth', 'status', '--json')).result).toMatchObject({ pending: [] })
  })

  it('takes a paste beside the callback, after a wrong one', async () => {
    await using provider = await startOidcProvider()
    await using world = machineWith(acme(provider))
    let paste: (text: string) => void = () => undefined
    const browser = whenPrinted(async (url) => paste(`something else\n${await provider.authorize(url)}\n`))
    const signIn = await world.claw(
      { onStdout: browser.onStdout, stdin: 'held', onStart: (child) => (paste = (text) => child.stdin?.write(text)) },
      'auth',
      '--browser',
      '--paste-stdin',
      'acme',
      '--no-check',
      '--json',
    )
    expect(signIn).toMatchObject({ exitCode: 0, result: { changed: true } })
    expect(signIn.stderr).toMatch(/^warning: what was pasted does not finish the sign-in: it holds spaces or line ends/)
  })

  it('ends with 79 when somebody denies', async () => {
    await using provider = await startOidcProvider()
    await using world = machineWith(acme(provider))
    const browser = whenPrinted(async (url) => {
      const page = await ask(await provider.authorize(url, 'deny'))
      expect(page.body).toContain('did not go through')
    })
    const signIn = await world.claw({ onStdout: browser.onStdout }, 'auth', '--browser', 'acme', '--json')
    await browser.done()
    expect(signIn).toMatchObject({ exitCode: 79, result: { code: 'CLAW_DENIED', fix: 'run `claw auth --browser acme`' } })
  })

  it('ends with 66 where nothing waits to be completed', async () => {
    await using provider = await startOidcProvider()
    await using world = machineWith(acme(provider))
    expect(await world.claw({ stdin: 'code=c&state=s' }, 'auth', 'complete', 'acme', '--stdin', '--json')).toMatchObject({
      exitCode: 66,
      result: { code: 'CLAW_NOTHING_PENDING' },
    })
  })

  it('ends with 81 at --timeout', async () => {
    await using provider = await startOidcProvider()
    await using world = machineWith(acme(provider))
    const signIn = await world.claw('auth', '--browser', 'acme', '--timeout', '1s', '--json')
    expect(signIn).toMatchObject({ exitCode: 81, result: { code: 'CLAW_TIMEOUT' } })
  })

  it('R-38 is ended by SIGTERM and leaves nothing listening', async () => {
    await using provider = await startOidcProvider()
    await using world = machineWith(acme(provider))
    let redirect = ''
    let end: () => void = () => undefined
    const browser = whenPrinted(async (url) => {
      redirect = new URL(url).searchParams.get('redirect_uri') ?? ''
      expect((await ask(redirect)).status).toBe(400)
      end()
    })
    const signIn = await world.claw(
      { onStdout: browser.onStdout, onStart: (child) => (end = () => void child.kill('SIGTERM')) },
      'auth',
      '--browser',
      'acme',
      '--json',
    )
    await browser.done()
    expect([signIn.exitCode, signIn.signal]).toEqual([null, 'SIGTERM'])
    await expect(ask(redirect)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('S-35 shows neither verifier nor code nor token, whatever is asked for', async () => {
    await using provider = await startOidcProvider()
    await using world = machineWith(acme(provider))
    const started = await world.claw('auth', '--paste', 'acme', '-v')
    const url = /https?:\/\/\S+\/auth\?\S+/.exec(started.stderr)?.[0] ?? ''
    const redirect = await provider.authorize(url)
    const shown = [started, await world.claw('auth', 'status', '-v', '--json')]
    for (const wrong of [redirect.replace(/state=[^&]+/, 'state=x'), `${redirect}#x y`])
      shown.push(await world.claw({ stdin: wrong, env: { CLAW_DEBUG: '1' } }, 'auth', 'complete', 'acme', '--stdin', '-v'))
    shown.push(await world.claw({ stdin: redirect }, 'auth', 'complete', 'acme', '--stdin', '--no-check', '-v'))
    expect(shown.map(({ exitCode }) => exitCode)).toEqual([83, 0, 65, 65, 0])
    const [exchange] = provider.tokenRequests('authorization_code')
    const token = await world.claw('token', 'acme')
    const secrets = [exchange?.form.code_verifier, exchange?.form.code, token.stdout.trim()]
    expect(secrets.map((secret) => (secret?.length ?? 0) > 20)).toEqual([true, true, true])
    const text = shown.map(({ stdout, stderr }) => `${stdout}${stderr}`).join('')
    expect(secrets.filter((secret) => secret && text.includes(secret))).toEqual([])
  })
})
