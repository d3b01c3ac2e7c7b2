import { describe, expect, it } from 'vitest'
import type { SubjectOptions } from '../../../src/sandbox/identity/issuer.ts'
import { arrange, bearer } from '../sandbox-client.ts'
import { askExchange, type Changes } from './vendor-exchanges.ts'

const NOW = Date.UTC(2026, 0, 1) / 1_000
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

async function arrangeAnthropic(scenario?: string) {
  const client = await arrange({ scenario })
  const mint = (options: SubjectOptions = {}) => client.sandbox.identity.mint({ alg: 'ES256', ...options })
  const prompt = (token: unknown, path = '/api.anthropic.com/v1/messages') =>
    client.tell(path, {
      headers: { ...bearer(token), 'anthropic-version': '2023-06-01', 'anthropic-beta': 'oauth-2025-04-20' },
      json: { model: 'claude', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
    })
  return {
    ...client,
    mint,
    prompt,
    exchange: (token = mint(), changes: Changes = {}) => client.tell(...askExchange('anthropic', token, changes)),
  }
}

describe('the exchange of Anthropic', () => {
  it('mints a token that its prompts take with the beta, until it runs out', async () => {
    const { exchange, prompt, clock, sandbox } = await arrangeAnthropic()
    const { status, json } = await exchange()
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        access_token: expect.stringMatching(/^sk-ant-oat01-sandbox-[\w-]+$/),
        token_type: 'Bearer',
        expires_in: 600,
        scope: 'workspace:developer',
      },
    })
    await clock.advance(599_999)
    expect((await prompt(json.access_token)).status).toBe(200)
    await clock.advance(1)
    expect((await prompt(json.access_token)).json).toMatchObject({ error: { type: 'authentication_error' } })
    expect(sandbox.journal[0]).toEqual({
      at: '2026-01-01T00:00:00.000Z',
      method: 'POST',
      path: '/api.anthropic.com/v1/oauth/token',
      dialect: 'anthropic-identity',
      status: 200,
      grantType: 'jwt-bearer',
      token: expect.stringMatching(/^[0-9a-f]{8}$/),
      note: 'granted',
    })
  })

  it('mints nothing that another vendor takes', async () => {
    const { exchange, tell, isTaken } = await arrangeAnthropic()
    const { access_token: token } = (await exchange()).json
    const chat = { headers: bearer(token), json: { model: 'm', messages: [{ role: 'user', content: 'hi' }] } }
    const vendors = ['/v1', '/api.openai.com/v1', '/openrouter.ai/api/v1', '/api.moonshot.ai/v1']
    const told = await Promise.all(vendors.map((base) => tell(`${base}/chat/completions`, chat)))
    expect([...told.map(({ status }) => status), await isTaken(token)]).toEqual([401, 401, 401, 401, false])
  })

  it.each([
    ['twice what the token of the job has left', { lifetimeS: 300 }, 600],
    ['as long as the rule has it, and not longer', { lifetimeS: 3_600 }, 3_600],
    ['as long as the rule has it, at the limit', { lifetimeS: 1_801 }, 3_600],
    ['a minute at least', { lifetimeS: 29 }, 60],
    ['a minute, of a token that has run out within the skew', { claims: { exp: NOW - 29 } }, 60],
  ])('gives a life of %s', async (_, options, lifetimeS) => {
    const { exchange, mint } = await arrangeAnthropic()
    expect((await exchange(mint(options))).json.expires_in).toBe(lifetimeS)
  })

  it('takes each token of a job once, and one without `jti` again and again', async () => {
    const { exchange, mint, sandbox } = await arrangeAnthropic()
    const token = mint()
    expect([(await exchange(token)).status, (await exchange(token)).status]).toEqual([200, 401])
    expect(sandbox.journal[1]).toMatchObject({ note: 'jti was used before', token: sandbox.journal[0]?.token })
    const nameless = mint({ claims: { jti: undefined } })
    expect([(await exchange(nameless)).status, (await exchange(nameless)).status]).toEqual([200, 200])
  })

  it('does not spend a token that it refused', async () => {
    const { exchange, mint } = await arrangeAnthropic()
    const token = mint()
    expect((await exchange(token, { fields: { workspace_id: 'wrkspc_other' } })).status).toBe(401)
    expect((await exchange(token, { fields: { federation_rule_id: 'idpm_sandbox' } })).status).toBe(400)
    expect((await exchange(token)).status).toBe(200)
  })

  it('does without the service account and the workspace', async () => {
    const { exchange, mint } = await arrangeAnthropic()
    expect((await exchange(mint(), { fields: { service_account_id: null, workspace_id: null } })).status).toBe(200)
  })

  it('answers every refusal of a token and an id in the same words', async () => {
    const { ask, mint, sandbox } = await arrangeAnthropic()
    const refusals = [
      askExchange('anthropic', mint({ claims: { sub: 'other' } })),
      askExchange('anthropic', mint({ alg: 'HS256' })),
      askExchange('anthropic', mint(), { fields: { federation_rule_id: 'fdrl_other' } }),
      askExchange('anthropic', mint(), { fields: { organization_id: '5a5db000-0000-4000-8000-000000000009' } }),
      askExchange('anthropic', mint(), { fields: { service_account_id: 'svac_other' } }),
    ]
    const heard = []
    for (const asked of refusals) heard.push(await ask(...asked))
    expect(heard.map(({ status, headers, body }) => [status, headers['request-id'], JSON.parse(body)])).toEqual(
      refusals.map(() => [
        401,
        'req_sandbox',
        { type: 'error', error: { type: 'authentication_error', message: 'Authentication failed' }, request_id: 'req_sandbox' },
      ]),
    )
    expect(sandbox.journal.map(({ note }) => note)).toEqual([
      'sub is not that of the rule',
      'alg HS256 is not taken',
      'federation_rule_id is not known',
      'organization_id is not known',
      'service_account_id is not known',
    ])
  })

  it.each<[string, Changes, string]>([
    ['a form', { body: 'form' }, 'the body is no JSON'],
    [
      'the grant of another vendor',
      { fields: { grant_type: JWT_BEARER.replace('jwt-bearer', 'token-exchange') } },
      'grant_type is not supported',
    ],
    ['no grant', { fields: { grant_type: null } }, 'grant_type is not supported'],
    ['no assertion', { fields: { assertion: null } }, 'assertion is required'],
    ['the field of another vendor', { fields: { assertion: null, subject_token: 'a.b.c' } }, 'assertion is required'],
    ['no rule', { fields: { federation_rule_id: null } }, 'federation_rule_id is required'],
    ['no organization', { fields: { organization_id: '' } }, 'organization_id is required'],
    ['the rule of Codex', { fields: { federation_rule_id: 'idpm_sandbox' } }, 'federation_rule_id is malformed'],
    ['an organization that is no UUID', { fields: { organization_id: 'org-1' } }, 'organization_id is malformed'],
    ['the service account of OpenAI', { fields: { service_account_id: 'user-sandbox' } }, 'service_account_id is malformed'],
    ['a workspace by its name', { fields: { workspace_id: 'Default' } }, 'workspace_id is malformed'],
    ['an assertion of more than 16 KiB', { fields: { assertion: 'a'.repeat(16_385) } }, 'assertion is too long'],
  ])('says what is wrong with %s', async (_, changes, message) => {
    const { exchange, mint, sandbox } = await arrangeAnthropic()
    expect(await exchange(mint(), changes)).toMatchObject({ status: 400, json: { error: { type: 'invalid_request_error', message } } })
    expect(sandbox.journal[0]).toMatchObject({ note: message })
  })

  it('leaves the sign-in of the same vendor alone', async () => {
    const { tell } = await arrangeAnthropic()
    expect((await tell('/platform.claude.com/v1/oauth/token', { json: { grant_type: JWT_BEARER } })).json.error).toBe(
      'unsupported_grant_type',
    )
    expect((await tell('/api.anthropic.com/v1/oauth/token')).status).toBe(404)
  })

  it('fails as it was told, one exchange each', async () => {
    const { exchange, sandbox, mint } = await arrangeAnthropic()
    sandbox.identity.failNext('rate_limit', 'busy', 'html')
    const token = mint()
    const { json } = await exchange(token)
    expect(json).toMatchObject({ error: { type: 'rate_limit_error' } })
    expect((await exchange(token)).json).toMatchObject({ error: { type: 'overloaded_error' } })
    await expect(exchange(token)).rejects.toThrow(/JSON/)
    expect((await exchange(token)).status).toBe(200)
  })
})
