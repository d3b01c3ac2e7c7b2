import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClawError } from '../../src/core/errors.ts'
import { type ExchangeAnswerRules, judgeExchange } from '../../src/protocols/oauth/exchange-answer.ts'
import { judgeSecondStep } from '../../src/protocols/oauth/second-step.ts'
import { answer } from '../support/answer.ts'
import { federationOf, wholeVerdict } from '../support/exchange.ts'

const NOW = Date.UTC(2026, 9, 1)
const S = NOW / 1_000
const DAY_S = 86_400
const TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:'
const at = { url: 'https://auth.vendor.example/oauth/token?x=1', now: NOW }
const HTML = { 'content-type': 'text/html; charset=utf-8' }

const judge = (rules: ExchangeAnswerRules, ...given: Parameters<typeof answer>) => wholeVerdict(judgeExchange(answer(...given), rules, at))

const own: ExchangeAnswerRules = { accessMaxS: 0, responseRequired: ['access_token'], errorMap: {} }
const good = { access_token: 'CANARY-access', token_type: 'Bearer', expires_in: 600 }
const codex = {
  ...good,
  issued_token_type: `${TOKEN_TYPE}access_token`,
  scope: 'a b',
  chatgpt_account_id: 'acct-1',
  chatgpt_account_user_id: 'acct-1__user-1',
  user_id: 'user-1',
}

describe('what each vendor grants', () => {
  it.each([
    [
      'anthropic',
      { access_token: 'sk-ant-oat01-CANARY', token_type: 'Bearer', expires_in: 600, scope: 'workspace:developer' },
      600_000,
      ['workspace:developer'],
    ],
    [
      'openai',
      {
        access_token: 'CANARY.a.b',
        issued_token_type: `${TOKEN_TYPE}access_token`,
        token_type: 'Bearer',
        expires_in: 60,
        expires_at: S + 300,
      },
      300_000,
      null,
    ],
    [
      'openrouter',
      {
        access_token: 'CANARY.a.b',
        issued_token_type: `${TOKEN_TYPE}access_token`,
        token_type: 'Bearer',
        expires_in: 900,
        scope: 'inference',
      },
      900_000,
      ['inference'],
    ],
    [
      'google-vertex',
      { access_token: 'CANARY-sts', issued_token_type: `${TOKEN_TYPE}access_token`, token_type: 'Bearer', expires_in: 3_599 },
      3_599_000,
      null,
    ],
    ['azure-openai', { access_token: 'CANARY.a.b', token_type: 'Bearer', expires_in: 4_799, ext_expires_in: 4_799 }, 4_799_000, null],
  ])('%s', (id, body, lifetimeMs, scopes) => {
    expect(judge(federationOf(id), 200, body)).toEqual({
      kind: 'granted',
      token: body.access_token,
      lifetimeMs,
      principal: {},
      accountId: null,
      plan: null,
      scopes,
    })
  })

  it('openai-codex, with who the token acts as', () => {
    expect(judge(federationOf('openai-codex'), 200, { ...codex, chatgpt_plan_type: 'business\u001b[2J', email: 'x' })).toEqual({
      kind: 'granted',
      token: 'CANARY-access',
      lifetimeMs: 600_000,
      principal: { chatgpt_account_id: 'acct-1', chatgpt_account_user_id: 'acct-1__user-1', user_id: 'user-1' },
      accountId: 'acct-1',
      plan: 'business\\x1b[2J',
      scopes: ['a', 'b'],
    })
  })

  it('a server of its own that says no more than it must', () => {
    expect(judge(own, 200, { access_token: 'CANARY-access' })).toEqual({
      kind: 'granted',
      token: 'CANARY-access',
      lifetimeMs: null,
      principal: {},
      accountId: null,
      plan: null,
      scopes: null,
    })
  })

  it('prints nothing of the token', () => {
    expect(JSON.stringify(judgeExchange(answer(200, good), own, at))).not.toContain('CANARY')
  })
})

