import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeSubject, readSubjectToken, type SubjectFinding, type SubjectRules } from '../../src/protocols/oauth/subject-token.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { subjectOf } from '../support/subject.ts'

const NOW = Date.UTC(2026, 9, 1)
const S = NOW / 1_000
const AUDIENCE = 'https://api.acme.example'
const rules: SubjectRules = {
  assertionMaxBytes: 16_384,
  subjectRequiredClaims: ['iss', 'sub', 'iat', 'exp'],
  subjectRequiredHeader: ['kid', 'alg'],
  subjectAlgs: ['RS256', 'ES256'],
  subjectMaxLifeS: 3_600,
}
const header = { alg: 'RS256', kid: 'k1', typ: 'JWT' }
const claims = { iss: 'https://issuer.example', sub: 'repo:o/r:ref:refs/heads/main', aud: AUDIENCE, iat: S - 10, nbf: S - 10, exp: S + 290 }
const at = { now: NOW, audience: AUDIENCE }
const judge = (text: string, more: Partial<SubjectRules> = {}, where: Partial<typeof at> = {}) =>
  judgeSubject(text, { ...rules, ...more }, { ...at, ...where })
const brief = (findings: readonly SubjectFinding[]) => findings.map(({ aspect, isFatal, what }) => [aspect, isFatal, what])

describe('readSubjectToken', () => {
  it('S-48 decodes the header and the claims of a JWT, names of every kind as names', () => {
    expect(readSubjectToken(subjectOf(header, '{"sub":"Zoë ☃","__proto__":1}'))).toEqual({
      header: new Map(Object.entries(header)),
      claims: new Map<string, unknown>([
        ['sub', 'Zoë ☃'],
        ['__proto__', 1],
      ]),
    })
  })

  it.each([
    ['nothing', ''],
    ['three dots', '...'],
    ['two dots', '..'],
    ['one part', 'abc'],
    ['two parts', subjectOf(header, claims).replace(/\.[^.]*$/, '')],
    ['four parts', `${subjectOf(header, claims)}.x`],
    ['five parts, as an encrypted one has', `${subjectOf(header, claims)}.x.y`],
    ['an empty header', subjectOf('', claims)],
    ['an empty payload', subjectOf(header, '')],
    ['a header that is a list', subjectOf([1], claims)],
    ['a payload that is a text', subjectOf(header, '"x"')],
    ['a payload that is no JSON', subjectOf(header, '{"a":')],
    ['a line break at the end', `${subjectOf(header, claims)}\n`],
    ['a space', ` ${subjectOf(header, claims)}`],
    ['the letters of base64', subjectOf(header, claims).replace('.', '+.')],
    ['padding', subjectOf(header, claims).replace('.', '=.')],
    ['a part that is cut within a letter', `${subjectOf(header, { a: 1 })}`.replace(/\.([^.]*)\./, '.eyJhI.')],
    ['20 KB', subjectOf(header, { x: 'x'.repeat(20_000) })],
    ['a claim of lists within lists', subjectOf(header, `{"x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`)],
    ['a header of objects within objects', subjectOf(`{"x":${'{"x":'.repeat(40)}1${'}'.repeat(40)}}`, claims)],
    ['HTML', '<!doctype html><html></html>'],
  ])('does not take %s for one', (_name, text) => {
    expect(readSubjectToken(text)).toBeUndefined()
  })

  it('looks into a longer one where the vendor takes it', () => {
    const long = subjectOf(header, { ...claims, x: 'x'.repeat(20_000) })
    expect(readSubjectToken(long, 65_536)?.claims.get('iss')).toBe('https://issuer.example')
    expect(judge(long, { assertionMaxBytes: 65_536 })).toEqual([])
  })
})

describe('a token that will be taken', () => {
  it.each([
    ['as a CI system issues it', subjectOf(header, claims), {}],
    ['with a list of audiences', subjectOf(header, { ...claims, aud: ['https://other.example', AUDIENCE] }), {}],
    ['expired for less than the skew', subjectOf(header, { ...claims, exp: S - 29 }), {}],
    ['issued in the future by no more than the skew', subjectOf(header, { ...claims, iat: S + 30, nbf: S + 30 }), {}],
    ['of exactly the longest life', subjectOf(header, { ...claims, iat: S, exp: S + 3_600 }), {}],
    [
      'of any life and algorithm where the vendor states none',
      subjectOf({ ...header, alg: 'EdDSA' }, { ...claims, exp: S + 1e6 }),
      { subjectMaxLifeS: 0, subjectAlgs: [] },
    ],
    ['without a key id where none is required', subjectOf({ alg: 'RS256' }, claims), { subjectRequiredHeader: undefined as never }],
    ['without a start of its validity', subjectOf(header, { ...claims, nbf: undefined }), {}],
    ['with parts of seconds', subjectOf(header, { ...claims, exp: S + 0.5 }), {}],
  ])('%s has no finding', (_name, text, more) => {
    const { subjectRequiredHeader: _, ...less } = rules
    const given: SubjectRules = 'subjectRequiredHeader' in more ? less : { ...rules, ...more }
    expect(judgeSubject(text, given, at)).toEqual([])
  })

  it('is not asked for an audience that nobody knows', () => {
    const text = subjectOf(header, { ...claims, aud: 'elsewhere' })
    expect([judgeSubject(text, rules, { now: NOW, audience: null }), judge(text, {}, { audience: '' })]).toEqual([[], []])
  })
})

