import { describe, expect, it } from 'vitest'
import { judgeStatusAnswer, lifetimeIn } from '../../src/protocols/oauth/minimax-answer.ts'
import { answer } from '../support/answer.ts'
import { failureOf } from '../support/failure.ts'

const NOW = Date.UTC(2026, 0, 1)
const RULES = {
  statusField: 'status',
  successValue: 'success',
  errorValue: 'error',
  errorMessagePath: 'base_resp.status_msg',
  errorCodePath: 'base_resp.status_code',
  expiryField: 'expired_in',
}
const words = (code: number, message: string) => ({ base_resp: { status_code: code, status_msg: message } })
const judge = (given: ReturnType<typeof answer>) => judgeStatusAnswer(given, RULES, NOW)

describe('an answer with its verdict in a field', () => {
  it.each([
    ['success', { status: 'success', access_token: 'at', refresh_token: 'rt', expired_in: NOW + 3_600_000 }, ['at', 'rt', 3_600_000]],
    [
      'success without a refresh token',
      { status: 'success', access_token: 'at', refresh_token: '', expired_in: 3_600 },
      ['at', undefined, 3_600_000],
    ],
    ['success without an end', { status: 'success', access_token: 'at' }, ['at', undefined, null]],
    ['a token without a verdict', { access_token: 'at', expired_in: '3600' }, ['at', undefined, 3_600_000]],
  ])('grants what it brings: %s', (_, body, expected) => {
    const said = judge(answer(200, body))
    if (said.kind !== 'granted') throw new Error(said.kind)
    const { accessToken, refreshToken, lifetimeMs } = said.grant
    expect([accessToken.reveal(), refreshToken?.reveal(), lifetimeMs]).toEqual(expected)
  })

  it.each([
    ['pending', answer(200, { status: 'pending' }), { kind: 'pending' }],
    ['a verdict that nobody knows', answer(200, { status: 'waiting' }), { kind: 'pending' }],
    [
      'an error with words',
      answer(200, { status: 'error', ...words(1_004, 'login fail\u001b[31m') }),
      { kind: 'oauth_error', status: 200, error: '1004', description: 'login fail\\x1b[31m', interval: undefined, isFinal: false },
    ],
    [
      'an error without words',
      answer(200, { status: 'error' }),
      { kind: 'oauth_error', status: 200, error: 'error', description: null, interval: undefined, isFinal: false },
    ],
    [
      'a refusal with words',
      answer(400, words(2_013, 'invalid refresh token')),
      { kind: 'oauth_error', status: 400, error: '2013', description: 'invalid refresh token', interval: undefined, isFinal: true },
    ],
    ['a refusal without words', answer(403, '<html>'), { kind: 'refused', status: 403, shape: 'HTTP 403' }],
    ['too many requests', answer(429, words(1_002, 'rate limit')), { kind: 'not_processed', status: 429, retryAfterMs: null }],
    [
      'a failure with words',
      answer(500, words(1_000, 'unknown error')),
      { kind: 'server_error', status: 500, shape: 'HTTP 500, application/json' },
    ],
    [
      'words of OAuth',
      answer(400, { error: 'invalid_grant' }),
      { kind: 'oauth_error', status: 400, error: 'invalid_grant', description: null, interval: undefined },
    ],
  ])('is read as what it is: %s', (_, given, expected) => {
    expect(judge(given)).toEqual(expected)
  })

  it.each([
    ['neither verdict nor token', answer(200, {}), '`status` is missing from the answer of the token endpoint'],
    ['success without a token', answer(200, { status: 'success' }), '`access_token` is missing from the answer of the token endpoint'],
    ['a page', answer(200, '<html>'), 'the answer of the token endpoint is not a JSON object'],
  ])('R-20 breaks the protocol with %s, and may have been processed', async (_, given, what) => {
    expect(await failureOf(() => judge(given))).toMatchObject({ code: 'CLAW_PROTOCOL', what, data: { sent: true } })
  })

  it.each<[unknown, number | null]>([
    [0, 0],
    [900, 900_000],
    ['900', 900_000],
    [999_999_999, 999_999_999_000],
    [NOW / 1_000 + 900, 900_000],
    [NOW + 900_000, 900_000],
    [String(NOW + 900_000), 900_000],
    [NOW - 1, 0],
    [-1, null],
    [Number.NaN, null],
    ['soon', null],
    [null, null],
    [undefined, null],
    [{}, null],
  ])('reads the end %j as %j ms from now', (value, expected) => {
    expect(lifetimeIn(value, NOW)).toBe(expected)
  })

  it('reckons an instant by the clock of the server that named it', () => {
    const said = judge(
      answer(200, { status: 'success', access_token: 'at', expired_in: NOW + 900_000 }, { date: new Date(NOW + 600_000).toUTCString() }),
    )
    expect(said).toMatchObject({ grant: { lifetimeMs: 300_000 } })
  })
})
