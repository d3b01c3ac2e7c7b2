import { describe, expect, it } from 'vitest'
import { idClaim, jwtClaims, jwtExpiry, shownClaim } from '../../src/protocols/oauth/jwt-claims.ts'
import { jwt } from '../support/jwt.ts'

const encode = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

describe('jwtClaims', () => {
  it.each([
    ['one part', 'abc'],
    ['two parts', `${encode({})}.${encode({ exp: 1 })}`],
    ['four parts', `${jwt({ exp: 1 })}.x`],
    ['an empty payload', `${encode({})}..x`],
    ['the wrong alphabet', `${encode({})}.${Buffer.from('{"a":"??>"}').toString('base64').replace('/', '+')}=.x`],
    ['no JSON', jwt('nothing')],
    ['a list', jwt([1])],
    ['null', jwt('null')],
    ['more than 16 KiB', jwt({ x: 'x'.repeat(16_384) })],
    ['a line break', `${jwt({ exp: 1 })}\n`],
    ['nothing', ''],
  ])('S-48 does not look into %s', (_name, token) => {
    expect(jwtClaims(token)).toBeUndefined()
    expect(jwtExpiry(token)).toBeNull()
  })

  it('S-48 reads letters of every script, and names that are dangerous as names', () => {
    expect(jwtClaims(jwt('{"name":"Zoë ☃","__proto__":{"x":1}}'))).toEqual(
      new Map<string, unknown>([
        ['name', 'Zoë ☃'],
        ['__proto__', { x: 1 }],
      ]),
    )
  })
})

describe('jwtExpiry', () => {
  it.each([
    [1_767_225_600, 1_767_225_600_000],
    [1_767_225_600.5, 1_767_225_600_500],
    ['1767225600', null],
    [0, null],
    [-1, null],
    [1e20, null],
    [null, null],
  ])('reads exp = %j', (exp, expected) => {
    expect(jwtExpiry(jwt({ exp }))).toBe(expected)
  })
})

describe('claims', () => {
  const claims = jwtClaims(
    jwt({
      email: 'a@x.example',
      'https://api.openai.com/auth': { chatgpt_account_id: 'acct_1-2' },
      crlf: 'a\r\nx: y',
      long: 'x'.repeat(200),
      esc: 'a\u001b[31m',
      number: 7,
      organizations: [{ id: 'org-1' }],
    }),
  )

  it('S-48 lets into a header only what looks like an id', () => {
    const paths = [
      ['https://api.openai.com/auth', 'chatgpt_account_id'],
      ['email'],
      ['crlf'],
      ['long'],
      ['number'],
      ['absent'],
      ['absent', 'x'],
      ['email', 'length'],
      ['constructor', 'name'],
    ]
    expect(paths.map((path) => idClaim(claims, path))).toEqual(['acct_1-2', null, null, null, null, null, null, null, null])
  })

  it('S-48 shows only text, made visible and cut', () => {
    expect(['email', 'crlf', 'long', 'esc', 'number'].map((name) => shownClaim(claims, [name]))).toEqual([
      'a@x.example',
      'a\\x0d x: y',
      `${'x'.repeat(127)}…`,
      'a\\x1b[31m',
      null,
    ])
    expect([idClaim(undefined, ['x']), shownClaim(undefined, ['x'])]).toEqual([null, null])
  })
})
