import { describe, expect, it } from 'vitest'
import { judgeTokenAnswer, tokenRequestBody, type TokenGrant } from '../../src/protocols/oauth/token-endpoint.ts'
import { tokenError } from '../../src/protocols/oauth/token-error.ts'
import { answer } from '../support/answer.ts'
import { failureOf } from '../support/failure.ts'

const NOW = Date.UTC(2026, 0, 1)
const DAY_S = 86_400
const good = { access_token: 'CANARY-access', token_type: 'Bearer' }

function grantOf(fields: object, extras?: readonly string[]): TokenGrant {
  const judged = judgeTokenAnswer(answer(200, { ...good, ...fields }), NOW, extras)
  if (judged.kind !== 'granted') throw new Error(judged.kind)
  return judged.grant
}

describe('tokenRequestBody', () => {
  const fields = { grant_type: 'refresh_token', refresh_token: 'a+b/c=&d', scope: undefined, audience: '' }
  it('leaves out what is not given and encodes the rest', () => {
    expect(tokenRequestBody(fields, 'form')).toEqual({
      body: 'grant_type=refresh_token&refresh_token=a%2Bb%2Fc%3D%26d',
      contentType: 'application/x-www-form-urlencoded',
    })
    expect(tokenRequestBody(fields, 'json')).toEqual({
      body: '{"grant_type":"refresh_token","refresh_token":"a+b/c=&d"}',
      contentType: 'application/json',
    })
  })
})

