import { describe, expect, it } from 'vitest'
import { type PasteRules, readPastedResponse } from '../../src/protocols/oauth/pasted-response.ts'
import { failureOf } from '../support/failure.ts'

const REDIRECT = 'http://localhost:1455/auth/callback'
const rules: PasteRules = { redirectUri: REDIRECT, showsBareCode: false, pathIsSecret: false, needs: null }
const minting: PasteRules = { ...rules, redirectUri: 'http://127.0.0.1:4567/oauth/callback/0d1f', pathIsSecret: true }
const shown: PasteRules = { redirectUri: null, showsBareCode: true, pathIsSecret: true, needs: null }

const read = (text: string, changes: Partial<PasteRules> = {}) => Object.fromEntries(readPastedResponse(text, { ...rules, ...changes }))

describe('S-41 what somebody pastes', () => {
  it.each([
    ['the whole address', `${REDIRECT}?code=c1&state=s1`],
    ['the whole address in capitals where they mean nothing', 'HTTP://LOCALHOST:1455/auth/callback?code=c1&state=s1'],
    ['an address with a fragment', `${REDIRECT}?code=c1&state=s1#_=_`],
    ['`code#state`', 'c1#s1'],
    ['the query', 'code=c1&state=s1'],
    ['the query with its question mark', '?code=c1&state=s1'],
    ['the query in another order', 'state=s1&code=c1'],
    ['path and query', '/auth/callback?code=c1&state=s1'],
    ['white space around it', `\n  ${REDIRECT}?code=c1&state=s1 \r\n`],
    ['quotes around it', `"${REDIRECT}?code=c1&state=s1"`],
    ['angle brackets around it', '<c1#s1>'],
  ])('may be %s', (_, text) => {
    expect(read(text)).toEqual({ code: 'c1', state: 's1' })
  })

  it('is parted at the first # only, and decoded where it is a query', () => {
    expect(read('c1#s#1')).toEqual({ code: 'c1', state: 's#1' })
    expect(read('code=c%2F1%3D&state=s%2B1')).toEqual({ code: 'c/1=', state: 's+1' })
    expect(read(`${REDIRECT}?error=access_denied&state=s1`)).toEqual({ error: 'access_denied', state: 's1' })
  })

  const address = `paste the whole address that the browser ended at, which begins \`${REDIRECT}\`, or \`code#state\` where the page shows that`
  it.each<[what: string, text: string, why: string]>([
    ['nothing', '', 'nothing was pasted'],
    ['white space', ' \n ', 'nothing was pasted'],
    ['a bare code', 'ac_1234567890', 'it is a code alone, and nothing tells that it belongs to this sign-in'],
    [
      'the address that was to be opened',
      'https://auth.example/authorize?state=s1&code_challenge=x',
      'it is the address that was to be opened, not the one that the browser ended at',
    ],
    ['the address of some page', 'https://auth.example/welcome', 'the address has neither `code` nor `error`'],
    ...[
      'https://localhost:1455/auth/callback',
      'http://evil.example:1455/auth/callback',
      'http://localhost.evil.example:1455/auth/callback',
      'http://localhost:1456/auth/callback',
      'http://localhost/auth/callback',
      'http://localhost:1455/auth/callback/',
      'http://localhost:1455/auth/other',
      'http://localhost:1455@evil.example/auth/callback',
    ].map(
      (other) =>
        [`the address ${other}`, `${other}?code=c1&state=s1`, 'the address is not where this sign-in ends'] as [string, string, string],
    ),
    ['an address that is none', 'http://', 'it is no address that can be read'],
    ['a key', 'sk-ant-api03-aaaaaaaaaaaaaaaaaaaaaaaa', 'it looks like a key or a token'],
    ['a token', `eyJ${'a'.repeat(20)}.${'b'.repeat(20)}.c`, 'it looks like a key or a token'],
    ['words', 'I am signed in now', 'it holds spaces or line ends'],
    ['two lines', 'c1#s1\nc2#s2', 'it holds spaces or line ends'],
    ['JSON', '{"code":"c1"}', 'it is no address, no code and no query'],
    ['a code of two letters', 'ab', 'it is no address, no code and no query'],
    ['half of a pair', 'c1#', 'one side of its `#` is empty'],
    ['the other half', '#s1', 'one side of its `#` is empty'],
    ['other alphabets', 'код#состояние', 'it holds characters that no address has'],
    ['control characters', 'c1#s1\u001b', 'it holds characters that no address has'],
    ['a whole file', 'x'.repeat(16_385), 'it is 16385 characters long'],
  ])('is refused for %s, with what to paste instead', async (_, text, why) => {
    const failure = await failureOf(() => read(text))
    expect(failure).toEqual({ code: 'CLAW_DATA_INVALID', what: 'what was pasted does not finish the sign-in', why, fix: address, data: {} })
  })

  it('S-51 is never repeated', async () => {
    const { what, why, fix } = await failureOf(() => read('canary-1234567890-code'))
    expect(`${what}${why}${fix}`).not.toContain('canary')
  })
})

describe('S-41 where the page shows a bare code', () => {
  it.each(['c1_ABC', 'code=c1_ABC', '?code=c1_ABC'])('it is taken: %s', (text) => {
    expect(read(text, shown)).toEqual({ code: 'c1_ABC' })
  })

  it('an address is none of this sign-in', async () => {
    const { why, fix } = await failureOf(() => read('https://elsewhere.example/?code=c1', shown))
    expect({ why, fix }).toEqual({
      why: 'the address is not where this sign-in ends',
      fix: 'paste the code that the page shows, and nothing else',
    })
  })
})

describe('where a part of the path stands in the place of a state', () => {
  it('only the address with that part is taken', async () => {
    expect(read(`${minting.redirectUri}?code=c1`, minting)).toEqual({ code: 'c1' })
    const whys = await Promise.all(
      [
        'http://127.0.0.1:4567/oauth/callback/other?code=c1',
        'http://127.0.0.1:9/oauth/callback/0d1f?code=c1',
        'code=c1',
        'c1#s1',
        'c1_ABC',
      ].map(async (text) => (await failureOf(() => read(text, minting))).why),
    )
    expect(whys).toEqual([
      'the address is not where this sign-in ends',
      'the address is not where this sign-in ends',
      'only the whole address tells that it belongs to this sign-in',
      'only the whole address tells that it belongs to this sign-in',
      'it is a code alone, and nothing tells that it belongs to this sign-in',
    ])
  })
})

describe('where more than a code travels in the redirect', () => {
  it.each([
    ['a path', minting],
    ['a client id', { needs: 'client_id' }],
  ])('S-41 asks for the whole address and never for the `code#state` that it would refuse: %s', async (_, rules) => {
    const { fix } = await failureOf(() => read('c1#s1', rules))
    expect(fix).toMatch(/^paste the whole address that the browser ended at, which begins `[^`]+`$/)
  })

  it('is refused without it, unless it is an error', async () => {
    const needs = { needs: 'client_id' }
    expect(read(`${REDIRECT}?code=c1&state=s1&client_id=i1`, needs)).toEqual({ code: 'c1', state: 's1', client_id: 'i1' })
    expect(read(`${REDIRECT}?error=access_denied&state=s1`, needs)).toEqual({ error: 'access_denied', state: 's1' })
    expect((await failureOf(() => read('c1#s1', needs))).why).toBe('`client_id` is missing: it stands in the whole address')
  })
})
