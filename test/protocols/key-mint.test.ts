import { describe, expect, it } from 'vitest'
import { judgeKeyMint } from '../../src/protocols/oauth/key-mint.ts'
import { failureOf } from '../support/failure.ts'

const judge = (status: number, text: string, type = 'application/json') =>
  judgeKeyMint({ status, headers: { 'content-type': type }, text }, 0, 'key')

describe('judgeKeyMint', () => {
  it('takes the key, and whose it is where the server says so', () => {
    const minted = judge(200, '{"key":"sk-or-v1-12345678","user_id":"user_1"}')
    expect({ key: minted.key.reveal(), userId: minted.userId }).toEqual({ key: 'sk-or-v1-12345678', userId: 'user_1' })
    expect(judge(200, '{"key":"sk-or-v1-12345678"}').userId).toBeNull()
    expect(judge(200, '{"key":"sk-or-v1-12345678","user_id":"a\\u001b[2J"}').userId).toBe('a\\x1b[2J')
  })

  it.each([
    ['no key', '{"user_id":"u"}', '`key` of the answer is no API key', 'it is missing'],
    ['a key that is no text', '{"key":42}', '`key` of the answer is no API key', 'it is a number'],
    ['a key that is null', '{"key":null}', '`key` of the answer is no API key', 'it is missing'],
    ['an empty key', '{"key":""}', '`key` of the answer is no API key', '0 characters'],
    ['a short key', '{"key":"1234567"}', '`key` of the answer is no API key', '7 characters'],
    ['a key with a line end', '{"key":"sk-or-v1-\\n12345678"}', '`key` of the answer is no API key', '18 characters'],
    ['a list', '[]', 'the answer of the token endpoint is not a JSON object', 'HTTP 200, application/json'],
  ])('refuses a success with %s', async (_, text, what, why) => {
    expect(await failureOf(() => judge(200, text))).toEqual({ code: 'CLAW_PROTOCOL', what, why, data: { sent: true } })
  })

  it.each([
    [400, '{"error":{"code":400,"message":"Invalid code_challenge_method"}}', 'CLAW_GRANT_REJECTED', 'Invalid code_challenge_method'],
    [403, '{"error":{"code":403,"message":"Invalid code or code_verifier"}}', 'CLAW_GRANT_REJECTED', 'Invalid code or code_verifier'],
    [403, '<h1>Forbidden</h1>', 'CLAW_PROTOCOL', 'HTTP 403, application/json'],
    [429, '', 'CLAW_RATE_LIMIT', 'HTTP 429'],
    [500, 'oops', 'CLAW_SERVER', 'HTTP 500, application/json'],
    [503, '', 'CLAW_OVERLOADED', 'HTTP 503'],
    [405, '{"error":{"code":405,"message":"no"}}', 'CLAW_PROTOCOL', 'HTTP 405, application/json'],
  ])('%d %s is %s', async (status, text, code, why) => {
    const failure = await failureOf(() => judge(status, text))
    expect({ code: failure.code, why: failure.why }).toEqual({ code, why })
  })
})
