import { afterEach, describe, expect, it } from 'vitest'
import { findCredential } from '../../src/app/credential/find-credential.ts'
import { refreshGrants } from '../../src/app/refresh/refresh-grants.ts'
import { credentialNotices, usableCredential } from '../../src/app/credential/usable-credential.ts'
import { Secret } from '../../src/core/secret.ts'
import { fingerprintOf } from '../../src/credentials/next-record.ts'
import type { NewCredential } from '../../src/credentials/record.ts'
import { credentialWorld, type TestWorld } from '../support/credential-world.ts'
import { failureOf } from '../support/failure.ts'
import { jwt } from '../support/jwt.ts'
import { type LoopbackServer, loopbackServer } from '../support/loopback-server.ts'
import { onlineSession } from '../support/online-session.ts'

const open: AsyncDisposable[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each[Symbol.asyncDispose]()))
})

const ACCOUNT = `[providers.openai-codex.account_id]
jwt_sources = ["id_token", "access_token"]
claim_namespace = "https://api.openai.com/auth"
claim = "chatgpt_account_id"
`
const SCOPE = 'chatgpt.tokens.use.direct'
const NOW = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000
/** As Codex signs them: whose they are stands in a claim of the vendor. */
const codexToken = (account: string, claims: object = {}) =>
  jwt({ 'https://api.openai.com/auth': { chatgpt_account_id: account }, ...claims })

interface Setting {
  readonly route: string
  readonly auth: string
  readonly toml?: string
  readonly variables?: Readonly<Record<string, string>>
  readonly credential?: Partial<NewCredential> & { readonly token?: string }
  /** Bodies of the token endpoint, in order. */
  readonly answers?: readonly { readonly status?: number; readonly body: object }[]
}

/** A machine with one grant, and the token endpoint that its record names. */
async function arrange({ route, auth, toml = '', variables = {}, credential = {}, answers = [] }: Setting) {
  const server = await loopbackServer((_, n) => {
    const { status = 200, body = {} } = answers[n] ?? { status: 500 }
    return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  })
  const here = await credentialWorld(toml.replaceAll('$ORIGIN', server.origin), variables)
  open.push(server, { [Symbol.asyncDispose]: () => here.remove() })
  const client = {
    clientId: 'issued-id',
    tokenEndpoint: `${server.origin}/token`,
    revocationEndpoint: `${server.origin}/revoke`,
    issuer: null,
  }
  await here.signIn({ route, kind: 'oauth', provider: here.catalogue.route(route).provider }, { auth, client, ...credential })
  const session = onlineSession(here)
  const use = async (demand = {}) =>
    usableCredential(session, await findCredential(session, { named: here.catalogue.find(route), model: null }), demand)
  return { server, here, session, use, record: async () => (await here.store.read()).records[0] }
}

function sent({ requests }: LoopbackServer) {
  return requests.map(({ path, headers, body }) => ({
    path,
    type: headers['content-type'],
    fields: headers['content-type'] === 'application/json' ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body)),
  }))
}

const tokensOf = async (record: Awaited<ReturnType<TestWorld['store']['read']>>['records'][number] | undefined) => ({
  access: record?.secrets?.access.reveal(),
  refresh: record?.secrets?.refresh?.reveal(),
  idToken: record?.secrets?.idToken?.reveal(),
})

