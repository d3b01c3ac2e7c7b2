import { describe, expect, it } from 'vitest'
import { judgeAccount, judgeRefusal, type RefusalRule } from '../../src/protocols/oauth/account-answer.ts'
import { failureOf } from '../support/failure.ts'

const reply = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}) => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  text: typeof body === 'string' ? body : JSON.stringify(body),
})

const COPILOT = { baseUrl: 'endpoints.api', id: 'login', name: 'login', plan: 'copilot_plan' }
const WHOAMI = {
  id: 'chatgpt_account_id',
  name: 'email',
  plan: 'chatgpt_plan_type',
  fedramp: 'chatgpt_account_is_fedramp',
}
const ENTERPRISE = { endpoints: { api: 'https://api.enterprise.githubcopilot.com' } }

describe('what a provider answers about an account', () => {
  it('is the address of the API and the plan (Copilot)', () => {
    expect(judgeAccount(reply({ ...ENTERPRISE, login: 'octo-cat', copilot_plan: 'enterprise', quota: 1 }), COPILOT)).toEqual({
      baseUrl: 'https://api.enterprise.githubcopilot.com',
      id: 'octo-cat',
      name: 'octo-cat',
      plan: 'enterprise',
      fedramp: false,
    })
    expect(judgeAccount(reply(ENTERPRISE), COPILOT)).toEqual({
      baseUrl: 'https://api.enterprise.githubcopilot.com',
      id: null,
      name: null,
      plan: null,
      fedramp: false,
    })
  })

  it('is the account of a token that says nothing itself (Codex)', () => {
    const answer = {
      email: null,
      chatgpt_user_id: 'user-1',
      chatgpt_account_id: 'acct-1',
      chatgpt_plan_type: 'business',
      chatgpt_account_is_fedramp: true,
    }
    expect(judgeAccount(reply(answer), WHOAMI)).toEqual({ baseUrl: null, id: 'acct-1', name: null, plan: 'business', fedramp: true })
  })

  it.each([
    ['HTML', '<html></html>', 'what was answered about the account is not a JSON object'],
    ['nothing', '', 'what was answered about the account is not a JSON object'],
    ['a list', [], 'what was answered about the account is not a JSON object'],
    ['no endpoints', { login: 'a' }, 'what was answered about the account has no `endpoints.api`'],
    ['endpoints that are a text', { endpoints: 'https://api.x' }, 'what was answered about the account has no `endpoints.api`'],
    ['an address that is a number', { endpoints: { api: 7 } }, 'what was answered about the account has no `endpoints.api`'],
    ['an empty address', { endpoints: { api: '' } }, 'what was answered about the account has no `endpoints.api`'],
  ])('is refused where it is %s', async (_, body, what) => {
    expect(await failureOf(() => judgeAccount(reply(body), COPILOT))).toMatchObject({ code: 'CLAW_PROTOCOL', what })
  })

  it.each([
    ['login', 7],
    ['login', 'a\r\nx: y'],
    ['login', 'two words'],
    ['login', 'x'.repeat(129)],
  ])('S-48 has no id where %s is %j', (name, value) => {
    expect(judgeAccount(reply({ ...ENTERPRISE, [name]: value }), COPILOT).id).toBeNull()
  })
})

const RULES: readonly RefusalRule[] = [
  { status: 403, contains: 'no_copilot_access', means: 'no_seat' },
  { status: 403, contains: 'Resource not accessible by integration', means: 'client' },
  { status: 404, means: 'no_seat' },
]

describe('an answer without success', () => {
  const NOT_ACCESSIBLE = { message: 'Resource not accessible by integration' }
  it.each([
    [200, {}, undefined],
    [401, { message: 'Bad credentials' }, { kind: 'dead', shape: 'HTTP 401, application/json' }],
    [403, NOT_ACCESSIBLE, { kind: 'client', shape: 'HTTP 403, application/json' }],
    [
      403,
      { ...NOT_ACCESSIBLE, error_details: { notification_id: 'no_copilot_access' } },
      { kind: 'no_seat', shape: 'HTTP 403, application/json' },
    ],
    [403, { message: 'other' }, { kind: 'refused', status: 403, shape: 'HTTP 403, application/json' }],
    [404, { message: 'Not Found' }, { kind: 'no_seat', shape: 'HTTP 404, application/json' }],
    [404, '', { kind: 'no_seat', shape: 'HTTP 404, application/json, empty' }],
    [404, '<html>', { kind: 'refused', status: 404, shape: 'HTTP 404, application/json' }],
    [403, '<html>Resource not accessible by integration', { kind: 'refused', status: 403, shape: 'HTTP 403, application/json' }],
    [408, '', { kind: 'busy', retryAfterMs: null, shape: 'HTTP 408, application/json, empty' }],
    [429, {}, { kind: 'busy', retryAfterMs: null, shape: 'HTTP 429, application/json' }],
    [503, {}, { kind: 'busy', retryAfterMs: null, shape: 'HTTP 503, application/json' }],
    [500, {}, { kind: 'failed', shape: 'HTTP 500, application/json' }],
    [418, {}, { kind: 'refused', status: 418, shape: 'HTTP 418, application/json' }],
  ])('of %i with %j means %j', (status, body, expected) => {
    expect(judgeRefusal(reply(body, status), RULES)).toEqual(expected)
  })

  it('says how long to wait', () => {
    expect(judgeRefusal(reply({}, 429, { 'retry-after': '7' }), RULES)).toMatchObject({ kind: 'busy', retryAfterMs: 7_000 })
  })
})
