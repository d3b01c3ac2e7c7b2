import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/core/secret.ts'
import { errorOfBody } from '../../../src/protocols/prompt/error-body.ts'
import type { ErrorKind } from '../../../src/protocols/prompt/error-kind.ts'
import { judgeError } from '../../../src/protocols/prompt/error-signals.ts'
import { providerError, type ErrorContext } from '../../../src/protocols/prompt/provider-error.ts'
import { wireProtocol } from '../../../src/protocols/prompt/wire-protocol.ts'
import { bytesOf, contextOf, outcomeOf, responseOf, START_AT } from './recorded.ts'

const json = JSON.stringify
const failure = (status: number, text: string, headers: Readonly<Record<string, string>> = {}, rules: Partial<ErrorContext> = {}) => {
  const { code, message, why, fix, data } = providerError({ status, headers, text }, { route: 'acme', now: START_AT, ...rules })
  return { code, message, why, fix, data }
}

describe('the body of an error', () => {
  it.each<[who: string, status: number | undefined, body: string, message: string, codes: string[]]>([
    [
      'Anthropic',
      400,
      json({ type: 'error', error: { type: 'invalid_request_error', message: 'bad', details: { error_code: 'spend' } }, request_id: 'r' }),
      'bad',
      ['spend', 'invalid_request_error'],
    ],
    [
      'OpenAI',
      400,
      json({ error: { message: 'bad', type: 'invalid_request_error', param: 'x', code: 'unsupported_value' } }),
      'bad',
      ['unsupported_value', 'invalid_request_error'],
    ],
    [
      'OpenAI without a code',
      400,
      json({ error: { message: 'bad', type: 'invalid_request_error', param: null, code: null } }),
      'bad',
      ['invalid_request_error'],
    ],
    [
      'OpenRouter',
      502,
      json({
        error: {
          code: 502,
          message: 'Provider returned error',
          metadata: { raw: '{"error":{"message":"inner","code":"slow_down"}}', provider_name: 'p' },
        },
      }),
      'Provider returned error: inner',
      ['slow_down'],
    ],
    [
      'OpenRouter, raw text',
      502,
      json({ error: { code: 502, message: 'Provider returned error', metadata: { raw: 'plain words' } } }),
      'Provider returned error: plain words',
      [],
    ],
    ['Z.AI', 429, json({ error: { code: '1113', message: 'no balance' } }), 'no balance', ['1113']],
    [
      'xAI',
      400,
      json({ code: 'invalid-argument', error: 'Incorrect API key provided' }),
      'Incorrect API key provided',
      ['invalid-argument'],
    ],
    ['Codex, Mistral', 401, json({ detail: 'Unauthorized' }), 'Unauthorized', []],
    ['detail as an object', 403, json({ detail: { message: 'no', code: 'x' } }), 'no', ['x']],
    [
      'FastAPI',
      422,
      json({ detail: [{ msg: 'field required', loc: ['body', 'model'] }, { msg: 'bad' }] }),
      'body.model: field required; bad',
      [],
    ],
    ['Alibaba', 429, json({ code: 'Throttling.AllocationQuota', message: 'spent' }), 'spent', ['Throttling.AllocationQuota']],
    ['a gateway', 500, json({ msg: 'oh' }), 'oh', []],
    ['vLLM', 400, json({ object: 'error', message: 'too long', type: 'BadRequestError', code: 400 }), 'too long', ['BadRequestError']],
    ['Google', 400, json([{ error: { code: 400, message: 'bad', status: 'INVALID_ARGUMENT' } }]), 'bad', ['INVALID_ARGUMENT']],
    ['HTML', 502, '<!DOCTYPE html><html><head><title> 502 Bad\nGateway </title></head><body>secret</body></html>', '502 Bad\nGateway', []],
    ['HTML without a title', 502, '<html><body>hidden</body></html>', '', []],
    ['one line of text', 502, 'upstream connect error', 'upstream connect error', []],
    ['text that is a document', 502, 'line one\nline two', '', []],
    ['a long text', 502, 'x'.repeat(301), '', []],
    ['broken JSON', 502, '{"error":{"message":"cut', '', []],
    ['nothing', 400, '', '', []],
    ['a number', 400, '7', '7', []],
  ])('of %s is read', (_, status, body, message, codes) => {
    const error = errorOfBody(body, status)
    expect({ message: error.message, codes: error.codes, status: error.status }).toEqual({ message, codes, status })
  })

  it('of MiniMax is read, in its own shape and at the end of a message of the Anthropic style', () => {
    expect(errorOfBody(json({ base_resp: { status_code: 1004, status_msg: 'login fail' } }), undefined)).toMatchObject({
      message: 'login fail',
      miniMaxCode: '1004',
    })
    expect(errorOfBody(json({ type: 'error', error: { type: 'rate_limit_error', message: 'used up (2056)' } }), 429)).toMatchObject({
      miniMaxCode: '2056',
    })
    expect(errorOfBody(json({ error: { message: 'most tokens (2056)' } }), 429)).toMatchObject({ miniMaxCode: undefined })
  })

  it.each([
    [{ error: { message: 'm', status_code: 400, code: 'x' } }, 400],
    [{ error: { message: 'm', code: 503 } }, 503],
    [{ error: { message: 'm', code: '429' } }, 429],
    [{ error: { message: 'm', code: 1302 } }, undefined],
    [{ error: { message: 'm', code: '1302' } }, undefined],
  ])('gives the status that the response does not have: %j', (body, status) => {
    expect(errorOfBody(json(body), undefined).status).toBe(status)
  })
})

