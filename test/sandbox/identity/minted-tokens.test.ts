import { describe, expect, it } from 'vitest'
import { SANDBOX_IDS } from '../../../src/sandbox/identity/known-ids.ts'
import type { SubjectOptions } from '../../../src/sandbox/identity/issuer.ts'
import { arrange, bearer } from '../sandbox-client.ts'
import { askExchange, claimsOf, type Vendor, VENDORS } from './vendor-exchanges.ts'

const NOW = Date.UTC(2026, 0, 1) / 1_000
const JWT = expect.stringMatching(/^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/)
const ACCESS = 'urn:ietf:params:oauth:token-type:access_token'
const SCOPED = { issued_token_type: ACCESS, token_type: 'Bearer' }

async function arrangeExchanges(scenario?: string) {
  const client = await arrange({ scenario })
  const { identity } = client.sandbox
  return {
    ...client,
    exchange: async (vendor: Vendor, options: SubjectOptions = {}) =>
      (await client.tell(...askExchange(vendor, identity.mint({ alg: 'ES256', ...options })))).json,
  }
}

const ANSWERS: Readonly<Record<Vendor, unknown>> = {
  anthropic: {
    access_token: expect.stringMatching(/^sk-ant-oat01-sandbox-/),
    token_type: 'Bearer',
    expires_in: 600,
    scope: 'workspace:developer',
  },
  openai: { access_token: JWT, ...SCOPED, expires_in: 300, expires_at: NOW + 300 },
  'openai-codex': {
    access_token: JWT,
    ...SCOPED,
    expires_in: 300,
    scope: 'codex',
    chatgpt_account_id: 'sandbox-account',
    chatgpt_account_user_id: 'sandbox-account-user',
    user_id: 'sandbox-user',
    chatgpt_plan_type: 'business',
  },
  openrouter: { access_token: JWT, ...SCOPED, expires_in: 300, scope: 'inference' },
  'google-vertex': { access_token: expect.stringMatching(/^ya29\.d\.sandbox-/), ...SCOPED, expires_in: 3_600 },
  'azure-openai': { access_token: JWT, token_type: 'Bearer', expires_in: 3_599, ext_expires_in: 3_599 },
  'own server, RFC 8693': { access_token: expect.stringMatching(/^sandbox-at-/), ...SCOPED, expires_in: 300 },
  'own server, RFC 7523': { access_token: expect.stringMatching(/^sandbox-at-/), token_type: 'Bearer', expires_in: 300 },
  'own server, client assertion': { access_token: expect.stringMatching(/^sandbox-at-/), token_type: 'Bearer', expires_in: 300 },
}

/** Where each route takes its credential, and who mints it. */
const PLACES: readonly (readonly [path: string, mintedBy: readonly Vendor[], headers?: Readonly<Record<string, string>>])[] = [
  ['/api.anthropic.com/v1/models', ['anthropic'], { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'oauth-2025-04-20' }],
  ['/api.openai.com/v1/models', ['openai']],
  ['/chatgpt.com/backend-api/codex/models', ['openai-codex']],
  ['/chatgpt.com/backend-api/wham/usage', ['openai-codex'], { 'chatgpt-account-id': 'sandbox-account' }],
  ['/openrouter.ai/api/v1/key', ['openrouter']],
  ['/sandbox.openai.azure.com/openai/v1/models', ['azure-openai']],
  ['/v1/models', ['own server, RFC 8693', 'own server, RFC 7523', 'own server, client assertion']],
  ['/api.kimi.com/coding/v1/me', []],
  ['/api.moonshot.ai/v1/models', []],
]