describe('R-23 how long a token lives', () => {
  const lived = (fields: object, rules: Partial<ExchangeAnswerRules> = {}, headers: Record<string, string> = {}) => {
    const verdict = judge({ ...own, ...rules }, 200, { ...good, expires_in: undefined, ...fields }, headers)
    return verdict.kind === 'granted'
      ? verdict.lifetimeMs
      : [verdict.kind, 'error' in verdict && verdict.error.code, 'error' in verdict && verdict.error.what]
  }
  const date = { date: new Date(NOW + 3_600_000).toUTCString() }
  const absolute = { expiryField: 'expires_at' }
  const broken = (what: string) => ['broken', 'CLAW_PROTOCOL', what]
  const EXPIRED = broken('the exchange brought a token that has expired already')
  const NO_SECONDS = broken('`expires_in` of the exchange must be a number of seconds')
  const NO_INSTANT = broken('`expires_at` of the exchange must be an instant in seconds')

  it.each([
    ['a number', { expires_in: 60 }, {}, {}, 60_000],
    ['a text of a number', { expires_in: '60' }, {}, {}, 60_000],
    ['a part of a second', { expires_in: 59.9996 }, {}, {}, 59_999],
    ['a text with a part', { expires_in: ' 59.5 ' }, {}, {}, 59_500],
    ['huge', { expires_in: 1e300 }, {}, {}, 400 * DAY_S * 1_000],
    ['over what the vendor gives', { expires_in: 86_400 }, { accessMaxS: 900 }, {}, 900_000],
    ['a cap above all belief', { expires_in: 1e12 }, { accessMaxS: 1e12 }, {}, 400 * DAY_S * 1_000],
    ['zero', { expires_in: 0 }, {}, {}, EXPIRED],
    ['less than a thousandth', { expires_in: 0.000_5 }, {}, {}, EXPIRED],
    ['negative', { expires_in: -1 }, {}, {}, EXPIRED],
    ['a negative text', { expires_in: '-60' }, {}, {}, EXPIRED],
    ['a word', { expires_in: 'soon' }, {}, {}, NO_SECONDS],
    ['true', { expires_in: true }, {}, {}, NO_SECONDS],
    ['an object', { expires_in: { s: 60 } }, {}, {}, NO_SECONDS],
    ['a number in hexadecimal', { expires_in: '0x10' }, {}, {}, NO_SECONDS],
    ['not said', {}, {}, {}, null],
    ['null', { expires_in: null }, {}, {}, null],
    ['not said, and the vendor has a custom', {}, { accessTtlS: 900 }, {}, 900_000],
    ['not said, and its SDK assumes', {}, { expiresInDefaultS: 3_600, accessTtlS: 900 }, {}, 3_600_000],
    ['assumed above what it gives', {}, { expiresInDefaultS: 3_600, accessMaxS: 900 }, {}, 900_000],
    [
      'not said where it must be',
      {},
      { accessTtlS: 900, responseRequired: ['expires_in'] },
      {},
      broken('`expires_in` is missing from the answer of `https://auth.vendor.example`'),
    ],
    ['an instant', { expires_at: S + 60 }, absolute, {}, 60_000],
    ['an instant as text', { expires_at: `${S + 60}` }, absolute, {}, 60_000],
    ['an instant before a duration', { expires_at: S + 60, expires_in: 600 }, absolute, {}, 60_000],
    ["an instant by the server's own clock", { expires_at: S + 3_660 }, absolute, date, 60_000],
    ["an instant that is past by the server's own clock", { expires_at: S + 60, expires_in: 600 }, absolute, date, EXPIRED],
    ['an instant in the past', { expires_at: S - 1, expires_in: 600 }, absolute, {}, EXPIRED],
    ['an instant of now', { expires_at: S }, absolute, {}, EXPIRED],
    ['an instant of zero', { expires_at: 0 }, absolute, {}, EXPIRED],
    ['an instant in ms, beside a duration', { expires_at: NOW + 60_000, expires_in: 60 }, absolute, {}, 60_000],
    ['an instant in ms', { expires_at: NOW + 60_000 }, absolute, {}, NO_INSTANT],
    ['an instant as a date, beside a duration', { expires_at: '2026-10-01T00:01:00Z', expires_in: 60 }, absolute, {}, 60_000],
    ['an instant as a date', { expires_at: '2026-10-01T00:01:00Z' }, absolute, {}, NO_INSTANT],
    ['an instant that is null', { expires_at: null, expires_in: 60 }, absolute, {}, 60_000],
    ['an instant under a name that nobody knows', { expires_at: S - 60 }, {}, {}, null],
    ['an instant, and a date that is none', { expires_at: S + 60 }, absolute, { date: 'yesterday' }, 60_000],
  ])('%s', (_name, fields, rules, headers, expected) => {
    expect(lived(fields, rules, headers)).toEqual(expected)
  })

  it('assumed, no longer than what it was exchanged for, where the vendor goes no further', () => {
    const assumed = (fields: object) =>
      judgeExchange(
        answer(200, { ...good, expires_in: undefined, ...fields }),
        { ...own, expiresInDefaultS: 3_600 },
        { ...at, assumedMaxMs: 300_000 },
      )
    expect(assumed({})).toMatchObject({ lifetimeMs: 300_000 })
    // What the vendor says is believed.
    expect(assumed({ expires_in: 600 })).toMatchObject({ lifetimeMs: 600_000 })
  })

  it('a number that no JSON holds but 1e999', () => {
    expect(judge(own, 200, '{"access_token":"CANARY-access","expires_in":1e999}')).toMatchObject({ lifetimeMs: 400 * DAY_S * 1_000 })
  })
})

