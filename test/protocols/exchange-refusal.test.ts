import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { type ExchangeAnswerRules, judgeExchange } from '../../src/protocols/oauth/exchange-answer.ts'
import { answer } from '../support/answer.ts'
import { federationOf, wholeVerdict } from '../support/exchange.ts'
import { subjectOf } from '../support/subject.ts'

const NOW = Date.UTC(2026, 9, 1)
const at = { url: 'https://auth.vendor.example/oauth/token?x=1', now: NOW }
const HTML = { 'content-type': 'text/html; charset=utf-8' }
const judge = (rules: ExchangeAnswerRules, ...given: Parameters<typeof answer>) => wholeVerdict(judgeExchange(answer(...given), rules, at))

const own: ExchangeAnswerRules = { accessMaxS: 0, responseRequired: ['access_token'], errorMap: {} }

const RULE = "compare `iss`, `aud` and `sub` of the identity token with the vendor's rule"
const IDS = 'check the ids of this method in the configuration'
const ALLOW = 'allow it at the vendor, for the account that the identity token is exchanged for'
const CONSOLE = federationOf('anthropic').refusedHint

describe('an answer that refuses', () => {
  const shapes = {
    refused: ['CLAW_CREDENTIAL_REJECTED', '`https://auth.vendor.example` refused the identity token', RULE],
    config: ['CLAW_CONFIG_INVALID', '`https://auth.vendor.example` did not understand the exchange', IDS],
    forbidden: ['CLAW_FORBIDDEN', '`https://auth.vendor.example` does not allow the exchange', ALLOW],
  } as const
  const nested = (type: string, message: string) => ({ type: 'error', error: { type, message } })
  type Row = [string, string | ExchangeAnswerRules, Parameters<typeof answer>, keyof typeof shapes, string | null, string]

  it.each<Row>([
    [
      'Anthropic, a bad id',
      'anthropic',
      [400, nested('invalid_request_error', 'federation_rule_id: bad')],
      'config',
      'invalid_request_error',
      'HTTP 400, `invalid_request_error`; federation_rule_id: bad',
    ],
    [
      'Anthropic, every refusal',
      'anthropic',
      [401, nested('authentication_error', 'Authentication failed')],
      'refused',
      'authentication_error',
      'HTTP 401, `authentication_error`; Authentication failed',
    ],
    ['Anthropic, a 401 of another kind', 'anthropic', [401, nested('x_error', 'x')], 'refused', 'x_error', 'HTTP 401, `x_error`; x'],
    [
      'Anthropic, beyond what the rule allows',
      'anthropic',
      [403, nested('permission_error', 'no')],
      'forbidden',
      'permission_error',
      'HTTP 403, `permission_error`; no',
    ],
    [
      'OpenAI, in the words of OAuth',
      'openai',
      [400, { error: 'invalid_grant', error_description: 'bad subject' }],
      'refused',
      'invalid_grant',
      'HTTP 400, `invalid_grant`; bad subject',
    ],
    [
      'OpenAI, an object',
      'openai',
      [400, { error: { code: 'invalid_subject_token', message: 'no mapping', type: 'x' } }],
      'refused',
      'invalid_subject_token',
      'HTTP 400, `invalid_subject_token`; no mapping',
    ],
    [
      'OpenAI, an object whose code is null',
      'openai',
      [403, { error: { code: null, type: 'forbidden', message: 'off' } }],
      'refused',
      'forbidden',
      'HTTP 403, `forbidden`; off',
    ],
    ['Codex, a bad context', 'openai-codex', [400, { error: 'invalid_grant' }], 'refused', 'invalid_grant', 'HTTP 400, `invalid_grant`'],
    [
      'OpenRouter, a fault of the token or policy',
      'openrouter',
      [400, { error: 'invalid_grant', error_description: 'x' }],
      'refused',
      'invalid_grant',
      'HTTP 400, `invalid_grant`; x',
    ],
    [
      'OpenRouter, a fault of the request',
      'openrouter',
      [400, { error: 'invalid_request' }],
      'config',
      'invalid_request',
      'HTTP 400, `invalid_request`',
    ],
    [
      'OpenRouter, another grant',
      'openrouter',
      [400, { error: 'unsupported_grant_type' }],
      'config',
      'unsupported_grant_type',
      'HTTP 400, `unsupported_grant_type`',
    ],
    ['OpenRouter, another scope', 'openrouter', [400, { error: 'invalid_scope' }], 'config', 'invalid_scope', 'HTTP 400, `invalid_scope`'],
    ['OpenRouter, too long', 'openrouter', [413, '', {}], 'config', null, 'HTTP 413, empty'],
    [
      'Google, the audience',
      'google-vertex',
      [400, { error: 'invalid_target', error_description: 'The target service is wrong' }],
      'refused',
      'invalid_target',
      'HTTP 400, `invalid_target`; The target service is wrong',
    ],
    [
      'Google, the permission',
      'google-vertex',
      [403, { error: { code: 403, message: 'Permission denied', status: 'PERMISSION_DENIED' } }],
      'forbidden',
      'PERMISSION_DENIED',
      'HTTP 403, `PERMISSION_DENIED`; Permission denied',
    ],
    [
      'Azure, with its number',
      'azure-openai',
      [
        400,
        {
          error: 'invalid_request',
          error_description: 'AADSTS700211: No matching federated identity record found',
          error_codes: [700_211],
        },
      ],
      'refused',
      'invalid_request',
      'HTTP 400, `invalid_request`; AADSTS700211: No matching federated identity record found',
    ],
    [
      'Azure, with its number alone',
      'azure-openai',
      [401, { error: 'invalid_client', error_codes: [700_213, 'x', 70_021] }],
      'refused',
      'invalid_client',
      'HTTP 401, `invalid_client`; error_codes 700213, 70021',
    ],
    ['an error with a status of success', own, [200, { error: 'invalid_grant' }], 'refused', 'invalid_grant', 'HTTP 200, `invalid_grant`'],
    [
      'an error with a status of success, as the table has it',
      'openrouter',
      [200, { error: 'invalid_scope' }],
      'config',
      'invalid_scope',
      'HTTP 200, `invalid_scope`',
    ],
    ['a code without an object', own, [401, { code: 'denied', message: 'x' }], 'refused', 'denied', 'HTTP 401, `denied`; x'],
    [
      'a type without an object',
      { ...own, errorMap: { '422 bad_rule': 'config' } },
      [422, { type: 'bad_rule' }],
      'config',
      'bad_rule',
      'HTTP 422, `bad_rule`',
    ],
    [
      'a code that the table has, behind one that it has not',
      { ...own, errorMap: { '400 y': 'forbidden' } },
      [400, { error: { code: 'x', type: 'y' } }],
      'forbidden',
      'y',
      'HTTP 400, `y`',
    ],
    [
      'a status that the table has, before its class',
      { ...own, errorMap: { '4xx': 'forbidden', '404': 'config' } },
      [404, {}],
      'config',
      null,
      'HTTP 404, application/json',
    ],
    [
      'a class of statuses',
      { ...own, errorMap: { '4xx': 'forbidden', '404': 'config' } },
      [410, {}],
      'forbidden',
      null,
      'HTTP 410, application/json',
    ],
    ['a class that nobody knows', { ...own, errorMap: { '401': 'sideways' } }, [401, {}], 'refused', null, 'HTTP 401, application/json'],
    ['a row that nobody wrote', own, [400, { error: 'constructor' }], 'refused', 'constructor', 'HTTP 400, `constructor`'],
    ['no body', own, [401, ''], 'refused', null, 'HTTP 401, empty'],
    ['a text', own, [400, 'no'], 'refused', null, 'HTTP 400'],
    ['a status that nobody has', own, [418, { error: 'teapot' }], 'refused', 'teapot', 'HTTP 418, `teapot`'],
    [
      'a word that drives a terminal',
      own,
      [400, { error: '\u001b[2J', error_description: 'a\u202e\nb' }],
      'refused',
      null,
      'HTTP 400, application/json; a\\u{202e} b',
    ],
    [
      'words without an end',
      own,
      [400, { error: 'x', error_description: 'y '.repeat(1_000) }],
      'refused',
      'x',
      `HTTP 400, \`x\`; ${'y '.repeat(149)}y…`,
    ],
  ])('%s', (_name, from, given, kind, error, why) => {
    const rules = typeof from === 'string' ? federationOf(from) : from
    const [code, what, fix] = shapes[kind]
    expect(judge(rules, ...given)).toEqual({
      kind,
      error: {
        code,
        what,
        why,
        fix: kind === 'refused' ? (rules.refusedHint ?? fix) : fix,
        data: { status: given[0], error, requestId: null },
      },
    })
  })

  it('names where the vendor tells the reason, and the number of the request', () => {
    const given = answer(401, nested('authentication_error', 'Authentication failed'), { 'request-id': 'req_1', 'x-request-id': 'x' })
    expect(wholeVerdict(judgeExchange(given, federationOf('anthropic'), at))).toEqual({
      kind: 'refused',
      error: {
        code: 'CLAW_CREDENTIAL_REJECTED',
        what: '`https://auth.vendor.example` refused the identity token',
        why: 'HTTP 401, `authentication_error`; Authentication failed; request req_1',
        fix: CONSOLE,
        data: { status: 401, error: 'authentication_error', requestId: 'req_1' },
      },
    })
    expect(CONSOLE).toMatch(/^Claude Console > Settings > Workload identity > history/)
  })

  it.each([
    ['x-request-id', 'r-2'],
    ['x-ms-request-id', 'r-3'],
  ])('takes the number of the request from %s', (name, id) => {
    expect(judge(own, 401, {}, { [name]: id })).toMatchObject({
      error: { why: `HTTP 401, application/json; request ${id}`, data: { requestId: id } },
    })
  })

  it('S-54 shows no token that the server sends back, whole, in part or cut', () => {
    const jwt = subjectOf({ alg: 'RS256', kid: 'key-1' }, { sub: 'x'.repeat(300) }, 'C'.repeat(342))
    const subject = new Secret(jwt, 'subject-token')
    const [head = '', payload = '', signature = ''] = jwt.split('.')
    const said = [
      jwt,
      `${'w '.repeat(120)}${jwt}`,
      payload,
      signature,
      `${head}.${payload}`,
      encodeURIComponent(`a=${jwt}`),
      subject.reveal().slice(0, 280),
    ]
    for (const echo of said) {
      const places: Parameters<typeof answer>[] = [
        [400, { error: 'invalid_grant', error_description: `bad token ${echo}` }],
        [401, { error: echo.slice(0, 120) }],
        [401, {}, { 'request-id': echo }],
      ]
      for (const place of places) {
        const verdict = JSON.stringify(judge(own, ...place))
        expect([payload, signature].filter((part) => verdict.includes(part.slice(0, 48)))).toEqual([])
        expect(verdict).not.toContain(jwt.slice(0, 48))
      }
    }
  })
})

