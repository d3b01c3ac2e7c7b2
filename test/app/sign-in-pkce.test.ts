import { describe, expect, it } from 'vitest'
import { ERRORS, EXITS } from '../../src/core/errors.ts'
import { signInWithBrowser } from '../../src/app/sign-in/sign-in-pkce.ts'
import { signOut } from '../../src/app/sign-out/sign-out.ts'
import type { CredentialRecord } from '../../src/credentials/record.ts'
import { beforeWrite } from '../support/before-write.ts'
import { failureOf } from '../support/failure.ts'
import { ask } from '../support/loopback-client.ts'
import { loopbackServer } from '../support/loopback-server.ts'
import { sandboxSignIn, signInWorld } from '../support/browser-sign-in.ts'

const facts = ({ route, kind, method, auth, refreshable, account, scopes, client, secrets }: CredentialRecord) => ({
  slot: `${route} ${kind} ${method}/${auth}`,
  refreshable,
  account: account?.name ?? account?.id ?? null,
  scopes: scopes?.length ?? null,
  client: client?.clientId ?? null,
  access: secrets?.access.reveal().slice(0, 16),
})

const CODEX = 'app_EMoamEEZ73f0CkXaXp7hrann'

describe('a sign-in that is finished by what was pasted', () => {
  it.each([
    [
      'anthropic',
      '/platform.claude.com/v1/oauth/token authorization_code 200 granted',
      {
        slot: 'anthropic oauth pkce/oauth',
        refreshable: true,
        account: null,
        scopes: 6,
        client: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
        access: 'sk-ant-oat01-san',
      },
    ],
    [
      'openai',
      '/auth.openai.com/oauth/token authorization_code 200 granted',
      {
        slot: 'openai-codex oauth pkce/oauth',
        refreshable: true,
        account: 'somebody@sandbox.example',
        scopes: null,
        client: CODEX,
        access: 'eyJhbGciOiJSUzI1',
      },
    ],
    [
      'openai-chatgpt',
      '/auth.openai.com/api/accounts/oauth/token authorization_code 200 granted',
      {
        slot: 'openai-chatgpt oauth pkce/siwc',
        refreshable: true,
        account: 'somebody@sandbox.example',
        scopes: 6,
        client: expect.stringMatching(/^agent_sandbox_/),
        access: expect.stringMatching(/^sandbox-at-/),
      },
    ],
    [
      'xai',
      '/auth.x.ai/oauth2/token authorization_code 200 granted',
      {
        slot: 'xai oauth pkce/oauth',
        refreshable: true,
        account: 'sandbox-user',
        scopes: null,
        client: 'b1a00492-073a-47ea-816f-4c329264a828',
        access: expect.stringMatching(/^sandbox-at-/),
      },
    ],
    [
      'openrouter',
      '/openrouter.ai/api/v1/auth/keys code 200 granted',
      {
        slot: 'openrouter api_key pkce/pkce',
        refreshable: false,
        account: 'sandbox-user',
        scopes: null,
        client: null,
        access: 'sk-or-v1-sandbox',
      },
    ],
    [
      'acme',
      '/issuer/token authorization_code 200 granted',
      {
        slot: 'acme oauth pkce/web',
        refreshable: true,
        account: null,
        scopes: null,
        client: 'claw',
        access: expect.stringMatching(/^sandbox-at-/),
      },
    ],
  ])('%s: the exchange is as its vendor wants it, and what it brought is stored', async (name, exchange, stored) => {
    await using world = await sandboxSignIn()
    const pasted = await world.approve(await world.start(name))
    const done = await world.complete(name, pasted)
    expect(done).toMatchObject({ state: 'granted', changed: true })
    expect(world.exchanges()).toEqual([exchange])
    const { records, flows } = await world.here.store.read()
    expect({ records: records.map(facts), flows }).toEqual({ records: [stored], flows: [] })
    expect(await world.complete(name, pasted)).toMatchObject({ state: 'granted', changed: false })
    expect(world.exchanges()).toHaveLength(1)
  })
})

const ended = async (work: Promise<unknown>) => {
  const { code } = await failureOf(() => work)
  return `${code} ${EXITS[ERRORS[code]].code}`
}