describe('a grant', () => {
  it('R-21 holds every field in units of claw, and secrets as secrets', () => {
    const grant = grantOf({
      refresh_token: 'CANARY-refresh',
      id_token: 'CANARY.id.token',
      expires_in: 900,
      scope: 'a b',
      ignored: { x: 1 },
    })
    expect({
      ...grant,
      accessToken: grant.accessToken.reveal(),
      refreshToken: grant.refreshToken?.reveal(),
      idToken: grant.idToken?.reveal(),
    }).toEqual({
      accessToken: 'CANARY-access',
      refreshToken: 'CANARY-refresh',
      idToken: 'CANARY.id.token',
      lifetimeMs: 900_000,
      scopes: ['a', 'b'],
      hasType: true,
      extras: new Map(),
    })
    expect(JSON.stringify(grant)).not.toContain('CANARY')
  })

  it.each([
    ['Bearer', true],
    ['bearer', true],
    ['BEARER', true],
    [undefined, false],
    [null, false],
  ])('R-22 takes the token type %j', (token_type, hasType) => {
    expect(grantOf({ token_type }).hasType).toBe(hasType)
  })

  it.each([
    ['mac', 'it is `mac`'],
    ['DPoP', 'it is `DPoP`'],
    ['', 'it is ``'],
    ['\u001b[31m', 'it is `\\x1b[31m`'],
    [123, 'it is a number'],
    [['Bearer'], 'it is a object'],
  ])('R-22 refuses the token type %j', async (token_type, why) => {
    expect(await failureOf(() => grantOf({ token_type }))).toEqual({
      code: 'CLAW_PROTOCOL',
      what: '`token_type` of the token endpoint must be `Bearer`',
      why,
      data: { sent: true },
    })
  })

  it.each([
    ['access_token', undefined, '`access_token` is missing from the answer of the token endpoint', undefined],
    ['access_token', '', '`access_token` is missing from the answer of the token endpoint', undefined],
    ['access_token', null, '`access_token` is missing from the answer of the token endpoint', undefined],
    ['access_token', 12345678, '`access_token` of the token endpoint must be a string', 'it is a number'],
    ['access_token', { x: 1 }, '`access_token` of the token endpoint must be a string', 'it is a object'],
    ['access_token', 'CANARY\r\nx: y', '`access_token` of the token endpoint holds what cannot be sent in a header', '12 characters'],
    ['access_token', 'CANARY token', '`access_token` of the token endpoint holds what cannot be sent in a header', '12 characters'],
    ['access_token', 'x'.repeat(16_385), '`access_token` of the token endpoint holds what cannot be sent in a header', '16385 characters'],
    ['refresh_token', 12345678, '`refresh_token` of the token endpoint must be a string', 'it is a number'],
    ['refresh_token', 'CANARY…', '`refresh_token` of the token endpoint holds what cannot be sent in a header', '7 characters'],
  ])('R-22 refuses %s = %.20j', async (name, value, what, why) => {
    expect(await failureOf(() => grantOf({ [name]: value }))).toEqual({
      code: 'CLAW_PROTOCOL',
      what,
      ...(why !== undefined && { why }),
      data: { sent: true },
    })
  })

  it.each([
    [3600, 3_600_000],
    ['3600', 3_600_000],
    [' 3600 ', 3_600_000],
    [undefined, null],
    [null, null],
    [0, 0],
    ['0', 0],
    [-1, 0],
    ['-1', 0],
    [3599.5, 3_599_500],
    [401 * DAY_S, 400 * DAY_S * 1_000],
    ['99999999999999999999', 400 * DAY_S * 1_000],
    [1e300, 400 * DAY_S * 1_000],
    ['soon', null],
    ['0x10', null],
    ['1e3', null],
    ['', null],
    [true, null],
    [[3600], null],
  ])('R-23 reads expires_in = %j as %j ms', (expires_in, lifetimeMs) => {
    expect(grantOf({ expires_in }).lifetimeMs).toBe(lifetimeMs)
  })

  it.each([[undefined], [null], ['']])('R-24 keeps the refresh token in force for %j', (refresh_token) => {
    expect(grantOf({ refresh_token }).refreshToken).toBeUndefined()
  })

  it.each([
    ['a b', ['a', 'b']],
    ['b a a', ['b', 'a']],
    ['repo,read:user', ['repo', 'read:user']],
    [
      ['a', 'b', 3],
      ['a', 'b'],
    ],
    ['', null],
    [undefined, null],
    [42, null],
    [{ a: 1 }, null],
    ['a "quoted" \u001b[31m', ['a']],
  ])('R-25 reads scope = %j', (scope, scopes) => {
    expect(grantOf({ scope }).scopes).toEqual(scopes)
  })

  it('keeps an id token only where it could be one, since it is for display', () => {
    expect([12, 'a b', '', null].map((id_token) => grantOf({ id_token }).idToken)).toEqual([undefined, undefined, undefined, undefined])
  })

  it('keeps further fields only by name, made safe to print', () => {
    const fields = { account: { uuid: 'u-1', email_address: 'a\u001b[31m@x.example' }, plan: 3, resource_url: '', other: 'x', list: ['x'] }
    expect(
      grantOf(fields, [
        'account.uuid',
        'account.email_address',
        'plan',
        'resource_url',
        'list',
        'absent.x',
        'constructor',
        'account.constructor',
      ]),
    ).toMatchObject({
      extras: new Map([
        ['account.uuid', 'u-1'],
        ['account.email_address', 'a\\x1b[31m@x.example'],
        ['plan', '3'],
      ]),
    })
  })
})

