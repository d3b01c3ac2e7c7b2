import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { UndiciHttp } from '../../src/platform/undici-http.ts'
import { requestSecondStep, secondStepFields } from '../../src/protocols/oauth/second-step.ts'
import { exchangeFields, type ExchangeRules, filledTemplate, requestExchange } from '../../src/protocols/oauth/token-exchange.ts'
import { federationOf } from '../support/exchange.ts'
import { failureOf } from '../support/failure.ts'
import { loopbackServer, type Answer, type LoopbackServer } from '../support/loopback-server.ts'
import { subjectOf } from '../support/subject.ts'

const { signal } = new AbortController()
const http = new UndiciHttp({ clock: systemClock(), environment: environmentOf({}) })
const JWT = subjectOf({ alg: 'RS256', kid: 'k' }, { sub: 's' })
const subject = new Secret(JWT, 'subject-token')
let server: LoopbackServer
afterEach(() => server?.close())

/** The whole request that an exchange by these rules puts on the wire. */
async function sent(rules: ExchangeRules, values: Readonly<Record<string, string>>, given: Answer = { body: '{}' }) {
  server = await loopbackServer(() => given)
  const url = `${server.origin}/oauth/token`
  const connection = await http.connect(url, signal)
  const answer = await requestExchange((request) => connection.request(request), url, rules, subject, values, signal)
  const [request] = server.requests
  const { host: _, connection: __, 'content-length': ___, ...headers } = request?.headers ?? {}
  return {
    method: request?.method,
    path: request?.path,
    headers,
    body: request?.body,
    status: answer.status,
    count: server.requests.length,
  }
}

const POSTED = { method: 'POST', path: '/oauth/token', status: 200, count: 1 }
const AGENT = { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'claw/0.0.0-test' }
const FORM = { ...AGENT, 'content-type': 'application/x-www-form-urlencoded' }
const JSON_BODY = { ...AGENT, 'content-type': 'application/json' }

describe('the whole request of a vendor', () => {
  it('Anthropic: RFC 7523 in JSON, with the beta of federation', async () => {
    const ids = { federation_rule_id: 'fdrl_1', organization_id: 'o-1', service_account_id: 'svac_1', workspace_id: 'default' }
    expect(await sent(federationOf('anthropic'), ids)).toEqual({
      ...POSTED,
      headers: { ...JSON_BODY, 'anthropic-beta': 'oauth-2025-04-20,oidc-federation-2026-04-01' },
      body: `{"grant_type":"urn:ietf:params:oauth:grant-type:jwt-bearer","assertion":"${JWT}","federation_rule_id":"fdrl_1","organization_id":"o-1","service_account_id":"svac_1","workspace_id":"default"}`,
    })
  })

  it('OpenAI: RFC 8693 in JSON, the type of the subject token as it is set', async () => {
    const ids = { identity_provider_id: 'idp_1', service_account_id: 'svc_acct_1' }
    const body = (type: string) =>
      `{"grant_type":"urn:ietf:params:oauth:grant-type:token-exchange","subject_token_type":"urn:ietf:params:oauth:token-type:${type}","subject_token":"${JWT}","identity_provider_id":"idp_1","service_account_id":"svc_acct_1"}`
    expect(await sent(federationOf('openai'), ids)).toEqual({ ...POSTED, headers: JSON_BODY, body: body('jwt') })
    await server.close()
    const typed = { ...ids, subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }
    expect(await sent(federationOf('openai'), typed)).toEqual({ ...POSTED, headers: JSON_BODY, body: body('id_token') })
  })

  it('Codex: RFC 7523 in a form', async () => {
    const ids = { federation_rule_id: 'idpm_1', workload_identity_context: '{"instance_id":"i 1"}' }
    expect(await sent(federationOf('openai-codex'), ids)).toEqual({
      ...POSTED,
      headers: FORM,
      body: `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=${JWT}&federation_rule_id=idpm_1&workload_identity_context=%7B%22instance_id%22%3A%22i+1%22%7D`,
    })
  })

  it('OpenRouter: RFC 8693 in a form, and no authorization', async () => {
    const ids = {
      federation_policy_id: '0d1f3c52-1111-4222-8333-444455556666',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'inference',
    }
    expect(await sent(federationOf('openrouter'), ids)).toEqual({
      ...POSTED,
      headers: FORM,
      body: `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt&subject_token=${JWT}&federation_policy_id=0d1f3c52-1111-4222-8333-444455556666&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&scope=inference`,
    })
  })

  it('Google: RFC 8693 in a form, the audience made of the pool', async () => {
    const ids = { pool_provider: 'projects/1/locations/global/workloadIdentityPools/p/providers/q', service_account: 'a@b.example' }
    expect(await sent(federationOf('google-vertex'), ids)).toEqual({
      ...POSTED,
      headers: FORM,
      body: `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&audience=%2F%2Fiam.googleapis.com%2Fprojects%2F1%2Flocations%2Fglobal%2FworkloadIdentityPools%2Fp%2Fproviders%2Fq&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&subject_token=${JWT}&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt`,
    })
  })

  it('Azure: a client assertion in a form', async () => {
    expect(await sent(federationOf('azure-openai'), { tenant_id: 't-1', client_id: 'c-1' })).toEqual({
      ...POSTED,
      headers: FORM,
      body: `client_id=c-1&grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=${JWT}&scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default`,
    })
  })
})