describe('a refresh by the fields of its entry', () => {
  it('of Codex sends JSON, keeps what is missing, and believes the token about its end', async () => {
    const [before, after] = [codexToken('acc-1'), codexToken('acc-1', { iat: NOW / 1_000, exp: NOW / 1_000 + 7 * 86_400 })]
    const { server, use, record } = await arrange({
      route: 'openai-codex',
      auth: 'device',
      toml: ACCOUNT,
      credential: {
        lifetimeMs: 0,
        secrets: { access: new Secret(before), refresh: new Secret('rt-1'), idToken: new Secret(codexToken('acc-1', { n: 1 })) },
      },
      answers: [{ body: { access_token: after } }],
    })
    expect((await use()).credential.secret?.reveal()).toBe(after)
    expect(sent(server)).toEqual([
      { path: '/token', type: 'application/json', fields: { grant_type: 'refresh_token', client_id: 'issued-id', refresh_token: 'rt-1' } },
    ])
    expect(await tokensOf(await record())).toEqual({ access: after, refresh: 'rt-1', idToken: codexToken('acc-1', { n: 1 }) })
    expect(await record()).toMatchObject({ lifetimeMs: 7 * 86_400_000, account: { id: 'acc-1' }, generation: 2 })
  })

  it('of Sign in with ChatGPT sends a form with the resource and the issued client id, and waits for its earliest refresh', async () => {
    const answer = {
      access_token: 'at-2',
      refresh_token: 'rt-2',
      expires_in: 3_600,
      scope: `openid ${SCOPE}`,
      earliest_refresh_at: NOW / 1_000 + 3_500,
    }
    const { server, here, session, use, record } = await arrange({
      route: 'openai-chatgpt',
      auth: 'siwc',
      credential: { method: 'pkce', lifetimeMs: 0, secrets: { access: new Secret('at-1'), refresh: new Secret('rt-1') } },
      answers: [{ body: answer }, { body: { ...answer, access_token: 'at-3', refresh_token: 'rt-3', earliest_refresh_at: null } }],
    })
    await use()
    expect(sent(server)).toEqual([
      {
        path: '/token',
        type: 'application/x-www-form-urlencoded',
        fields: { grant_type: 'refresh_token', client_id: 'issued-id', refresh_token: 'rt-1', resource: 'https://api.openai.com/v1' },
      },
    ])
    expect(await record()).toMatchObject({ renewal: { echo: {}, notBefore: NOW + 3_500_000 } })
    // Inside the margin of 180 s, and too early for the server.
    await here.clock.advance(3_450_000)
    expect((await use()).outcome).toBe('fresh')
    expect(await refreshGrants(session, {}, 2 * HOUR)).toMatchObject([{ route: 'openai-chatgpt', outcome: 'fresh' }])
    await here.clock.advance(50_000)
    expect((await use()).outcome).toBe('refreshed')
    expect(await record()).toMatchObject({ renewal: { echo: {}, notBefore: null } })
  })

  it('of xAI gives the principal back, keeps the refresh token, and takes an hour for the end', async () => {
    const { server, use, record } = await arrange({
      route: 'xai',
      auth: 'device',
      variables: { CLAW_ENABLE: 'xai/device' },
      credential: {
        lifetimeMs: 0,
        token: 'at-1',
        renewal: { echo: { principal_type: 'team', principal_id: 'team 1' }, notBeforeInMs: null },
      },
      answers: [{ body: { access_token: 'at-2', token_type: 'Bearer', principal_id: 'team 2' } }],
    })
    await use()
    expect(sent(server)).toEqual([
      {
        path: '/token',
        type: 'application/x-www-form-urlencoded',
        fields: {
          grant_type: 'refresh_token',
          client_id: 'issued-id',
          refresh_token: 'at-1-refresh',
          principal_type: 'team',
          principal_id: 'team 1',
        },
      },
    ])
    expect(await tokensOf(await record())).toEqual({ access: 'at-2', refresh: 'at-1-refresh', idToken: undefined })
    expect(await record()).toMatchObject({
      lifetimeMs: HOUR,
      renewal: { echo: { principal_type: 'team', principal_id: 'team 2' }, notBefore: null },
    })
  })

  it('of MiniMax sends three fields, and reads a verdict and an instant in ms', async () => {
    const { server, use, record } = await arrange({
      route: 'minimax',
      auth: 'device',
      credential: { lifetimeMs: 0, token: 'at-1' },
      answers: [{ body: { status: 'success', access_token: 'at-2', refresh_token: '', expired_in: Date.now() + 2 * HOUR } }],
    })
    await use()
    expect(sent(server).map(({ fields }) => fields)).toEqual([
      { grant_type: 'refresh_token', client_id: 'issued-id', refresh_token: 'at-1-refresh' },
    ])
    expect(await tokensOf(await record())).toMatchObject({ access: 'at-2', refresh: 'at-1-refresh' })
    // The server names an instant, and its own clock: a second of rounding lies between them.
    expect(Math.abs(((await record())?.lifetimeMs ?? 0) - 2 * HOUR)).toBeLessThan(60_000)
  })

  it('of GitHub sends a form without a secret, and nothing at all for a token without an end', async () => {
    const { server, session, record } = await arrange({
      route: 'github-copilot',
      auth: 'device',
      credential: { lifetimeMs: 0, secrets: { access: new Secret('ghu_1'), refresh: new Secret('ghr_1') } },
      answers: [
        { body: { access_token: 'ghu_2', refresh_token: 'ghr_2', expires_in: 28_800, refresh_token_expires_in: 15_897_600, scope: '' } },
      ],
    })
    expect((await refreshGrants(session, {}, undefined)).map(({ outcome }) => outcome)).toEqual(['refreshed'])
    expect(sent(server).map(({ fields }) => fields)).toEqual([
      { grant_type: 'refresh_token', client_id: 'issued-id', refresh_token: 'ghr_1' },
    ])
    expect(await record()).toMatchObject({ lifetimeMs: 28_800_000, refreshable: true })
    const endless = await arrange({
      route: 'github-copilot',
      auth: 'device',
      credential: { lifetimeMs: null, secrets: { access: new Secret('gho_1') } },
    })
    await endless.here.clock.advance(400 * 86_400_000)
    expect(await refreshGrants(endless.session, { name: 'github-copilot' }, undefined)).toEqual([])
    expect(await refreshGrants(endless.session, {}, undefined)).toEqual([])
    expect(endless.server.requests).toEqual([])
  })

  it('of Anthropic sends JSON, and asks at the other address where the endpoint is gone from the first', async () => {
    const { server, use } = await arrange({
      route: 'anthropic',
      auth: 'oauth',
      toml: '[providers.anthropic]\nprefer = "oauth"\n[providers.anthropic.auth.oauth]\nenabled = true\ntoken_url = "$ORIGIN/token"\ntoken_url_fallbacks = ["$ORIGIN/older"]\n',
      credential: { method: 'pkce', lifetimeMs: 0, token: 'at-1' },
      answers: [{ status: 404, body: { type: 'error' } }, { body: { access_token: 'at-2', refresh_token: 'rt-2', expires_in: 28_800 } }],
    })
    expect((await use()).outcome).toBe('refreshed')
    const fields = { grant_type: 'refresh_token', client_id: 'issued-id', refresh_token: 'at-1-refresh' }
    expect(sent(server)).toEqual([
      { path: '/token', type: 'application/json', fields },
      { path: '/older', type: 'application/json', fields },
    ])
  })

  it('S-27 does not send the grant of a token endpoint of the user to the other addresses of the vendor', async () => {
    const { server, use, record } = await arrange({
      route: 'anthropic',
      auth: 'oauth',
      toml: '[providers.anthropic]\nprefer = "oauth"\n[providers.anthropic.auth.oauth]\nenabled = true\ntoken_url = "$ORIGIN/token"\n',
      credential: { method: 'pkce', lifetimeMs: 0, token: 'at-1' },
      answers: [{ status: 404, body: {} }],
    })
    expect((await failureOf(() => use())).code).toBe('CLAW_PROTOCOL')
    expect(server.requests).toHaveLength(1)
    expect(await record()).toMatchObject({ state: 'ok', intent: null })
  })
})