describe('R-22 an answer that is none', () => {
  const text = (what: string, why?: string, more: object = {}) => ({
    kind: 'broken',
    error: { code: 'CLAW_PROTOCOL', what, ...(why !== undefined && { why }), data: { sent: true }, ...more },
  })
  const fix = 'check whether a proxy or firewall answers in its place'
  const page = (why: string, data: object) => text('`https://auth.vendor.example` answered with a page', why, { fix, data })
  const NO_JSON = 'the answer of `https://auth.vendor.example` to the exchange is not a JSON object'

  it.each<[string, ExchangeAnswerRules, Parameters<typeof answer>, object]>([
    ['HTML', own, [200, '<!doctype html>', HTML], page('HTTP 200, text/html', { sent: true })],
    [
      'HTML that says it is JSON',
      own,
      [200, '<html><body>log in</body></html>', { 'content-type': 'application/json' }],
      page('HTTP 200, application/json', { sent: true }),
    ],
    ['HTML that refuses', federationOf('anthropic'), [403, '<html>', HTML], page('HTTP 403, text/html', { status: 403 })],
    ['HTML in place of an address', own, [404, 'Not Found', HTML], page('HTTP 404, text/html', { status: 404 })],
    ['a list', own, [200, '[]'], text(NO_JSON, 'HTTP 200')],
    ['nothing', own, [200, ''], text(NO_JSON, 'HTTP 200, empty')],
    ['cut JSON', own, [200, '{"access_token":"CANARY-access"'], text(NO_JSON, 'HTTP 200')],
    ['no content', own, [204, ''], text(NO_JSON, 'HTTP 204, empty')],
    ['not modified', own, [304, '{}'], text(NO_JSON, 'HTTP 304')],
    ['no token', own, [200, {}], text('`access_token` is missing from the answer of `https://auth.vendor.example`')],
    [
      'an empty token',
      own,
      [200, { access_token: '' }],
      text('`access_token` is missing from the answer of `https://auth.vendor.example`'),
    ],
    [
      'a token that is a number',
      own,
      [200, { access_token: 7 }],
      text('`access_token` of the token endpoint must be a string', 'it is a number'),
    ],
    [
      'a token with a line break',
      own,
      [200, { access_token: 'CANARY\r\nx: y' }],
      text('`access_token` of the token endpoint holds what cannot be sent in a header', '12 characters'),
    ],
    [
      'a token with a space',
      own,
      [200, { access_token: 'CANARY x' }],
      text('`access_token` of the token endpoint holds what cannot be sent in a header', '8 characters'),
    ],
    [
      'a token that is too long',
      own,
      [200, { access_token: 'x'.repeat(16_385) }],
      text('`access_token` of the token endpoint holds what cannot be sent in a header', '16385 characters'),
    ],
    ['a token of seven letters', own, [200, { access_token: 'CANARY7' }], text('the token of the exchange is too short to be one')],
    [
      'a token of another type',
      own,
      [200, { ...good, token_type: 'DPoP' }],
      text('`token_type` of the token endpoint must be `Bearer`', 'it is `DPoP`'),
    ],
    [
      'N_A, which RFC 8693 has for what is no access token',
      own,
      [200, { ...good, token_type: 'N_A' }],
      text('`token_type` of the token endpoint must be `Bearer`', 'it is `N_A`'),
    ],
    [
      'no type where one is required',
      federationOf('openrouter'),
      [200, { ...good, token_type: undefined }],
      text('`token_type` is missing from the answer of `https://auth.vendor.example`'),
    ],
    [
      'another token than asked for',
      federationOf('openai-codex'),
      [200, { ...codex, issued_token_type: `${TOKEN_TYPE}refresh_token` }],
      text(`\`issued_token_type\` of the exchange must be \`${TOKEN_TYPE}access_token\``),
    ],
    [
      'no expiry where one is required',
      federationOf('anthropic'),
      [200, { access_token: 'CANARY-access' }],
      text('`expires_in` is missing from the answer of `https://auth.vendor.example`'),
    ],
    ...(
      ['issued_token_type', 'token_type', 'expires_in', 'scope', 'chatgpt_account_id', 'chatgpt_account_user_id', 'user_id'] as const
    ).map((name): [string, ExchangeAnswerRules, Parameters<typeof answer>, object] => [
      `no \`${name}\` of Codex`,
      federationOf('openai-codex'),
      [200, { ...codex, [name]: '' }],
      text(`\`${name}\` is missing from the answer of \`https://auth.vendor.example\``),
    ]),
    [
      'a principal that is an object',
      federationOf('openai-codex'),
      [200, { ...codex, user_id: { id: 1 } }],
      text('`user_id` of the exchange is no id'),
    ],
    [
      'a principal with a line break',
      federationOf('openai-codex'),
      [200, { ...codex, user_id: 'a\nb' }],
      text('`user_id` of the exchange is no id'),
    ],
    [
      'S-48 an account that no header may hold',
      federationOf('openai-codex'),
      [200, { ...codex, chatgpt_account_id: 'a:b' }],
      text('`chatgpt_account_id` of the exchange is no id that may stand in a header'),
    ],
  ])('%s', (_name, rules, given, expected) => {
    expect(judge(rules, ...given)).toEqual(expected)
  })
})

