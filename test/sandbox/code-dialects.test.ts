import { describe, expect, it } from 'vitest'
import { challengeOf } from '../../src/sandbox/sign-in/authorization-codes.ts'
import { arrange } from './sandbox-client.ts'

type Client = Awaited<ReturnType<typeof arrange>>

const VERIFIER = 'v'.repeat(43)
const CHALLENGE = { code_challenge: challengeOf(VERIFIER), code_challenge_method: 'S256' }
const ANTHROPIC = {
  page: '/claude.ai/oauth/authorize',
  token: '/platform.claude.com/v1/oauth/token',
  client: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
  redirect: 'http://localhost:4567/callback',
  more: { scope: 'user:inference', code: 'true' },
}
const CODEX = {
  page: '/auth.openai.com/oauth/authorize',
  token: '/auth.openai.com/oauth/token',
  client: 'app_EMoamEEZ73f0CkXaXp7hrann',
  redirect: 'http://localhost:1455/auth/callback',
  more: { scope: 'openid', originator: 'claw' },
}
const ISSUER = { page: '/issuer/authorize', token: '/issuer/token', client: 'claw', redirect: 'http://127.0.0.1:4567/callback', more: {} }

function query(
  { client, redirect, more }: typeof CODEX | typeof ANTHROPIC | typeof ISSUER,
  changes: Readonly<Record<string, string>> = {},
) {
  return new URLSearchParams({
    client_id: client,
    response_type: 'code',
    redirect_uri: redirect,
    state: 'state-of-a-test',
    ...CHALLENGE,
    ...more,
    ...changes,
  })
}

/** What the redirect of an approved request brings. */
async function approved({ ask }: Client, at: typeof CODEX | typeof ANTHROPIC | typeof ISSUER): Promise<URLSearchParams> {
  const page = await ask(`${at.page}?${query(at)}`, { form: { action: 'approve' } })
  expect(page.status).toBe(303)
  return new URL(String(page.headers.location)).searchParams
}

function redemption({ client, redirect }: typeof CODEX | typeof ISSUER, code: string | null) {
  return { grant_type: 'authorization_code', client_id: client, redirect_uri: redirect, code: code ?? '', code_verifier: VERIFIER }
}

describe('the page of an authorization request', () => {
  it('S-39 is the same for every address, and lets nothing in', async () => {
    const { ask } = await arrange()
    const plain = await ask(`${ISSUER.page}?${query(ISSUER)}`)
    const hostile = await ask(`${ISSUER.page}?${query(ISSUER, { state: '<script>alert(1)</script>' })}`)
    expect([plain.status, hostile.body === plain.body]).toEqual([200, true])
    expect(plain.headers['content-security-policy']).toBe("default-src 'none'")
  })

  it.each([
    ['another client', { client_id: 'somebody' }],
    ['a redirect that is not registered', { redirect_uri: 'https://elsewhere.example/callback' }],
    ['no code', { response_type: 'token' }],
    ['a plain challenge', { code_challenge_method: 'plain' }],
    ['a challenge that is none', { code_challenge: 'short' }],
  ])('sends nobody anywhere for %s', async (_, changes) => {
    const { ask } = await arrange()
    for (const asked of [{}, { form: { action: 'approve' } }]) {
      const page = await ask(`${ISSUER.page}?${query(ISSUER, changes)}`, asked)
      expect({ status: page.status, location: page.headers.location }).toEqual({ status: 400, location: undefined })
    }
  })

  it('brings state and issuer back, with the code or with the denial', async () => {
    const client = await arrange()
    const iss = `${client.sandbox.origin}/issuer`
    expect(Object.fromEntries(await approved(client, ISSUER))).toEqual({
      code: expect.stringMatching(/^sandbox-code-/),
      state: 'state-of-a-test',
      iss,
    })
    const denied = await client.ask(`${ISSUER.page}?${query(ISSUER)}`, { form: { action: 'deny' } })
    expect(Object.fromEntries(new URL(String(denied.headers.location)).searchParams)).toEqual({
      error: 'access_denied',
      error_description: 'denied by the person',
      state: 'state-of-a-test',
      iss,
    })
  })
})