describe('a grant that came back as another one', () => {
  it('of another account is kept and marked, and used by nobody', async () => {
    const { server, session, use, record } = await arrange({
      route: 'openai-codex',
      auth: 'device',
      toml: ACCOUNT,
      credential: {
        lifetimeMs: 0,
        account: { id: 'acc-1', name: 'ann@x.example', plan: null },
        secrets: { access: new Secret(codexToken('acc-1')), refresh: new Secret('rt-1') },
      },
      answers: [{ body: { access_token: codexToken('acc-22222222222'), refresh_token: 'rt-2', expires_in: 3_600 } }],
    })
    const expected = {
      code: 'CLAW_ACCOUNT_CHANGED',
      what: 'the grant of `openai-codex` came back from its refresh as one of another account, and is not used',
      why: 'it was of `a…` and is now of `acc-…22`',
      fix: 'claw auth --device openai-codex',
      data: {},
    }
    expect(await failureOf(() => use())).toEqual(expected)
    expect(await tokensOf(await record())).toMatchObject({ access: codexToken('acc-22222222222'), refresh: 'rt-2' })
    expect(await record()).toMatchObject({ generation: 2, state: 'rejected', intent: null, rejection: { kind: 'account' } })
    expect(await failureOf(() => use())).toMatchObject({ code: expected.code, fix: expected.fix })
    expect((await refreshGrants(session, {}, undefined)).map(({ outcome, error }) => [outcome, error?.code])).toEqual([
      ['failed', expected.code],
    ])
    expect(server.requests).toHaveLength(1)
  })

  it('without the scope that its route lives on is kept and marked too', async () => {
    const { use, record } = await arrange({
      route: 'openai-chatgpt',
      auth: 'siwc',
      credential: { method: 'pkce', lifetimeMs: 0, token: 'at-1' },
      answers: [{ body: { access_token: 'at-2', refresh_token: 'rt-2', expires_in: 3_600, scope: 'openid' } }],
    })
    expect(await failureOf(() => use())).toEqual({
      code: 'CLAW_SCOPE_LOST',
      what: 'the grant of `openai-chatgpt` came back from its refresh without a scope that it needs',
      why: `the provider no longer grants \`${SCOPE}\``,
      fix: 'claw auth --paste openai-chatgpt',
      data: {},
    })
    expect(await record()).toMatchObject({ generation: 2, state: 'rejected', scopes: ['openid'] })
  })

  it('R-25 with fewer scopes is used, stored as it is, and said once', async () => {
    const { use, record } = await arrange({
      route: 'kimi-code',
      auth: 'device',
      credential: { lifetimeMs: 0, token: 'at-1', scopes: ['read', 'write', 'admin'] },
      answers: [{ body: { access_token: 'at-2', refresh_token: 'rt-2', expires_in: 900, scope: 'read' } }],
    })
    const usable = await use()
    expect(credentialNotices(usable)).toEqual([
      { code: 'scope_reduced', message: 'the provider no longer grants `write`, `admin` to the grant of `kimi-code`' },
    ])
    expect((await record())?.scopes).toEqual(['read'])
    expect(credentialNotices(await use())).toEqual([])
  })
})