describe('the answer of the second step', () => {
  const google = federationOf('google-vertex')
  const { secondStep } = google
  if (!secondStep) throw new Error('no second step')
  const second = (...given: Parameters<typeof answer>) => wholeVerdict(judgeSecondStep(answer(...given), secondStep, google, at))
  const granted = (lifetimeMs: number) => ({
    kind: 'granted',
    token: 'ya29.CANARY',
    lifetimeMs,
    principal: {},
    accountId: null,
    plan: null,
    scopes: null,
  })
  const broken = (what: string, why?: string) => ({
    kind: 'broken',
    error: { code: 'CLAW_PROTOCOL', what, ...(why !== undefined && { why }), data: { sent: true } },
  })
  const NO_INSTANT = broken('`expireTime` of the exchange must be an instant by RFC 3339')

  it.each<[string, Parameters<typeof answer>, object]>([
    ['a token and its end', [200, { accessToken: 'ya29.CANARY', expireTime: '2026-10-01T01:00:00Z' }], granted(3_600_000)],
    ['with parts of a second', [200, { accessToken: 'ya29.CANARY', expireTime: '2026-10-01T00:00:01.123456789Z' }], granted(1_123)],
    ['in another zone', [200, { accessToken: 'ya29.CANARY', expireTime: '2026-10-01T02:00:00+01:00' }], granted(3_600_000)],
    [
      "by the server's clock",
      [200, { accessToken: 'ya29.CANARY', expireTime: '2026-10-01T01:00:00Z' }, { date: new Date(NOW + 600_000).toUTCString() }],
      granted(3_000_000),
    ],
    ['no token', [200, { expireTime: '2026-10-01T01:00:00Z' }], broken('`accessToken` is missing from the answer of the exchange')],
    [
      'a token with a line break',
      [200, { accessToken: 'CANARY\n', expireTime: '2026-10-01T01:00:00Z' }],
      broken('`accessToken` of the exchange cannot be sent in a header'),
    ],
    ['no end', [200, { accessToken: 'ya29.CANARY' }], NO_INSTANT],
    ['an end in seconds', [200, { accessToken: 'ya29.CANARY', expireTime: S + 60 }], NO_INSTANT],
    ['an end in words', [200, { accessToken: 'ya29.CANARY', expireTime: 'Thu, 01 Oct 2026 01:00:00 GMT' }], NO_INSTANT],
    ['an end that no calendar has', [200, { accessToken: 'ya29.CANARY', expireTime: '2026-13-41T01:00:00Z' }], NO_INSTANT],
    [
      'an end in the past',
      [200, { accessToken: 'ya29.CANARY', expireTime: '2026-09-30T23:59:59Z' }],
      broken('the exchange brought a token that has expired already'),
    ],
    ['no JSON', [200, 'x'], broken('the answer of `https://auth.vendor.example` to the exchange is not a JSON object', 'HTTP 200')],
  ])('%s', (_name, given, expected) => {
    expect(second(...given)).toEqual(expected)
  })

  it.each([
    [403, 'forbidden', 'CLAW_FORBIDDEN', 'does not allow the exchange'],
    [401, 'refused', 'CLAW_CREDENTIAL_REJECTED', 'refused the token of the first step'],
    [404, 'refused', 'CLAW_CREDENTIAL_REJECTED', 'refused the token of the first step'],
    [500, 'lost', 'CLAW_SERVER', 'failed'],
  ])('%d is judged by the same table', (status, kind, code, does) => {
    expect(second(status, { error: { code: status, message: 'x', status: 'X' } })).toMatchObject({
      kind,
      error: { code, what: `\`https://auth.vendor.example\` ${does}`, data: { status, error: 'X' } },
    })
  })

  it('names the account where it was refused', () => {
    expect(second(404, { error: { code: 404, status: 'NOT_FOUND' } })).toMatchObject({
      error: { why: 'HTTP 404, `NOT_FOUND`', fix: 'check `service_account` of this method in the configuration' },
    })
  })

  it.each([
    [429, 'CLAW_RATE_LIMIT'],
    [503, 'CLAW_OVERLOADED'],
  ])('%d leaves no identity token that could be posted again', (status, code) => {
    const { kind, ...rest } = second(status, {}, { 'retry-after': '7' })
    expect([kind, 'retryAfterMs' in rest]).toEqual(['lost', false])
    expect(rest).toMatchObject({ error: { code, data: { status, retryAfterMs: 7_000 } } })
  })
})