const own: ExchangeRules = {
  tokenBody: 'form',
  grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subjectField: 'subject_token',
  subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
  bodyFields: ['grant_type', 'subject_token', 'subject_token_type', 'audience', 'resource', 'scope', 'requested_token_type', 'x_team'],
  accessMaxS: 0,
  responseRequired: ['access_token'],
  errorMap: {},
}

describe('exchangeFields', () => {
  it('are those of the rules in their order, and nothing that the rules do not name', () => {
    const values = { x_team: 'ci', scope: 'a b', audience: 'https://api.acme.example', resource: '', tenant_id: 'not sent' }
    expect(Object.entries(exchangeFields(own, subject, values))).toEqual([
      ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      ['subject_token', JWT],
      ['subject_token_type', 'urn:ietf:params:oauth:token-type:jwt'],
      ['audience', 'https://api.acme.example'],
      ['scope', 'a b'],
      ['x_team', 'ci'],
    ])
  })

  it('are not beaten by a value where the rules say what stands there', () => {
    const rules = { ...own, fixedFields: { scope: 'fixed' }, fieldTemplates: { audience: 'urn:{x_team}', resource: 'r' } }
    const values = { subject_token: 'other', grant_type: 'password', scope: 'wide', audience: 'other', x_team: 'ci' }
    expect(exchangeFields(rules, subject, values)).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: JWT,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      audience: 'urn:ci',
      resource: 'r',
      scope: 'fixed',
      x_team: 'ci',
    })
  })

  it('have no name of an object that nobody gave', () => {
    const rules = { ...own, bodyFields: ['constructor', 'toString', '__proto__', 'subject_token'], fixedFields: {}, fieldTemplates: {} }
    expect(Object.entries(exchangeFields(rules, subject, {}))).toEqual([['subject_token', JWT]])
  })

  it.each([[{}], [{ pool_provider: '' }]])('miss a value that a template needs: %j', async (values) => {
    expect(await failureOf(() => exchangeFields(federationOf('google-vertex'), subject, values))).toEqual({
      code: 'CLAW_CONFIG_INVALID',
      what: '`pool_provider` is not set, and the exchange of the identity token needs it',
      fix: 'set `pool_provider` of this method in the configuration',
      data: { sent: false },
    })
  })

  it('fill a template with what is encoded for an address', () => {
    expect(filledTemplate('https://login.example/{tenant_id}/token', { tenant_id: '../x?y' }, encodeURIComponent)).toBe(
      'https://login.example/..%2Fx%3Fy/token',
    )
  })
})

