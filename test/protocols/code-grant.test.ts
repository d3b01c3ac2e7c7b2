import { describe, expect, it } from 'vitest'
import { checkGrant, type GrantRules } from '../../src/protocols/oauth/code-grant.ts'
import { judgeTokenAnswer } from '../../src/protocols/oauth/token-endpoint.ts'
import { failureOf } from '../support/failure.ts'

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const idToken = (claims: unknown) => `${part({ alg: 'RS256' })}.${part(claims)}.sig`

function check(fields: Readonly<Record<string, unknown>>, rules: Partial<GrantRules>) {
  const text = JSON.stringify({ access_token: 'access-token-1', token_type: 'Bearer', ...fields })
  const said = judgeTokenAnswer({ status: 200, headers: {}, text }, 0)
  if (said.kind !== 'granted') throw new Error(said.kind)
  return checkGrant(said.grant, { requiredScope: undefined, requiresIdToken: false, nonce: null, ...rules })
}

describe('checkGrant', () => {
  it.each<[string, Readonly<Record<string, unknown>>, Partial<GrantRules>]>([
    ['nothing more than RFC 6749', {}, {}],
    ['the scope', { scope: 'openid use.direct' }, { requiredScope: 'use.direct' }],
    ['an id token', { id_token: idToken({ sub: 's' }) }, { requiresIdToken: true }],
    ['the nonce', { id_token: idToken({ nonce: 'n1' }) }, { nonce: 'n1' }],
    ['no id token that would have to have the nonce', {}, { nonce: 'n1' }],
    ['a nonce that nobody sent', { id_token: idToken({ nonce: 'n1' }) }, {}],
  ])('takes a grant with %s', (_, fields, rules) => {
    expect(check(fields, rules)).toBeUndefined()
  })

  it.each<[string, Readonly<Record<string, unknown>>, Partial<GrantRules>, Readonly<Record<string, unknown>>]>([
    [
      'without the id token',
      {},
      { requiresIdToken: true },
      { code: 'CLAW_PROTOCOL', what: '`id_token` is missing from the answer of the token endpoint' },
    ],
    [
      'with an id token that is no text',
      { id_token: 42 },
      { requiresIdToken: true },
      { code: 'CLAW_PROTOCOL', what: '`id_token` is missing from the answer of the token endpoint' },
    ],
    [
      'with another nonce',
      { id_token: idToken({ nonce: 'n2' }) },
      { nonce: 'n1' },
      { code: 'CLAW_PROTOCOL', what: 'the id token is that of another sign-in', why: 'its `nonce` is another one' },
    ],
    [
      'without a nonce in the id token',
      { id_token: idToken({}) },
      { nonce: 'n1' },
      { code: 'CLAW_PROTOCOL', what: 'the id token is that of another sign-in', why: 'it has no `nonce`' },
    ],
    [
      'with less than it is for',
      { scope: 'openid' },
      { requiredScope: 'use.direct' },
      { code: 'CLAW_DENIED', what: 'the sign-in was approved without what it is for', why: 'the grant lacks the scope `use.direct`' },
    ],
    [
      'that does not say what it is for',
      {},
      { requiredScope: 'use.direct' },
      { code: 'CLAW_DENIED', what: 'the sign-in was approved without what it is for', why: 'the grant lacks the scope `use.direct`' },
    ],
    [
      'with a scope that only contains the word',
      { scope: 'use.direct.not' },
      { requiredScope: 'use.direct' },
      { code: 'CLAW_DENIED', what: 'the sign-in was approved without what it is for', why: 'the grant lacks the scope `use.direct`' },
    ],
  ])('refuses one %s', async (_, fields, rules, said) => {
    const { data: __, ...failure } = await failureOf(() => check(fields, rules))
    expect(failure).toEqual(said)
  })
})
