import { describe, expect, it } from 'vitest'
import { arrange, bearer } from './sandbox-client.ts'

const USER = '/api.github.com/copilot_internal/user'
const EXCHANGE = '/api.github.com/copilot_internal/v2/token'
const NOT_ACCESSIBLE = 'Resource not accessible by integration'
const NO_SEAT = { error_details: { notification_id: 'no_copilot_access' }, message: NOT_ACCESSIBLE }

describe('Copilot at the sandbox', () => {
  it('tells an account its plan and where its API is: at the sandbox', async () => {
    const client = await arrange()
    expect(await client.tell(USER, { headers: bearer('github_pat_sandbox') })).toEqual({
      status: 200,
      json: {
        login: 'sandbox',
        copilot_plan: 'individual',
        chat_enabled: true,
        endpoints: { api: `${client.sandbox.origin}/api.individual.githubcopilot.com` },
      },
    })
  })

  it('exchanges a token of an app for one that the API takes', async () => {
    const client = await arrange()
    const { status, json } = await client.tell(EXCHANGE, { headers: bearer('ghu_sandbox') })
    const now = Math.floor(client.clock.wall() / 1_000)
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        token: expect.stringMatching(/^tid=sandbox-[0-9a-f]+;exp=\d+;sku=sandbox$/),
        expires_at: now + 1_500,
        refresh_in: 1_200,
        endpoints: { api: `${client.sandbox.origin}/api.individual.githubcopilot.com` },
      },
    })
    expect((await client.tell('/api.individual.githubcopilot.com/models', { headers: bearer(json.token) })).status).toBe(200)
  })

  it.each([
    ['an unknown token', USER, 'nonsense', 'happy', 401, { message: 'Bad credentials', status: '401' }],
    ['a token of a server', USER, 'ghs_sandbox', 'happy', 403, { message: NOT_ACCESSIBLE, status: '403' }],
    ['a token of a person', EXCHANGE, 'github_pat_sandbox', 'happy', 403, { message: NOT_ACCESSIBLE, status: '403' }],
    ['no seat', USER, 'ghu_sandbox', 'no-seat', 404, { message: 'Not Found', status: '404' }],
    ['no seat', EXCHANGE, 'ghu_sandbox', 'no-seat', 403, NO_SEAT],
    ['no exchange', EXCHANGE, 'ghu_sandbox', 'no-exchange', 403, { message: NOT_ACCESSIBLE, status: '403' }],
  ])('refuses %s at %s', async (_, path, token, scenario, status, json) => {
    const client = await arrange(scenario === 'happy' ? {} : { scenario })
    expect(await client.tell(path, { headers: bearer(token) })).toEqual({ status, json })
  })

  it('names a foreign host where the scenario says so', async () => {
    const client = await arrange({ scenario: 'evil-host' })
    expect((await client.tell(USER, { headers: bearer('ghu_sandbox') })).json).toMatchObject({
      endpoints: { api: 'https://api.evil.example' },
    })
    expect((await client.tell(EXCHANGE, { headers: bearer('ghu_sandbox') })).json).toMatchObject({
      token: expect.stringContaining('proxy-ep=proxy.evil.example'),
    })
  })
})

describe('the account of ChatGPT at the sandbox', () => {
  const USAGE = '/chatgpt.com/backend-api/wham/usage'
  const WHOAMI = '/auth.openai.com/api/accounts/v1/user-auth-credential/whoami'
  it('shows its usage to who names it, and says to a personal token whose it is', async () => {
    const client = await arrange()
    const token = bearer('at-sandbox')
    const statusOf = async (path: string, headers: Readonly<Record<string, string>>) => (await client.tell(path, { headers })).status
    expect([
      await statusOf(USAGE, { ...token, 'chatgpt-account-id': 'sandbox-account' }),
      await statusOf(USAGE, token),
      await statusOf(USAGE, { ...token, 'chatgpt-account-id': 'another' }),
      await statusOf(USAGE, bearer('nonsense')),
      await statusOf(WHOAMI, bearer('nonsense')),
    ]).toEqual([200, 401, 401, 401, 401])
    expect((await client.tell(WHOAMI, { headers: token })).json).toEqual({
      email: null,
      chatgpt_user_id: 'sandbox-user',
      chatgpt_account_id: 'sandbox-account',
      chatgpt_plan_type: 'business',
      chatgpt_account_is_fedramp: false,
    })
  })
})
