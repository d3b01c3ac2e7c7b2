import { expect, it } from 'vitest'
import { rowsOfClaims } from '../../../src/app/identity/claim-rows.ts'
import { federationOf } from '../../support/exchange.ts'

const rows = (claims: readonly (readonly [string, unknown])[]) =>
  rowsOfClaims(
    { rules: federationOf('anthropic'), audience: 'https://api.anthropic.com', isAudienceChosen: false },
    { claims: new Map(claims) },
  )

it('a claim has the rule of just its own name, and none of those that every object has', () => {
  expect(
    rows([
      ['constructor', 'c'],
      ['__proto__', 'p'],
      ['toString', 't'],
      [' sub', 'another'],
      ['sub', 'job-1'],
      ['aud ', 'another'],
    ]),
  ).toEqual([
    { claim: 'sub', value: 'job-1', rule: 'this subject, or a prefix of it' },
    { claim: '" sub"', value: 'another', rule: null },
    { claim: '__proto__', value: 'p', rule: null },
    { claim: '"aud "', value: 'another', rule: null },
    { claim: 'constructor', value: 'c', rule: null },
    { claim: 'toString', value: 't', rule: null },
  ])
})