describe('a token that is not sent', () => {
  it.each([
    ['too long', 'x'.repeat(16_385), ['size', 'the identity token has 16385 bytes, and at most 16384 are taken']],
    ['no JWT', '...', ['shape', 'the identity token is no JWT (three parts in base64url, the first two JSON objects)']],
    ['alg none', subjectOf({ ...header, alg: 'none' }, claims, ''), ['algorithm', 'the identity token is not signed (`alg: none`)']],
    ['alg NoNe', subjectOf({ ...header, alg: 'NoNe' }, claims), ['algorithm', 'the identity token is not signed (`alg: none`)']],
    ['HS256', subjectOf({ ...header, alg: 'HS256' }, claims), ['algorithm', 'the identity token is signed with a shared secret (`HS256`)']],
    ['hs512', subjectOf({ ...header, alg: 'hs512' }, claims), ['algorithm', 'the identity token is signed with a shared secret (`hs512`)']],
    [
      'ES384',
      subjectOf({ ...header, alg: 'ES384' }, claims),
      ['algorithm', 'the identity token is signed with `ES384`, which is not taken'],
    ],
    [
      'an algorithm that drives a terminal',
      subjectOf({ ...header, alg: `\u001b[2J${'x'.repeat(60)}` }, claims),
      ['algorithm', `the identity token is signed with \`\\x1b[2J${'x'.repeat(32)}…\`, which is not taken`],
    ],
    ['no algorithm', subjectOf({ kid: 'k1' }, claims), ['algorithm', 'the identity token names no algorithm of its signature']],
    [
      'an algorithm that is a list',
      subjectOf({ kid: 'k1', alg: ['RS256'] }, claims),
      ['algorithm', 'the identity token names no algorithm of its signature'],
    ],
    ['no signature', subjectOf(header, claims, ''), ['signature', 'the identity token has no signature']],
    ['no key id', subjectOf({ alg: 'RS256' }, claims), ['header', 'the header of the identity token has no `kid`']],
    ['an empty key id', subjectOf({ alg: 'RS256', kid: '' }, claims), ['header', 'the header of the identity token has no `kid`']],
    ['no subject and no issue', subjectOf(header, { ...claims, sub: '', iat: null }), ['claims', 'the identity token has no `sub`, `iat`']],
    [
      'an expiry that is a text',
      subjectOf(header, { ...claims, exp: `${S + 60}` }),
      ['claims', '`exp` of the identity token is no number'],
    ],
    ['expired', subjectOf(header, { ...claims, exp: S - 30 }), ['time', 'the identity token expired at 2026-09-30T23:59:30Z']],
    ['expired before the calendar', subjectOf(header, { ...claims, exp: -1e300 }), ['time', 'the identity token expired at -1e+300']],
    [
      'not yet valid',
      subjectOf(header, { ...claims, nbf: S + 31 }),
      ['time', 'the identity token is not valid before 2026-10-01T00:00:31Z'],
    ],
    [
      'issued in the future',
      subjectOf(header, { ...claims, iat: S + 600, exp: S + 900 }),
      ['time', 'the identity token is not valid before 2026-10-01T00:10:00Z'],
    ],
  ])('%s', (_name, text, [aspect, what]) => {
    expect(brief(judge(text))).toEqual([[aspect, true, what]])
  })

  it('names a required audience that is an empty list', () => {
    const text = subjectOf(header, { ...claims, aud: [] })
    expect(brief(judge(text, { subjectRequiredClaims: ['aud'] }))).toEqual([
      ['claims', true, 'the identity token has no `aud`'],
      ['audience', false, `the identity token is for no audience, not for \`${AUDIENCE}\``],
    ])
  })

  it('is told by everything that is wrong with it, with what to do', () => {
    const text = subjectOf({ alg: 'none' }, { iss: 'i', exp: S - 7_300, iat: S - 14_000, aud: 'x' })
    expect(judge(text)).toEqual([
      {
        aspect: 'algorithm',
        isFatal: true,
        what: 'the identity token is not signed (`alg: none`)',
        fix: 'have it signed with one of RS256, ES256',
      },
      {
        aspect: 'header',
        isFatal: true,
        what: 'the header of the identity token has no `kid`',
        fix: 'use an issuer that names the key of each token',
      },
      { aspect: 'claims', isFatal: true, what: 'the identity token has no `sub`', fix: 'have the issuer put it in' },
      {
        aspect: 'time',
        isFatal: true,
        what: 'the identity token expired at 2026-09-30T21:58:20Z',
        fix: 'get a new identity token where this one came from',
      },
      {
        aspect: 'lifetime',
        isFatal: false,
        what: 'the identity token lives 6700 s, and 3600 s are the most by custom',
        fix: "shorten it at the issuer, or raise the maximum in the vendor's settings of it",
      },
      {
        aspect: 'audience',
        isFatal: false,
        what: 'the identity token is for `x`, not for `https://api.acme.example`',
        fix: "ask for it with the audience `https://api.acme.example`, or have the vendor's rule name the other",
      },
    ])
  })
})