describe('requestExchange', () => {
  it('sends the headers of the rules under lower-case names', async () => {
    const { headers } = await sent({ ...own, tokenHeaders: { 'X-Team': 'ci' } }, {})
    expect(headers).toEqual({ ...FORM, 'x-team': 'ci' })
  })

  it('S-27 follows no redirect: the subject token goes to one address only', async () => {
    const given = { status: 307, headers: { location: 'https://elsewhere.example/token' } }
    const { fix: _, ...failure } = await failureOf(() => sent(own, {}, given))
    expect(failure).toEqual({
      code: 'CLAW_REDIRECT',
      what: `\`${server.origin}\` redirects to \`https://elsewhere.example\`, and claw sends no credential after a redirect`,
      why: 'HTTP 307',
      data: { sent: true, status: 307, origin: 'https://elsewhere.example' },
    })
    expect(server.requests).toHaveLength(1)
  })

  it('S-30 reads no answer of more than 256 KiB', async () => {
    expect(await failureOf(() => sent(own, {}, { body: 'x'.repeat(256 * 1024 + 1) }))).toMatchObject({
      code: 'CLAW_PROTOCOL',
      data: { sent: true },
    })
  })

  it('sends nothing that is as long as the vendor does not take it', async () => {
    const empty = (await sent({ ...own, bodyFields: ['x_team'] }, { x_team: 'x' })).body?.length ?? 0
    await server.close()
    const rules = { ...own, bodyFields: ['x_team'], bodyMaxBytes: 32_768 }
    const most = 'x'.repeat(32_768 - empty)
    expect((await sent(rules, { x_team: most })).body?.length).toBe(32_767)
    await server.close()
    expect(await failureOf(() => sent(rules, { x_team: `${most}x` }))).toEqual({
      code: 'CLAW_CONFIG_INVALID',
      what: `the request to \`${server.origin}\` would be longer than it takes`,
      why: '32768 bytes, and it takes less than 32768',
      fix: 'shorten the further fields of this method in the configuration',
      data: { sent: false, limit: { limit: 'exchange.bytes', bytes: 32_768, source: 'built-in' } },
    })
    expect(server.requests).toEqual([])
  })
})

describe('the second step', () => {
  const { secondStep } = federationOf('google-vertex')
  if (!secondStep) throw new Error('no second step')

  it('asks with the first token for that of the account, whole request', async () => {
    server = await loopbackServer(() => ({ body: '{}' }))
    const url = `${server.origin}${new URL(filledTemplate(secondStep.url, { service_account: 'a@b.example' })).pathname}`
    const first = new Secret('CANARY-first-token', 'access-token')
    await requestSecondStep((request) => http.request(request), url, secondStep, first, {}, signal)
    const [request] = server.requests
    const { host: _, connection: __, 'content-length': ___, ...headers } = request?.headers ?? {}
    expect({ ...request, headers }).toEqual({
      method: 'POST',
      path: '/v1/projects/-/serviceAccounts/a@b.example:generateAccessToken',
      headers: { ...JSON_BODY, authorization: 'Bearer CANARY-first-token' },
      body: '{"scope":["https://www.googleapis.com/auth/cloud-platform"],"lifetime":"3600s"}',
    })
  })

  it('sends lists as words in a form, and leaves out what has no value', async () => {
    const step = { ...secondStep, body: 'form', fixedFields: { scope: 'a b' }, fields: ['scope', 'lifetime', 'delegates'] } as const
    expect(secondStepFields(step, { lifetime: '60s', delegates: '' })).toEqual({ scope: ['a', 'b'], lifetime: '60s' })
    server = await loopbackServer(() => ({ body: '{}' }))
    await requestSecondStep((request) => http.request(request), `${server.origin}/x`, step, subject, { lifetime: '60s' }, signal)
    expect(server.requests.map(({ body, headers }) => [headers['content-type'], body])).toEqual([
      ['application/x-www-form-urlencoded', 'scope=a+b&lifetime=60s'],
    ])
  })
})