describe('a code', () => {
  it('is good once, for its own client, redirect and verifier', async () => {
    const client = await arrange()
    const tell = (changes: Readonly<Record<string, string>>, code: string | null) =>
      client.tell(ISSUER.token, { form: { ...redemption(ISSUER, code), ...changes } })
    for (const changes of [{ code_verifier: 'w'.repeat(43) }, { redirect_uri: 'http://127.0.0.1:1/callback' }, { client_id: 'other' }])
      expect(await tell(changes, (await approved(client, ISSUER)).get('code'))).toEqual({ status: 400, json: { error: 'invalid_grant' } })
    const code = (await approved(client, ISSUER)).get('code')
    expect((await tell({}, code)).status).toBe(200)
    expect(await tell({}, code)).toEqual({ status: 400, json: { error: 'invalid_grant' } })
  })

  it('of Anthropic wants JSON and the state of the redirect, and is shown with it for copying', async () => {
    const client = await arrange()
    const exchange = async (changes: Readonly<Record<string, string>>) => {
      const given = await approved(client, ANTHROPIC)
      const body = { ...redemption(ANTHROPIC, given.get('code')), state: given.get('state') ?? '', ...changes }
      return client.tell(ANTHROPIC.token, { json: body })
    }
    expect((await exchange({ state: 'another' })).json.error).toBe('invalid_grant')
    expect(await exchange({})).toMatchObject({
      status: 200,
      json: { access_token: expect.stringMatching(/^sk-ant-oat01-sandbox-/), scope: 'user:inference' },
    })
    const shown = await client.ask('/platform.claude.com/oauth/code/callback?code=c1&state=s1')
    expect({ status: shown.status, isShown: shown.body.includes('<code>c1#s1</code>') }).toEqual({ status: 200, isShown: true })
    const hostile = await client.ask('/platform.claude.com/oauth/code/callback?code=%3Cscript%3E&state=s1')
    expect({ status: hostile.status, isIn: hostile.body.includes('script') }).toEqual({ status: 400, isIn: false })
  })

  it('of Codex wants a form without the state', async () => {
    const client = await arrange()
    const exchange = async (more: Readonly<Record<string, string>>) =>
      client.tell(CODEX.token, { form: { ...redemption(CODEX, (await approved(client, CODEX)).get('code')), ...more } })
    expect((await exchange({ state: 'state-of-a-test' })).status).toBe(400)
    expect(await exchange({})).toMatchObject({ status: 200, json: { id_token: expect.stringMatching(/^eyJ/) } })
  })

  it('of OpenRouter is shown without a callback, and brings a key', async () => {
    const { ask, tell } = await arrange()
    const page = await ask(`/openrouter.ai/auth?${new URLSearchParams(CHALLENGE)}`, { form: { action: 'approve' } })
    const code = /<code>([^<]+)<\/code>/.exec(page.body)?.[1]
    const mint = (changes: Readonly<Record<string, string>>) =>
      tell('/openrouter.ai/api/v1/auth/keys', { json: { code, code_verifier: VERIFIER, code_challenge_method: 'S256', ...changes } })
    expect((await mint({ code_challenge_method: 'plain' })).status).toBe(400)
    const minted = await mint({})
    expect(minted).toEqual({ status: 200, json: { key: expect.stringMatching(/^sk-or-v1-sandbox-/), user_id: 'sandbox-user' } })
    expect(await mint({})).toMatchObject({ status: 403, json: { error: { code: 403 } } })
    expect((await tell('/openrouter.ai/api/v1/key', { headers: { authorization: `Bearer ${String(minted.json.key)}` } })).status).toBe(200)
  })
})