describe('a sign-in that goes wrong', () => {
  it.each(['anthropic', 'openai', 'xai', 'acme'])(
    '%s: ends when somebody denies, says how to start again, and waits no longer',
    async (name) => {
      await using world = await sandboxSignIn()
      const url = await world.start(name)
      const redirect = new URL(await world.approve(url, 'deny').catch(() => new URL(url).searchParams.get('redirect_uri') ?? ''))
      redirect.searchParams.set('error', 'access_denied')
      redirect.searchParams.set('state', new URL(url).searchParams.get('state') ?? '')
      const { code, fix } = await failureOf(() => world.complete(name, redirect.href))
      expect({ code, fix }).toEqual({ code: 'CLAW_DENIED', fix: `run \`claw auth --paste ${name}\`` })
      expect(await ended(world.complete(name, redirect.href))).toBe('CLAW_NOTHING_PENDING 66')
      expect(world.exchanges()).toEqual([])
    },
  )

  it.each([
    ['anthropic', 'invalid_grant'],
    ['openai', 'invalid_grant'],
    ['openrouter', 'invalid_grant'],
    ['acme', 'invalid_grant'],
  ])('%s: ends with 77 when the code has run out', async (name, note) => {
    await using world = await sandboxSignIn('expired')
    const pasted = await world.approve(await world.start(name))
    await world.here.clock.advance(3_000)
    expect(await ended(world.complete(name, pasted))).toBe('CLAW_GRANT_REJECTED 77')
    expect(world.exchanges()).toEqual([expect.stringContaining(note)])
    expect(await ended(world.complete(name, pasted))).toBe('CLAW_NOTHING_PENDING 66')
  })

  it.each([
    ['openai', 600],
    ['openrouter', 600],
  ])('%s: ends with 80 when nobody pasted anything within %d s', async (name, seconds) => {
    await using world = await sandboxSignIn()
    const pasted = await world.approve(await world.start(name))
    await world.here.clock.advance(seconds * 1_000)
    expect(await ended(world.complete(name, pasted))).toBe('CLAW_CODE_EXPIRED 80')
    expect(world.exchanges()).toEqual([])
  })

  it('asks a busy token endpoint again', async () => {
    await using world = await sandboxSignIn('token-busy')
    const pasted = await world.approve(await world.start('anthropic'))
    expect(await world.drive(world.complete('anthropic', pasted))).toMatchObject({ state: 'granted', changed: true })
    expect(world.exchanges()).toHaveLength(2)
    expect((await world.here.store.read()).flows).toEqual([])
  })

  it('keeps what waits when a page comes in place of an answer, since nothing says that the code is used up', async () => {
    await using world = await sandboxSignIn('token-html')
    const pasted = await world.approve(await world.start('anthropic'))
    const { code, fix } = await failureOf(() => world.complete('anthropic', pasted))
    expect({ end: `${code} ${EXITS[ERRORS[code]].code}`, fix }).toEqual({
      end: 'CLAW_PROTOCOL 76',
      fix: 'run the command again with the same paste: the sign-in still waits',
    })
    expect((await world.here.store.read()).flows).toHaveLength(1)
    const again = await world.complete('anthropic', pasted).catch((thrown: { code: string }) => thrown.code)
    expect(again).toBe('CLAW_PROTOCOL')
  })

  it.each(['anthropic', 'openai', 'openai-chatgpt', 'xai', 'openrouter', 'acme'])(
    '%s: takes no answer whose essential field is none',
    async (name) => {
      await using world = await sandboxSignIn('token-malformed')
      const pasted = await world.approve(await world.start(name))
      expect(await ended(world.complete(name, pasted))).toBe('CLAW_PROTOCOL 76')
      expect((await world.here.store.read()).records).toEqual([])
    },
  )

  it('takes no grant of ChatGPT without the scope that it is for', async () => {
    await using world = await sandboxSignIn('token-unfit')
    const pasted = await world.approve(await world.start('openai-chatgpt'))
    const failure = await failureOf(() => world.complete('openai-chatgpt', pasted))
    expect({ code: failure.code, why: failure.why }).toEqual({
      code: 'CLAW_DENIED',
      why: 'the grant lacks the scope `chatgpt.tokens.use.direct`',
    })
    expect((await world.here.store.read()).records).toEqual([])
  })

  it.each(['anthropic', 'openai', 'xai', 'acme'])('%s: S-41 takes no address but its own, and says which that is', async (name) => {
    await using world = await sandboxSignIn()
    const url = await world.start(name)
    const params = new URL(url).searchParams
    const end = params.get('redirect_uri') ?? ''
    const strange = `http://evil.example${new URL(end).pathname}?code=c1&state=${params.get('state')}`
    const { code, why, fix } = await failureOf(() => world.complete(name, strange))
    expect({ code, why, namesTheAddress: fix?.includes(`which begins \`${end}\``) }).toEqual({
      code: 'CLAW_DATA_INVALID',
      why: 'the address is not where this sign-in ends',
      namesTheAddress: true,
    })
    expect(world.exchanges()).toEqual([])
    expect(await world.complete(name, await world.approve(url))).toMatchObject({ changed: true })
  })

  it('S-36 sends nothing for a paste of another sign-in, and goes on waiting', async () => {
    await using world = await sandboxSignIn()
    const pasted = await world.approve(await world.start('anthropic'))
    const [code] = pasted.split('#')
    expect(await ended(world.complete('anthropic', `${code}#another-state`))).toBe('CLAW_DATA_INVALID 65')
    expect(await ended(world.complete('anthropic', String(code)))).toBe('CLAW_DATA_INVALID 65')
    expect(world.exchanges()).toEqual([])
    expect(await world.complete('anthropic', pasted)).toMatchObject({ changed: true })
  })

  it('is not confused by a clock that is ten minutes off', async () => {
    await using world = await sandboxSignIn('clock-skew')
    world.here.clock.setWall(world.here.clock.now() - 600_000)
    const done = await world.complete('openai-chatgpt', await world.approve(await world.start('openai-chatgpt')))
    expect(done).toMatchObject({ state: 'granted', record: { lifetimeMs: 900_000 } })
  })
})