describe('hostile answers', () => {
  it('never throw, and an error never holds the token', () => {
    const value = fc.oneof(fc.anything(), fc.string({ unit: 'binary' }), fc.double(), fc.constant('Bearer'))
    const names = [
      'access_token',
      'token_type',
      'expires_in',
      'expires_at',
      'error',
      'error_description',
      'scope',
      'code',
      'type',
      'message',
      'error_codes',
      'accessToken',
      'expireTime',
      ...Object.keys(codex),
    ]
    const body = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .dictionary(fc.constantFrom(...names), value)
        .map((fields) =>
          JSON.stringify({ ...good, access_token: 'CANARY\u0000', ...fields }, (_, each) => (typeof each === 'bigint' ? `${each}` : each)),
        ),
    )
    const status = fc.oneof(fc.constant(200), fc.integer({ min: 100, max: 599 }))
    const rules = [own, ...['anthropic', 'openai', 'openai-codex', 'openrouter', 'google-vertex', 'azure-openai'].map(federationOf)]
    fc.assert(
      fc.property(status, body, fc.constantFrom(...rules), (given, text, by) => {
        const verdict = judgeExchange({ status: given, headers: {}, text }, by, at)
        const { secondStep } = federationOf('google-vertex')
        if (secondStep) judgeSecondStep({ status: given, headers: {}, text }, secondStep, by, at)
        if (verdict.kind === 'granted') {
          expect(verdict.lifetimeMs ?? 1).toBeGreaterThan(0)
          return
        }
        expect(verdict.error).toBeInstanceOf(ClawError)
        const { message, why = '', fix = '', data } = verdict.error
        expect(`${message}${why}${fix}${JSON.stringify(data)}`).not.toContain('CANARY')
      }),
      { numRuns: 2_000 },
    )
  })
})