describe('a 401 of the API', () => {
  it('R-29 that many report forces one newer generation, whoever reads the store when', async () => {
    const { server, session, here } = await arrange({
      route: 'kimi-code',
      auth: 'device',
      credential: { token: 'at-1' },
      answers: [{ body: { access_token: 'at-2', refresh_token: 'rt-2', expires_in: 900 } }],
    })
    const chosen = await findCredential(session, { named: here.catalogue.find('kimi-code'), model: null })
    const rejected = fingerprintOf(new Secret('at-1'))
    const first = await usableCredential(session, chosen, { rejected })
    // Found before the refresh, and asked for after it.
    const second = await usableCredential(session, chosen, { rejected })
    expect([first.outcome, second.outcome, second.credential.secret?.reveal()]).toEqual(['refreshed', 'adopted', 'at-2'])
    expect(server.requests).toHaveLength(1)
  })
})

describe('every grant at once', () => {
  it('each has its outcome, and one that fails keeps no other from its turn', async () => {
    const { here, session } = await arrange({
      route: 'kimi-code',
      auth: 'device',
      credential: { token: 'at-1' },
      answers: [{ body: { access_token: 'at-2', refresh_token: 'rt-2', expires_in: 900 } }],
    })
    const dead = await loopbackServer(() => ({ status: 400, body: '{"error":"invalid_grant"}' }))
    open.push(dead)
    const client = { clientId: 'c', tokenEndpoint: `${dead.origin}/token`, revocationEndpoint: null, issuer: null }
    await here.signIn({ provider: 'moonshot', route: 'kimi-code', kind: 'oauth', profile: 'ci' }, { client })
    await here.signIn({ provider: 'moonshot', route: 'kimi-code', kind: 'oauth', profile: 'long' }, { client, lifetimeMs: 3 * HOUR })
    await here.signIn({ provider: 'moonshot', route: 'moonshot', kind: 'api_key' })
    const items = await refreshGrants(session, {}, 2 * HOUR)
    expect(items.map(({ route, profile, outcome, error }) => [route, profile, outcome, error?.code ?? null])).toEqual([
      ['kimi-code', 'ci', 'failed', 'CLAW_GRANT_REJECTED'],
      ['kimi-code', 'default', 'refreshed', null],
      ['kimi-code', 'long', 'fresh', null],
    ])
    // Remembered: the words of the provider are not asked for again.
    await refreshGrants(session, { profile: 'ci' }, undefined)
    expect(dead.requests).toHaveLength(1)
  })

  it('says what a key is where somebody wants it refreshed', async () => {
    const here = await credentialWorld()
    open.push({ [Symbol.asyncDispose]: () => here.remove() })
    await here.signIn({ route: 'openrouter', kind: 'api_key' })
    expect(await failureOf(() => refreshGrants(onlineSession(here), { name: 'openrouter' }, undefined))).toMatchObject({
      code: 'CLAW_METHOD_UNSUPPORTED',
      why: 'a credential of the kind `api_key` is used as it is; it has no end that is known',
      fix: 'claw auth --api-key openrouter --stdin',
    })
    expect((await failureOf(() => refreshGrants(onlineSession(here), { name: 'moonshot' }, undefined))).code).toBe('CLAW_NO_CREDENTIAL')
  })
})