describe('a sign-in that waits already', () => {
  it('gives the same address again, another with --force, and the last one counts', async () => {
    await using world = await sandboxSignIn()
    const first = await world.start('xai')
    expect(await world.start('xai')).toBe(first)
    const other = await world.signIn({ name: 'xai', way: 'paste', force: true })
    if (other.state !== 'handedOver') throw new Error('it was not handed over')
    expect(other.notice.url).not.toBe(first)
    expect(await ended(world.complete('xai', await world.approve(first)))).toBe('CLAW_DATA_INVALID 65')
    expect(await world.complete('xai', await world.approve(other.notice.url))).toMatchObject({ changed: true })
  })

  it('is found under either name of its route, and is no device sign-in', async () => {
    await using world = await sandboxSignIn()
    const pasted = await world.approve(await world.start('openai'))
    expect(await world.complete('openai-codex', pasted)).toMatchObject({ route: { id: 'openai-codex' }, changed: true })
    expect(await ended(world.complete('moonshot', pasted))).toBe('CLAW_NOTHING_PENDING 66')
  })

  it('is finished once, however many try at once, and all of them have it', async () => {
    await using world = await sandboxSignIn()
    const pasted = await world.approve(await world.start('anthropic'))
    const all = await Promise.all([1, 2, 3, 4].map(() => world.complete('anthropic', pasted)))
    expect(all.map((done) => done.state === 'granted' && done.changed).sort()).toEqual([false, false, false, true])
    expect(world.exchanges()).toEqual(['/platform.claude.com/v1/oauth/token authorization_code 200 granted'])
  })

  it('stays signed out when its lease was lost and a sign-out came before its grant was stored', async () => {
    await using world = await sandboxSignIn()
    const pasted = await world.approve(await world.start('anthropic'))
    const { session, here } = world
    const store = beforeWrite(here.store, 'sign_in', async () => {
      await here.clock.advance(300_000)
      await signOut(session, { name: 'anthropic' }, false)
    })
    const completed = signInWithBrowser(
      { ...session, ports: { ...session.ports, store } },
      {
        name: 'anthropic',
        way: 'complete',
        profile: 'default',
        force: false,
        paste: async () => pasted,
        onAddress: () => undefined,
        onPasteRefused: () => undefined,
      },
    )
    const { code, what, fix } = await failureOf(() => completed)
    expect({ code, what, fix }).toEqual({
      code: 'CLAW_DENIED',
      what: 'the sign-in to `anthropic` was cancelled by a sign-out',
      fix: 'claw auth --paste anthropic',
    })
    const { records, flows } = await here.store.read()
    expect({ records, flows }).toEqual({ records: [], flows: [] })
  })

  it('S-42 remembers that the issuer promised to name itself', async () => {
    await using world = await sandboxSignIn()
    const redirect = new URL(await world.approve(await world.start('acme')))
    redirect.searchParams.delete('iss')
    expect(await ended(world.complete('acme', redirect.href))).toBe('CLAW_PROTOCOL 76')
    expect(world.exchanges()).toEqual([])
  })

  it('S-35 keeps the verifier under the protection of the store and nowhere else, until it ends', async () => {
    await using world = await sandboxSignIn()
    const url = await world.start('openai')
    const [flow] = (await world.here.store.read()).flows
    const verifier = flow?.secrets.verifier?.reveal() ?? ''
    expect(verifier).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect([url.includes(verifier), JSON.stringify(flow).includes(verifier)]).toEqual([false, false])
    await world.complete('openai', await world.approve(url))
    expect((await world.here.store.read()).flows).toEqual([])
  })
})