describe('the kind of an error', () => {
  const openai = (code: string | null, message = 'm', type = 'some_error') => json({ error: { message, type, code } })
  const anthropic = (type: string, message = 'm', details?: object) =>
    json({ type: 'error', error: { type, message, ...(details && { details }) } })
  const miniMax = (code: number, message = 'm') => json({ base_resp: { status_code: code, status_msg: message } })

  it.each<[kind: ErrorKind, status: number | undefined, body: string]>([
    ['auth', 401, ''],
    ['auth', 401, anthropic('authentication_error', 'invalid x-api-key')],
    ['auth', 401, openai('invalid_api_key')],
    ['auth', 401, json({ error: { type: 'invalid_authentication_error', message: 'Invalid Authentication' } })],
    ['auth', 401, json({ error: { type: 'incorrect_api_key_error', message: 'm' } })],
    ['auth', undefined, openai('token_expired')],
    ['auth', 400, json({ code: 'invalid-argument', error: 'Incorrect API key provided: xx' })],
    ['auth', undefined, miniMax(1004)],
    ['auth', undefined, miniMax(2049)],
    ['auth', 429, openai('1001')],
    ['forbidden', 403, ''],
    ['forbidden', 403, '<html><title>Attention Required! | Cloudflare</title></html>'],
    ['forbidden', undefined, anthropic('permission_error')],
    ['forbidden', 403, openai('unsupported_country_region_territory')],
    ['forbidden', 400, openai('model_not_allowed')],
    ['forbidden', 429, openai('1311')],
    ['forbidden', 429, openai('1313')],
    ['forbidden', 429, openai('1315')],
    ['forbidden', undefined, miniMax(2061)],
    [
      'client_not_allowed',
      403,
      anthropic('access_terminated_error', 'Kimi For Coding is currently only available for Coding Agents such as …'),
    ],
    ['client_not_allowed', 400, anthropic('invalid_request_error', 'This credential is only authorized for use with Claude Code')],
    ['terminated', 403, anthropic('access_terminated_error', 'Access terminated for a breach')],
    ['quota', 402, ''],
    ['quota', 429, openai('insufficient_quota')],
    ['quota', 429, json({ error: { type: 'exceeded_current_quota_error', message: 'm' } })],
    ['quota', 404, openai(null, 'm', 'usage_limit_reached')],
    ['quota', undefined, openai('usage_not_included')],
    ['quota', 402, anthropic('billing_error')],
    ['quota', 400, anthropic('invalid_request_error', 'Your credit balance is too low to access the API')],
    ['quota', 402, openai(null, 'Insufficient Balance')],
    ['quota', 403, anthropic('invalid_request_error', "You've reached your usage limit for this billing cycle")],
    ['quota', 429, json({ code: 'Throttling.AllocationQuota', message: 'm' })],
    ['quota', 403, json({ error: 'Your team has no credits', code: 'x' })],
    ['quota', 400, openai('Arrearage')],
    ['quota', 429, anthropic('rate_limit_error', 'm', { error_code: 'enforced_spend_limit_reached' })],
    ['quota', 429, anthropic('rate_limit_error', 'm', { error_code: 'contract_spend_limit_reached' })],
    ['quota', 403, anthropic('permission_error', 'm', { error_code: 'organization_on_hold' })],
    ...['1113', '1308', '1309', '1310', '1314', '1316', '1317', '1318', '1319', '1320', '1321'].map((code): [ErrorKind, number, string] => [
      'quota',
      429,
      openai(code),
    ]),
    ...[1008, 1028, 1030, 2056].map((code): [ErrorKind, undefined, string] => ['quota', undefined, miniMax(code)]),
    ['quota', 429, anthropic('rate_limit_error', 'plan used up (2056)')],
    ['rate_limit', 429, ''],
    ['rate_limit', 429, openai(null, 'Rate limit reached. Add a payment method: https://example.com/account/billing')],
    ['rate_limit', undefined, anthropic('rate_limit_error')],
    ['rate_limit', undefined, openai('rate_limit_exceeded')],
    ['rate_limit', 429, json({ error: { type: 'rate_limit_reached_error', message: 'm' } })],
    ['rate_limit', 429, openai('RateLimitReached', 'ask for a quota increase')],
    ['rate_limit', 429, json([{ error: { code: 429, message: 'You exceeded your current quota', status: 'RESOURCE_EXHAUSTED' } }])],
    ['rate_limit', 429, openai('1302')],
    ['rate_limit', 429, openai('1303')],
    ...[1002, 1041, 2045].map((code): [ErrorKind, undefined, string] => ['rate_limit', undefined, miniMax(code)]),
    ['overloaded', 529, ''],
    ['overloaded', 503, openai(null, 'Loading model')],
    ['overloaded', undefined, anthropic('overloaded_error')],
    ['overloaded', 429, json({ error: { type: 'engine_overloaded_error', message: 'm' } })],
    ['overloaded', 429, anthropic('rate_limit_error', 'The engine is currently overloaded, please try again later')],
    ['overloaded', undefined, openai('server_is_overloaded')],
    ['overloaded', 503, openai('slow_down')],
    ['overloaded', 400, openai(null, 'Selected model is at capacity')],
    ['overloaded', undefined, json({ code: 'The service is currently unavailable', error: 'Timed out waiting for first token' })],
    ['overloaded', 429, openai('1305')],
    ['overloaded', 529, anthropic('overloaded_error', 'busy (2064)')],
    ['context_overflow', 400, openai('context_length_exceeded')],
    ['context_overflow', undefined, openai('context_too_large')],
    ['context_overflow', 400, openai('1261')],
    ['context_overflow', undefined, miniMax(1039)],
    ['content_filter', 400, openai('content_filter')],
    ['content_filter', 400, openai('content_policy_violation')],
    ['content_filter', undefined, openai('cyber_policy')],
    ['content_filter', undefined, openai('bio_policy')],
    ['content_filter', 400, anthropic('invalid_request_error', 'The request was rejected because it was considered high risk')],
    ['content_filter', 400, openai('data_inspection_failed')],
    ['content_filter', 400, openai('1301')],
    ['content_filter', 403, json({ error: { code: 403, message: 'flagged', metadata: { reasons: ['violence'] } } })],
    ['content_filter', 422, miniMax(1026)],
    ['content_filter', undefined, miniMax(1027)],
    ['not_found', 404, ''],
    ['not_found', 404, anthropic('not_found_error', 'model: x')],
    ['not_found', 400, openai('model_not_found')],
    ['not_found', 400, openai('1211')],
    ['not_found', 404, openai('DeploymentNotFound')],
    ['not_found', undefined, anthropic('not_found_error')],
    ['invalid_request', 400, ''],
    ['invalid_request', 400, openai('unsupported_parameter', 'the balance of this sentence')],
    ['invalid_request', 413, anthropic('request_too_large')],
    ['invalid_request', 422, json({ detail: [{ msg: 'm', loc: [] }] })],
    ['invalid_request', undefined, anthropic('invalid_request_error')],
    ['invalid_request', undefined, miniMax(2013, 'invalid params')],
    ['context_overflow', undefined, miniMax(2013, 'invalid params, context window exceeds limit')],
    ...['1210', '1212', '1213', '1214', '1215'].map((code): [ErrorKind, number, string] => ['invalid_request', 400, openai(code)]),
    ['server', 500, ''],
    ['server', 502, '<html></html>'],
    ['server', 504, anthropic('timeout_error')],
    ['server', 408, ''],
    ['server', 409, anthropic('conflict_error')],
    ['server', undefined, anthropic('api_error')],
    ['server', undefined, openai('server_error')],
    ['server', undefined, openai('nobody_knows')],
    ...[1000, 1024, 1033].map((code): [ErrorKind, undefined, string] => ['server', undefined, miniMax(code)]),
  ])('is %s for status %s and %s', (kind, status, body) => {
    expect(judgeError(errorOfBody(body, status), {})).toEqual({ kind, hint: undefined })
  })

  it.each([
    'prompt is too long: 210000 tokens > 200000 maximum',
    'Input is too long for requested model',
    'Your input exceeds the context window of this model',
    'The input token count (9) exceeds the maximum number of tokens',
    "This model's maximum prompt length is 8 but the request contains 9 tokens",
    'Please reduce the length of the messages',
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
    'prompt token count of 9 exceeds the limit of 8',
    'the request exceeds the available context size',
    'tokens to keep is greater than the context length',
    'invalid params, context window exceeds limit',
    'Your request exceeded model token limit: 8 (requested: 9)',
    'total message size 3000000 exceeds limit 2097152',
    'Prompt is too large for model with 8 maximum context length',
    'model_context_window_exceeded',
    'context length exceeded',
    'prompt too long; exceeded max context length by 9 tokens',
    'messages is too long',
    'too_many_prompt_tokens',
    'too many tokens',
    'token limit exceeded',
  ])('is an overflow with 400, 413, 422 or inside a stream, and with no other status: %s', (message) => {
    const kinds = [400, 413, 422, undefined, 500].map((status) => judgeError(errorOfBody(openai('some_code', message), status), {}).kind)
    expect(kinds).toEqual(['context_overflow', 'context_overflow', 'context_overflow', 'context_overflow', 'server'])
  })

  it('is looked up in the catalogue first, in order, with what it says', () => {
    const errorRules = [
      { status: [403], contains: 'USAGE LIMIT', kind: 'quota', hint: 'wait for the window' },
      { status: [403], codes: ['special'], kind: 'terminated' },
      { status: [403], kind: 'forbidden', hint: 'ask the vendor' },
    ] as const
    const judge = (status: number | undefined, body: string) => judgeError(errorOfBody(body, status), { errorRules })
    expect(judge(403, openai('x', 'your usage limit is reached'))).toEqual({ kind: 'quota', hint: 'wait for the window' })
    expect(judge(403, openai('special'))).toEqual({ kind: 'terminated', hint: undefined })
    expect(judge(403, openai('insufficient_quota'))).toEqual({ kind: 'forbidden', hint: 'ask the vendor' })
    expect(judge(401, openai('special'))).toEqual({ kind: 'auth', hint: undefined })
    expect(judge(undefined, openai('special'))).toEqual({ kind: 'terminated', hint: undefined })
    expect(judge(undefined, openai('x'))).toEqual({ kind: 'server', hint: undefined })
  })

  it('is the vendor gate by the words of the entry', () => {
    const rules = { clientNotAllowed: { status: 403, type: 'gate_error', contains: 'agents only' }, clientNotAllowedFix: 'set `protocol`' }
    expect(judgeError(errorOfBody(json({ error: { type: 'gate_error', message: 'Agents only!' } }), 403), rules)).toEqual({
      kind: 'client_not_allowed',
      hint: 'set `protocol`',
    })
    expect(judgeError(errorOfBody(json({ error: { type: 'other', message: 'Agents only!' } }), 403), rules)).toEqual({
      kind: 'forbidden',
      hint: undefined,
    })
  })
})