describe('a token that may be taken', () => {
  it.each([
    [
      'for another audience',
      { aud: 'https://other.example' },
      ['audience', 'the identity token is for `https://other.example`, not for `https://api.acme.example`'],
    ],
    ['for nobody', { aud: undefined }, ['audience', 'the identity token is for no audience, not for `https://api.acme.example`']],
    ['for a number', { aud: 7 }, ['audience', 'the identity token is for no audience, not for `https://api.acme.example`']],
    [
      'for many',
      { aud: ['a', 'b', 'c', 'd', 7, 'e'] },
      ['audience', 'the identity token is for `a`, `b`, `c` and 2 more, not for `https://api.acme.example`'],
    ],
    [
      'for one that drives a terminal',
      { aud: `\u001b]0;x\u0007${'y'.repeat(200)}` },
      ['audience', `the identity token is for \`\\x1b]0;x\\x07${'y'.repeat(107)}…\`, not for \`https://api.acme.example\``],
    ],
    [
      'that lives a second too long',
      { exp: S + 3_591 },
      ['lifetime', 'the identity token lives 3601 s, and 3600 s are the most by custom'],
    ],
  ])('%s', (_name, more, [aspect, what]) => {
    expect(brief(judge(subjectOf(header, { ...claims, ...more })))).toEqual([[aspect, false, what]])
  })
})

describe('the vendors', () => {
  const federations = [...CATALOGUE.values()].flatMap(({ id, auth }) =>
    auth.flatMap(({ federation }) => (federation ? [[id, federation] as const] : [])),
  )

  it.each(federations)('%s takes a token of GitHub as it is issued', (_id, federation) => {
    const audience = federation.defaultAudience
    const text = subjectOf(header, { ...claims, aud: audience, jti: 'j-1' })
    expect(judgeSubject(text, federation, { now: NOW, audience })).toEqual([])
  })

  it('are told apart by what they write of algorithms, claims and life', () => {
    const text = subjectOf({ alg: 'ES384' }, { sub: 's', exp: S + 7_200, iat: S })
    expect(
      federations.map(([id, federation]) => [id, judgeSubject(text, federation, { now: NOW, audience: null }).map(({ aspect }) => aspect)]),
    ).toEqual([
      ['anthropic', ['header', 'lifetime']],
      ['openai', ['header', 'claims']],
      ['openai-codex', ['lifetime']],
      ['google-vertex', []],
      ['openrouter', ['algorithm', 'claims']],
      ['azure-openai', []],
      ['bedrock', []],
    ])
  })
})

describe('hostile texts', () => {
  const word = fc.oneof(
    fc.constant('CANARY'),
    fc.string({ unit: 'binary' }).map((text) => `CANARY${text}`),
  )
  const value = fc.oneof(word, fc.double(), fc.integer(), fc.constant(null), fc.array(fc.anything()), fc.object())
  const keys = ['alg', 'kid', 'iss', 'sub', 'aud', 'iat', 'nbf', 'exp', 'jti', '__proto__', 'CANARY']
  const part = fc
    .oneof(fc.dictionary(fc.constantFrom(...keys), value), fc.array(value), word)
    .map((each) => JSON.stringify(each) ?? 'CANARY')
  const text = fc.oneof(
    word,
    fc.tuple(word, word, word).map((parts) => parts.join('.')),
    fc.tuple(part, part, word).map(([first, second, last]) => subjectOf(first, second, last)),
    fc.tuple(part, part).map(([first, second]) => subjectOf(first, second)),
  )

  it('never throw, and nothing of them is told but an algorithm, an audience and times', () => {
    fc.assert(
      fc.property(text, fc.double({ noNaN: true }), (given, now) => {
        const findings = judgeSubject(given, rules, { now, audience: 'https://wanted.example' })
        for (const { aspect, what, fix } of findings) {
          expect(fix).not.toContain('CANARY')
          if (aspect !== 'algorithm' && aspect !== 'audience') expect(what).not.toContain('CANARY')
          // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be found
          expect(what).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
          expect(what.length).toBeLessThan(700)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

it.each([
  ['"eyJ.eyJ.x"', 'it begins with a quotation mark'],
  ['Bearer eyJ.eyJ.x', 'it begins with `Bearer`'],
  ['{"value":"eyJ"}', 'it is JSON, and the token a field of it'],
  ['$JOB_TOKEN', 'it is the name of a variable that nobody has filled in'],
  ['/var/run/token', 'it is a path, written `file:/path`'],
])('says what stands there in place of a token: %s', (text, likeness) => {
  const rules = { assertionMaxBytes: 16_384, subjectRequiredClaims: [], subjectAlgs: [], subjectMaxLifeS: 0 }
  expect(judgeSubject(text, rules, { now: 0, audience: null }).map(({ what }) => what)).toEqual([
    `the identity token is no JWT (three parts in base64url, the first two JSON objects): ${likeness}`,
  ])
})
