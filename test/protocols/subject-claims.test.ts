import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rfc3339, shownClaims, subjectFormOf } from '../../src/protocols/oauth/subject-claims.ts'

const shown = (claims: Readonly<Record<string, unknown>>) =>
  shownClaims({ claims: new Map(Object.entries(claims)) }).map(({ name, value }) => `${name}: ${value}`)

describe('shownClaims', () => {
  it('shows what a rule is compared with first, then the rest by name, times beside their numbers', () => {
    expect(
      shown({
        repository: 'o/r',
        jti: 'j-1',
        exp: 1_790_812_800,
        nbf: 1_790_812_500,
        iat: 1_790_812_500.5,
        aud: 'https://api.acme.example',
        sub: 'repo:o/r:ref:refs/heads/main',
        iss: 'https://token.actions.githubusercontent.com',
        actor_id: 7,
        'https://aws.amazon.com/tags': { principal_tags: { team: ['ci'] } },
        email_verified: true,
        empty: null,
      }),
    ).toEqual([
      'iss: https://token.actions.githubusercontent.com',
      'sub: repo:o/r:ref:refs/heads/main',
      'aud: https://api.acme.example',
      'iat: 1790812500.5 (2026-09-30T23:55:00.500Z)',
      'nbf: 1790812500 (2026-09-30T23:55:00Z)',
      'exp: 1790812800 (2026-10-01T00:00:00Z)',
      'jti: j-1',
      'actor_id: 7',
      'email_verified: true',
      'empty: null',
      'https://aws.amazon.com/tags: {"principal_tags":{"team":["ci"]}}',
      'repository: o/r',
    ])
  })

  it('makes names and values visible and cuts them', () => {
    expect(
      shown({ 'a\u001b[2J': 'x\u202ey\nz', aud: ['a', 'b'], sub: 's'.repeat(400), ['n'.repeat(200)]: '', exp: 1e300, iat: 'soon' }),
    ).toEqual([
      `sub: ${'s'.repeat(299)}…`,
      'aud: ["a","b"]',
      'iat: soon',
      'exp: 1e+300 (1e+300)',
      '"a\\u001b[2J": x\\u{202e}y z',
      `"${'n'.repeat(98)}…: `,
    ])
  })

  it('quotes a name that would pass for another one, or for none', () => {
    expect(shown({ sub: 'mine', ' sub': 'yours', 'aud\n': 'b', 'iss\u200b': 'c', 's\u061cub': 'd', '': 'e', '"aud"': 'f' })).toEqual([
      'sub: mine',
      '"": e',
      '" sub": yours',
      '"aud": f',
      '"aud\\n": b',
      '"iss\\u{200b}": c',
      '"s\\u{61c}ub": d',
    ])
  })

  it('never throws, and keeps each claim on a line of its own', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 4 })), (claims) => {
        const rows = shownClaims({ claims: new Map(Object.entries(claims)) })
        expect(rows.length).toBe(Object.keys(claims).length)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be found
        expect(rows.filter(({ name, value }) => /[\u0000-\u001f\u007f-\u009f]/.test(name + value) || value.length > 300)).toEqual([])
      }),
    )
  })
})

describe('rfc3339', () => {
  it.each([
    [0, '1970-01-01T00:00:00Z'],
    [1_790_812_800.25, '2026-10-01T00:00:00.250Z'],
    [-1, '1969-12-31T23:59:59Z'],
    [8.64e12, '+275760-09-13T00:00:00Z'],
    [8.64e12 + 1, '8640000000001'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('writes %s as %s', (seconds, text) => {
    expect(rfc3339(seconds)).toBe(text)
  })
})

describe('subjectFormOf', () => {
  it.each([
    ['repo:octo-org/octo-repo:ref:refs/heads/main', 'github-name'],
    ['repo:octo-org/octo.repo_1:environment:prod', 'github-name'],
    ['repo:o/r:pull_request', 'github-name'],
    ['repo:o/r:environment:a%3Ab', 'github-name'],
    ['repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main', 'github-id'],
    ['repo:o@1/r@2:pull_request', 'github-id'],
    ['repo:o@1/r:ref:refs/heads/main', null],
    ['repo:o@x/r@2:ref:refs/heads/main', null],
    ['repo:o/r', null],
    ['repo:o/r:', null],
    ['repo:o:ref:x', null],
    ['repo:/r:x', null],
    ['project_path:g/p:ref_type:branch:ref:main', null],
    ['repository_owner:o:environment:prod', null],
    ['system:serviceaccount:ci:runner', null],
    ['', null],
  ])('knows %s as %s', (sub, form) => {
    expect(subjectFormOf(sub)).toBe(form)
  })
})