describe('the error itself', () => {
  it('has a code of its own for every kind', () => {
    const kinds: ErrorKind[] = [
      'auth',
      'forbidden',
      'client_not_allowed',
      'terminated',
      'quota',
      'rate_limit',
      'overloaded',
      'context_overflow',
      'content_filter',
      'not_found',
      'invalid_request',
      'server',
    ]
    expect(kinds.map((kind) => failure(418, '', {}, { errorRules: [{ kind }] }).code)).toEqual([
      'CLAW_CREDENTIAL_REJECTED',
      'CLAW_FORBIDDEN',
      'CLAW_CLIENT_NOT_ALLOWED',
      'CLAW_TERMINATED',
      'CLAW_QUOTA',
      'CLAW_RATE_LIMIT',
      'CLAW_OVERLOADED',
      'CLAW_CONTEXT_OVERFLOW',
      'CLAW_CONTENT_FILTER',
      'CLAW_MODEL_UNKNOWN',
      'CLAW_INVALID_REQUEST',
      'CLAW_SERVER',
    ])
  })

  it('holds the evidence, the time and the id of the request', () => {
    expect(failure(429, openaiLimit, { 'retry-after': '30', 'x-request-id': 'req_1', 'x-should-retry': 'true', 'cf-ray': 'ray' })).toEqual({
      code: 'CLAW_RATE_LIMIT',
      message: '`acme` gets more requests than it allows',
      why: 'HTTP 429 rate_limit_exceeded: slow',
      fix: undefined,
      data: { kind: 'rate_limit', status: 429, retryAt: '2026-01-01T00:00:30.000Z', requestId: 'req_1', shouldRetry: true },
    })
  })

  it('says a quota with a known reset by another code', () => {
    const body = json({ error: { type: 'usage_limit_reached', message: 'm', resets_in_seconds: 3600 } })
    expect(failure(429, body)).toMatchObject({
      code: 'CLAW_QUOTA_RESETS',
      data: { kind: 'quota', status: 429, retryAt: '2026-01-01T01:00:00.000Z' },
    })
  })

  it('takes a 429 of a subscription that has reached its cap for a quota', () => {
    const headers = {
      'retry-after': '10',
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': String(START_AT / 1000 + 7200),
    }
    const body = json({ type: 'error', error: { type: 'rate_limit_error', message: "would exceed your account's rate limit" } })
    expect(failure(429, body, headers)).toMatchObject({
      code: 'CLAW_QUOTA_RESETS',
      data: { kind: 'quota', status: 429, retryAt: '2026-01-01T02:00:00.000Z' },
    })
    expect(failure(429, body, { ...headers, 'anthropic-ratelimit-unified-status': 'allowed' })).toMatchObject({
      code: 'CLAW_RATE_LIMIT',
      data: { retryAt: '2026-01-01T00:00:10.000Z' },
    })
  })

  it('names the command that looks at a rejected credential', () => {
    expect(failure(401, '')).toEqual({
      code: 'CLAW_CREDENTIAL_REJECTED',
      message: '`acme` rejects the credential',
      why: 'HTTP 401',
      fix: 'claw doctor --provider acme',
      data: { kind: 'auth', status: 401 },
    })
  })

  it('S-64 S-67 shows the words of the provider on one line, cut and escaped', () => {
    const { why } = failure(
      500,
      json({ error: { message: `\u001b]0;title\u0007 line\r\nnext \u202e${'x'.repeat(400)}`, code: 'a b\u001b' } }),
    )
    expect(why).toBe(
      `HTTP 500: \\x1b]0;title\\x07 line\\x0d next \\u{202e}${'x'.repeat(300 - 'x1b]0;title\\x07 line\\x0d next \\u{202e}'.length - 2)}…`,
    )
  })

  it('S-53 S-67 strikes a credential that the provider repeats, wherever it stands', () => {
    const canary = new Secret('canary-7f3a91c2-value', 'api-key')
    const value = canary.reveal()
    const bodies = [
      json({ error: { message: `Incorrect API key provided: ${value}`, code: value, type: value } }),
      json({ error: `bad key ${value}`, code: value }),
      json({ detail: [{ msg: value, loc: [value] }] }),
      json({ base_resp: { status_code: 1004, status_msg: encodeURIComponent(value) } }),
      `<title>${value}</title>`,
      `no such key ${value}`,
      json({ error: { message: `${'x'.repeat(290)}${value}` } }),
      json({ error: { message: Buffer.from(value).toString('base64') } }),
    ]
    for (const body of bodies) {
      const error = failure(401, body, { 'x-request-id': value })
      expect(json(error)).not.toContain('canary')
      expect(json(error)).not.toContain(Buffer.from(value).toString('base64').slice(0, 20))
      expect(json(error)).not.toContain('7f3a91c2')
    }
  })

  it('S-30 reads 64 KiB of an error at the most, and no part of a body that is none', async () => {
    async function* endless() {
      for (;;) yield bytesOf('x'.repeat(16 * 1024))
    }
    const response = responseOf(endless(), { status: 500, headers: {} })
    expect(await outcomeOf(wireProtocol('openai-chat').readStream(response, contextOf()))).toEqual({
      events: [],
      failure: { code: 'CLAW_SERVER', what: '`acme` failed', why: 'HTTP 500', data: { kind: 'server', status: 500 } },
    })
    expect(response.left).toEqual({ discarded: true, read: 5 })
  })
})

const openaiLimit = json({ error: { message: 'slow', type: 'requests', code: 'rate_limit_exceeded' } })