describe('the callback', () => {
  it.each(['anthropic', 'openrouter', 'acme'])('%s: comes back to this machine, and nothing listens afterwards', async (name) => {
    await using world = await sandboxSignIn()
    let redirect = ''
    const done = await world.signIn({ name, way: 'browser' }, async (url) => {
      redirect = await world.approve(url)
      expect((await ask(redirect)).status).toBe(200)
    })
    expect(done).toMatchObject({ state: 'granted', changed: true, record: { method: 'pkce' } })
    expect(world.exchanges()).toEqual([expect.stringContaining('200 granted')])
    await expect(ask(redirect)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(world.here.clock.pending).toBe(0)
  })

  it('S-36 turns a wrong state away and goes on waiting', async () => {
    await using world = await sandboxSignIn()
    const done = await world.signIn({ name: 'acme', way: 'browser' }, async (url) => {
      const redirect = await world.approve(url)
      const pages = []
      for (const wrong of [/state=[^&]+/, /&state=[^&]+/])
        pages.push(await ask(redirect.replace(wrong, wrong.source.startsWith('&') ? '' : 'state=x')))
      pages.push(await ask(`${redirect}&state=again`), await ask(redirect))
      expect(pages.map(({ status }) => status)).toEqual([400, 400, 400, 200])
    })
    expect(done).toMatchObject({ changed: true })
  })

  it('S-42 takes no response of another issuer, nor one without the issuer that was promised', async () => {
    for (const iss of ['https://evil.example', '']) {
      await using world = await sandboxSignIn()
      const failure = await failureOf(() =>
        world.signIn({ name: 'acme', way: 'browser' }, async (url) => {
          const redirect = new URL(await world.approve(url))
          if (iss === '') redirect.searchParams.delete('iss')
          else redirect.searchParams.set('iss', iss)
          await ask(redirect.href)
        }),
      )
      expect({ code: failure.code, exchanges: world.exchanges() }).toEqual({ code: 'CLAW_PROTOCOL', exchanges: [] })
    }
  })

  it('S-36 ends after 5 minutes where the provider sets that, else after 10', async () => {
    for (const [name, seconds] of [
      ['openrouter', 300],
      ['acme', 600],
    ] as const) {
      await using world = await sandboxSignIn()
      const work = failureOf(() => world.signIn({ name, way: 'browser' }))
      await world.here.clock.driveUntil(work)
      expect((await work).code).toBe('CLAW_CODE_EXPIRED')
      expect(world.here.clock.now() - Date.UTC(2026, 0, 1)).toBe(seconds * 1_000)
    }
  })

  it('goes without one where the redirect does not lead to this machine', async () => {
    await using world = await signInWorld(`[providers.own]
protocol = "openai-chat"
base_url = "https://api.example/v1"
models = ["m"]
[providers.own.auth.web]
method = "pkce"
authorization_endpoint = "https://auth.example/authorize"
token_endpoint = "https://auth.example/token"
client_id = "own"
redirect_uri = "https://own.example/callback"`)
    const failure = await failureOf(() => world.signIn({ name: 'own', way: 'browser' }))
    expect({ code: failure.code, fix: failure.fix }).toEqual({ code: 'CLAW_METHOD_UNSUPPORTED', fix: 'claw auth --paste own' })
    expect(await world.signIn({ name: 'own', way: 'paste' })).toMatchObject({ notice: { redirectUri: 'https://own.example/callback' } })
  })

  it('S-43 ends before anything is printed where the issuer has no page for a browser, and lets the port go', async () => {
    await using server = await loopbackServer(({ headers }) => {
      const issuer = `http://${headers.host}`
      return { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ issuer, token_endpoint: `${issuer}/token` }) }
    })
    await using world = await signInWorld(`[providers.own]
protocol = "openai-chat"
base_url = "https://api.example/v1"
models = ["m"]
[providers.own.auth.web]
method = "pkce"
issuer = "${server.origin}"
client_id = "own"`)
    const printed: string[] = []
    const failure = await failureOf(() => world.signIn({ name: 'own', way: 'browser' }, async (url) => void printed.push(url)))
    expect({ ...failure, printed }).toEqual({
      code: 'CLAW_CLIENT_REFUSED',
      what: 'the authorization server of `own` has no sign-in in a browser',
      why: server.origin,
      data: {},
      printed: [],
    })
    expect((await world.here.store.read()).flows).toEqual([])
  })
})