describe('what an exchange mints', () => {
  it.each(VENDORS)('looks as that of %s does, with all that its answer has', async (vendor) => {
    const { exchange, sandbox } = await arrangeExchanges()
    expect(await exchange(vendor)).toEqual(ANSWERS[vendor])
    expect(sandbox.journal[0]).toMatchObject({ status: 200, note: 'granted' })
  })

  it('is good at its own vendor and nowhere else, until it runs out', async () => {
    const { exchange, tell, sandbox } = await arrangeExchanges()
    const tokens = await Promise.all(VENDORS.map(async (vendor) => [vendor, String((await exchange(vendor)).access_token)] as const))
    const takenAt = async () => {
      const taken = PLACES.map(async ([path, , headers]) => {
        const told = await Promise.all(
          tokens.map(async ([vendor, token]) =>
            (await tell(path, { headers: { ...bearer(token), ...headers } })).status === 200 ? [vendor] : [],
          ),
        )
        return [path, told.flat()] as const
      })
      return Promise.all(taken)
    }
    expect(await takenAt()).toEqual(PLACES.map(([path, mintedBy]) => [path, mintedBy]))
    sandbox.expireAccess()
    expect(await takenAt()).toEqual(PLACES.map(([path]) => [path, []]))
  })

  it('stands in no line of the journal, and neither does what it was exchanged for', async () => {
    const { tell, sandbox } = await arrangeExchanges()
    const secrets: string[] = [sandbox.identity.githubEnvironment().ACTIONS_ID_TOKEN_REQUEST_TOKEN]
    for (const vendor of VENDORS) {
      const token = sandbox.identity.mint({ alg: 'ES256' })
      secrets.push(token, String((await tell(...askExchange(vendor, token))).json.access_token))
    }
    const journal = JSON.stringify(sandbox.journal)
    expect(secrets.filter((secret) => journal.includes(secret))).toEqual([])
  })

  it.each<[Vendor, string, SubjectOptions, number]>([
    ['openai', 'as the token of the job', { lifetimeS: 7 }, 7],
    ['openai', 'an hour at most', { lifetimeS: 86_400 }, 3_600],
    ['openai-codex', 'as the token of the job', { lifetimeS: 59 }, 59],
    ['openai-codex', 'an hour at most', { lifetimeS: 3_600 }, 3_600],
    ['openrouter', 'as the token of the job', { lifetimeS: 899 }, 899],
    ['openrouter', 'a quarter of an hour at most', { lifetimeS: 3_600 }, 900],
    ['own server, RFC 8693', 'a quarter of an hour at most', { lifetimeS: 3_600 }, 900],
    ['google-vertex', 'an hour, whatever the token of the job has left', { lifetimeS: 7 }, 3_600],
  ])('lives at %s as long %s', async (vendor, _, options, lifetimeS) => {
    const { exchange } = await arrangeExchanges()
    expect((await exchange(vendor, options)).expires_in).toBe(lifetimeS)
  })

  it.each<Vendor>(['openai', 'openai-codex', 'openrouter', 'own server, RFC 8693'])(
    'is nothing at %s where the token of the job has no life left',
    async (vendor) => {
      const { exchange, sandbox } = await arrangeExchanges()
      expect(await exchange(vendor, { claims: { exp: NOW } })).toHaveProperty('error')
      expect(sandbox.journal[0]).toMatchObject({ note: 'no life is left of it' })
    },
  )

  it('says whose it is at ChatGPT, and when it ends', async () => {
    const { exchange } = await arrangeExchanges()
    expect(claimsOf(String((await exchange('openai-codex')).access_token))).toMatchObject({
      exp: NOW + 300,
      'https://api.openai.com/auth': { chatgpt_account_id: 'sandbox-account', chatgpt_plan_type: 'business' },
    })
  })

  it('can be made to live two seconds', async () => {
    const { exchange } = await arrangeExchanges('short-lived')
    for (const vendor of VENDORS) expect({ vendor, ...(await exchange(vendor)) }).toMatchObject({ vendor, expires_in: 2 })
  })

  it('has an absolute end by the clock of the server', async () => {
    const { exchange } = await arrangeExchanges('clock-skew')
    expect(await exchange('openai')).toMatchObject({ expires_in: 300, expires_at: NOW + 900 })
  })

  it.each<[string, Record<string, unknown>]>([
    ['exchange-no-expiry', {}],
    ['exchange-past-expiry', { expires_in: -60, expires_at: NOW - 60 }],
  ])('says what the scenario %s wants of its end', async (scenario, end) => {
    const { exchange } = await arrangeExchanges(scenario)
    expect(await exchange('openai')).toEqual({ access_token: JWT, ...SCOPED, ...end })
  })
})

describe("Google's second step", () => {
  const { service_account: account } = SANDBOX_IDS['google-vertex']
  const pathOf = (name: string) => `/iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${name}:generateAccessToken`
  const right = { scope: ['https://www.googleapis.com/auth/cloud-platform'], lifetime: '3600s' }

  it('mints the token of the account for the one of the first', async () => {
    const { exchange, tell, sandbox } = await arrangeExchanges()
    const headers = bearer((await exchange('google-vertex')).access_token)
    for (const name of [account, encodeURIComponent(account)])
      expect(await tell(pathOf(name), { headers, json: right })).toEqual({
        status: 200,
        json: { accessToken: expect.stringMatching(/^ya29\.c\.sandbox-/), expireTime: '2026-01-01T01:00:00Z' },
      })
    expect(sandbox.journal.at(-1)).toMatchObject({ dialect: 'google-account', note: 'granted' })
  })

  it.each([
    ['exchange-no-expiry', undefined],
    ['exchange-past-expiry', '2025-12-31T23:59:00Z'],
  ])('says what the scenario %s wants of its end', async (scenario, expireTime) => {
    const { exchange, tell } = await arrangeExchanges(scenario)
    const headers = bearer((await exchange('google-vertex')).access_token)
    expect((await tell(pathOf(account), { headers, json: right })).json.expireTime).toBe(expireTime)
  })

  it.each([
    ['another account', pathOf('other@project.iam.gserviceaccount.com'), right, 403, 'service_account is not known'],
    ['no scope', pathOf(account), { lifetime: '3600s' }, 400, 'scope is required'],
    ['a lifetime without its unit', pathOf(account), { ...right, lifetime: '3600' }, 400, 'lifetime is malformed'],
    ['a lifetime of more than an hour', pathOf(account), { ...right, lifetime: '3601s' }, 400, 'lifetime is malformed'],
  ])('refuses %s', async (_, path, json, status, reason) => {
    const { exchange, tell, sandbox } = await arrangeExchanges()
    const headers = bearer((await exchange('google-vertex')).access_token)
    expect((await tell(path, { headers, json })).status).toBe(status)
    expect(sandbox.journal.at(-1)).toMatchObject({ note: reason })
  })

  it.each(['azure-openai', 'openai'] as const)('refuses the token of %s, and its own', async (vendor) => {
    const { exchange, tell } = await arrangeExchanges()
    const first = bearer((await exchange('google-vertex')).access_token)
    const own = (await tell(pathOf(account), { headers: first, json: right })).json.accessToken
    for (const token of [own, (await exchange(vendor)).access_token, 'ya29.d.sandbox-made-up'])
      expect((await tell(pathOf(account), { headers: bearer(token), json: right })).status).toBe(401)
  })
})