describe('R-21 an answer that does not say', () => {
  const notProcessed = (code: string, what: string, why: string, status: number, waitMs: number | null, error: string | null = null) => ({
    kind: 'not_processed',
    retryAfterMs: waitMs,
    error: {
      code,
      what: `\`https://auth.vendor.example\` ${what}`,
      why,
      data: { status, error, requestId: null, ...(waitMs !== null && { retryAfterMs: waitMs }) },
    },
  })
  const LIMIT = ['CLAW_RATE_LIMIT', 'limits how often it may be asked'] as const
  const BUSY = ['CLAW_OVERLOADED', 'did not process the exchange'] as const
  const lost = (status: number, why: string, error: string | null = null) => ({
    kind: 'lost',
    error: { code: 'CLAW_SERVER', what: '`https://auth.vendor.example` failed', why, data: { status, error, requestId: null, sent: true } },
  })
  const rows: [string, Parameters<typeof answer>, object][] = [
    ['429', [429, {}], notProcessed(...LIMIT, 'HTTP 429, application/json', 429, null)],
    [
      '429 with a wait',
      [429, { error: 'slow_down' }, { 'retry-after': '7' }],
      notProcessed(...LIMIT, 'HTTP 429, `slow_down`', 429, 7_000, 'slow_down'),
    ],
    [
      '429 with a date',
      [429, '', { 'retry-after': new Date(NOW + 9_000).toUTCString() }],
      notProcessed(...LIMIT, 'HTTP 429, empty', 429, 9_000),
    ],
    ['429 with a wait of a day', [429, '', { 'retry-after': '86400' }], notProcessed(...LIMIT, 'HTTP 429, empty', 429, 60_000)],
    ['429 with a wait that is none', [429, '', { 'retry-after': 'later' }], notProcessed(...LIMIT, 'HTTP 429, empty', 429, null)],
    ['429 as a page', [429, '<html>', HTML], notProcessed(...LIMIT, 'HTTP 429, text/html', 429, null)],
    [
      '503',
      [503, { error: 'temporarily_unavailable' }],
      notProcessed(...BUSY, 'HTTP 503, `temporarily_unavailable`', 503, null, 'temporarily_unavailable'),
    ],
    ['503 with a wait', [503, '<html>', { ...HTML, 'retry-after': '0' }], notProcessed(...BUSY, 'HTTP 503, text/html', 503, 0)],
    ['500', [500, { error: 'server_error' }], lost(500, 'HTTP 500, `server_error`', 'server_error')],
    ['502 as a page', [502, '<html>', HTML], lost(502, 'HTTP 502, text/html')],
    ['504', [504, ''], lost(504, 'HTTP 504, empty')],
    ['529', [529, ''], lost(529, 'HTTP 529, empty')],
    ['408', [408, '<html>', HTML], lost(408, 'HTTP 408, text/html')],
  ]

  it.each(rows)('%s, at every vendor and at a server of its own', (_name, given, expected) => {
    const all = [own, ...['anthropic', 'openai', 'openai-codex', 'openrouter', 'google-vertex', 'azure-openai'].map(federationOf)]
    for (const rules of all) expect(judge(rules, ...given)).toEqual(expected)
  })

  it('may be told in other words by a table', () => {
    const rules = { ...own, errorMap: { '400 slow_down': 'rate_limit', '400 busy': 'transient', '503': 'forbidden', '429 no': 'refused' } }
    expect([
      judge(rules, 400, { error: 'slow_down' }).kind,
      judge(rules, 400, { error: 'busy' }).kind,
      judge(rules, 503, {}).kind,
      judge(rules, 429, { error: 'no' }).kind,
    ]).toEqual(['not_processed', 'lost', 'forbidden', 'refused'])
  })
})