describe('an answer without a grant', () => {
  it.each([
    [
      '400 invalid_grant',
      answer(400, { error: 'invalid_grant', error_description: 'gone\u001b[31m' }),
      { kind: 'oauth_error', status: 400, error: 'invalid_grant', description: 'gone\\x1b[31m', interval: undefined },
    ],
    [
      '200 with an error',
      answer(200, { error: 'authorization_pending' }),
      { kind: 'oauth_error', status: 200, error: 'authorization_pending', description: null, interval: undefined },
    ],
    [
      '200 with an error and a token',
      answer(200, { ...good, error: 'invalid_grant' }),
      { kind: 'oauth_error', status: 200, error: 'invalid_grant', description: null, interval: undefined },
    ],
    [
      'an error under another content type',
      answer(400, '{"error":"invalid_grant"}', { 'content-type': 'text/html' }),
      { kind: 'oauth_error', status: 400, error: 'invalid_grant', description: null, interval: undefined },
    ],
    [
      '429 slow_down',
      answer(429, { error: 'slow_down', interval: 12 }),
      { kind: 'oauth_error', status: 429, error: 'slow_down', description: null, interval: 12 },
    ],
    [
      '500 invalid_grant',
      answer(500, { error: 'invalid_grant' }),
      { kind: 'oauth_error', status: 500, error: 'invalid_grant', description: null, interval: undefined },
    ],
    [
      '401 with an object',
      answer(401, { error: { code: 'refresh_token_reused', message: 'used' } }),
      { kind: 'oauth_error', status: 401, error: 'refresh_token_reused', description: 'used', interval: undefined },
    ],
    [
      '401 with a bare code',
      answer(401, { code: 'refresh_token_expired' }),
      { kind: 'oauth_error', status: 401, error: 'refresh_token_expired', description: null, interval: undefined },
    ],
    ['429', answer(429, 'slow', { 'retry-after': '7' }), { kind: 'not_processed', status: 429, retryAfterMs: 7_000 }],
    [
      '429 in words that are not of OAuth',
      answer(429, { error: { type: 'rate_limit_error' } }),
      { kind: 'not_processed', status: 429, retryAfterMs: null },
    ],
    ['408', answer(408, ''), { kind: 'not_processed', status: 408, retryAfterMs: null }],
    ['503 with an hour', answer(503, '', { 'retry-after': '3600' }), { kind: 'not_processed', status: 503, retryAfterMs: 60_000 }],
    [
      '503 with a date',
      answer(503, '', { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }),
      { kind: 'not_processed', status: 503, retryAfterMs: 9_000 },
    ],
    [
      '503 with a date by a clock of its own',
      answer(503, '', { 'retry-after': 'Thu, 01 Jan 2032 00:00:09 GMT', date: 'Thu, 01 Jan 2032 00:00:05 GMT' }),
      { kind: 'not_processed', status: 503, retryAfterMs: 4_000 },
    ],
    ['503 with nonsense', answer(503, '', { 'retry-after': '-5' }), { kind: 'not_processed', status: 503, retryAfterMs: 0 }],
    [
      '500',
      answer(500, 'oops', { 'content-type': 'text/plain; charset=x' }),
      { kind: 'server_error', status: 500, shape: 'HTTP 500, text/plain' },
    ],
    [
      '502 in words that are not of OAuth',
      answer(502, { error: 'bad_gateway' }),
      { kind: 'server_error', status: 502, shape: 'HTTP 502, application/json' },
    ],
    ['504', answer(504, ''), { kind: 'server_error', status: 504, shape: 'HTTP 504, empty' }],
    [
      '403 HTML',
      answer(403, '<html>CANARY</html>', { 'content-type': 'text/html' }),
      { kind: 'refused', status: 403, shape: 'HTTP 403, text/html' },
    ],
    ['401 without words', answer(401, {}), { kind: 'refused', status: 401, shape: 'HTTP 401, application/json' }],
    [
      '400 with an error that is none',
      answer(400, { error: 'a"b\n' }),
      { kind: 'refused', status: 400, shape: 'HTTP 400, application/json' },
    ],
  ])('R-21 is read as what it is: %s', (_name, given, expected) => {
    expect(judgeTokenAnswer(given, NOW)).toEqual(expected)
  })

  it.each([
    ['HTML', answer(200, '<html>CANARY</html>', { 'content-type': 'text/html' }), 'HTTP 200, text/html'],
    ['nothing', answer(200, ''), 'HTTP 200, empty'],
    ['a list', answer(200, [good]), 'HTTP 200, application/json'],
    ['a text', answer(200, '"CANARY"', { 'content-type': 'application/json' }), 'HTTP 200, application/json'],
    ['half of it', answer(200, '{"access_token":"CANARY-acc'), 'HTTP 200'],
  ])('R-20 breaks the protocol when a success is %s, and says that the request was sent', async (_name, given, why) => {
    expect(await failureOf(() => judgeTokenAnswer(given, NOW))).toEqual({
      code: 'CLAW_PROTOCOL',
      what: 'the answer of the token endpoint is not a JSON object',
      why,
      data: { sent: true },
    })
  })

  it('takes fields of the answer only where they are its own', async () => {
    expect(
      (await failureOf(() => judgeTokenAnswer(answer(200, '{"__proto__":{"access_token":"CANARY-access","token_type":"Bearer"}}'), NOW)))
        .what,
    ).toBe('`access_token` is missing from the answer of the token endpoint')
  })
})

describe('tokenError', () => {
  const OAUTH_FIX = 'check `client_id`, `scope` and the endpoints of this provider in the configuration'
  it.each([
    [
      answer(400, { error: 'invalid_grant' }),
      'CLAW_GRANT_REJECTED',
      'the token endpoint answered `invalid_grant`',
      'HTTP 400',
      undefined,
      { status: 400, error: 'invalid_grant' },
    ],
    [
      answer(401, { error: 'refresh_token_reused', error_description: 'again' }),
      'CLAW_GRANT_REJECTED',
      'the token endpoint answered `refresh_token_reused`',
      'again',
      undefined,
      { status: 401, error: 'refresh_token_reused' },
    ],
    [
      answer(401, { error: 'invalid_client' }),
      'CLAW_CLIENT_REFUSED',
      'the token endpoint answered `invalid_client`',
      'HTTP 401',
      OAUTH_FIX,
      { status: 401, error: 'invalid_client' },
    ],
    [
      answer(400, { error: 'invalid_scope' }),
      'CLAW_CLIENT_REFUSED',
      'the token endpoint answered `invalid_scope`',
      'HTTP 400',
      OAUTH_FIX,
      { status: 400, error: 'invalid_scope' },
    ],
    [
      answer(400, { error: 'access_denied' }),
      'CLAW_DENIED',
      'the token endpoint answered `access_denied`',
      'HTTP 400',
      undefined,
      { status: 400, error: 'access_denied' },
    ],
    [
      answer(400, { error: 'expired_token' }),
      'CLAW_CODE_EXPIRED',
      'the token endpoint answered `expired_token`',
      'HTTP 400',
      undefined,
      { status: 400, error: 'expired_token' },
    ],
    [
      answer(429, '', { 'retry-after': '3' }),
      'CLAW_RATE_LIMIT',
      'the token endpoint limits how often it may be asked',
      'HTTP 429',
      undefined,
      { status: 429, retryAfterMs: 3_000 },
    ],
    [answer(503, ''), 'CLAW_OVERLOADED', 'the token endpoint did not process the request', 'HTTP 503', undefined, { status: 503 }],
    [answer(502, ''), 'CLAW_SERVER', 'the token endpoint failed', 'HTTP 502, empty', undefined, { status: 502, sent: true }],
    [
      answer(403, '<html>CANARY'),
      'CLAW_PROTOCOL',
      'the token endpoint refused the request without the words of OAuth',
      'HTTP 403',
      'check whether a proxy or firewall answers in its place',
      { status: 403 },
    ],
  ])('R-21 makes of $text', async (given, code, what, why, fix, data) => {
    const judged = judgeTokenAnswer(given, NOW)
    if (judged.kind === 'granted') throw new Error('granted')
    const failure = await failureOf(() => {
      throw tokenError(judged, undefined, ['refresh_token_reused'])
    })
    expect(failure).toEqual({ code, what, why, ...(fix !== undefined && { fix }), data })
  })
})
