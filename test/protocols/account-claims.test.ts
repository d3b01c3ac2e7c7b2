import { describe, expect, it } from 'vitest'
import { accountClaims, type AccountRules } from '../../src/protocols/oauth/account-claims.ts'
import { jwt } from '../support/jwt.ts'

/** As the dossier has them for the ChatGPT backend. */
const RULES: AccountRules = {
  jwtSources: ['id_token', 'access_token'],
  claimNamespace: 'https://api.openai.com/auth',
  claim: 'chatgpt_account_id',
  fallbackClaims: ['chatgpt_account_id', 'organizations.0.id'],
  nameClaims: ['email', 'https://api.openai.com/profile.email'],
  planClaim: 'chatgpt_plan_type',
  fedrampClaim: 'chatgpt_account_is_fedramp',
}
const NOBODY = { id: null, name: null, plan: null, fedramp: false }
const own = (claims: object) => ({ 'https://api.openai.com/auth': claims })

describe('the account that tokens name', () => {
  it('stands in the claims of the vendor', () => {
    const idToken = jwt({
      ...own({ chatgpt_account_id: 'acct-1', chatgpt_plan_type: 'team', chatgpt_account_is_fedramp: true }),
      email: 'ann@x.example',
    })
    expect(accountClaims({ idToken }, RULES)).toEqual({ id: 'acct-1', name: 'ann@x.example', plan: 'team', fedramp: true })
  })

  it.each([
    [
      'the id token before the access token',
      { idToken: own({ chatgpt_account_id: 'a' }), accessToken: own({ chatgpt_account_id: 'b' }) },
      'a',
    ],
    ['the access token where the id token says nothing', { idToken: {}, accessToken: own({ chatgpt_account_id: 'b' }) }, 'b'],
    [
      'the claim of the access token before a fallback',
      { idToken: { chatgpt_account_id: 'a' }, accessToken: own({ chatgpt_account_id: 'b' }) },
      'b',
    ],
    ['a claim outside the namespace', { accessToken: { chatgpt_account_id: 'c' } }, 'c'],
    ['the first organization', { accessToken: { organizations: [{ id: 'org-1' }, { id: 'org-2' }] } }, 'org-1'],
    ['nothing, where the list of organizations is empty', { accessToken: { organizations: [] } }, null],
    ['an object where a list is usual', { accessToken: { organizations: { 0: { id: 'org-1' } } } }, 'org-1'],
  ])('is read from %s', (_, { idToken, accessToken }: { idToken?: object; accessToken?: object }, id) => {
    const tokens = { idToken: idToken && jwt(idToken), accessToken: accessToken && jwt(accessToken) }
    expect(accountClaims(tokens, RULES)).toEqual({ ...NOBODY, id })
  })

  it('has the address of the profile where there is no other', () => {
    expect(accountClaims({ accessToken: jwt({ 'https://api.openai.com/profile': { email: 'p@x.example' } }) }, RULES)).toEqual({
      ...NOBODY,
      name: 'p@x.example',
    })
  })

  it.each([
    ['a line break', own({ chatgpt_account_id: 'a\r\nx: y' })],
    ['a space', own({ chatgpt_account_id: 'a b' })],
    ['another script', own({ chatgpt_account_id: 'пк' })],
    ['129 letters', own({ chatgpt_account_id: 'a'.repeat(129) })],
    ['nothing in it', own({ chatgpt_account_id: '' })],
    ['a number', own({ chatgpt_account_id: 7 })],
    ['a list', own({ chatgpt_account_id: ['a'] })],
    ['a namespace that is a list', { 'https://api.openai.com/auth': ['a'] }],
    ['a namespace that is a text', { 'https://api.openai.com/auth': 'a' }],
    ['more than 16 KiB around it', { ...own({ chatgpt_account_id: 'a' }), filler: 'x'.repeat(16_384) }],
    ['a flag that is a text', own({ chatgpt_account_is_fedramp: 'true' })],
    ['a plan that is a number', own({ chatgpt_plan_type: 1 })],
  ])('S-48 is nobody where the claim has %s', (_, claims) => {
    expect(accountClaims({ idToken: jwt(claims), accessToken: 'opaque' }, RULES)).toEqual(NOBODY)
  })

  it('S-48 shows a plan and an address made visible and cut, and lets neither into the id', () => {
    const claims = { ...own({ chatgpt_plan_type: `te\u001b[31mam${'x'.repeat(200)}` }), email: 'a\r\n@x.example' }
    expect(accountClaims({ idToken: jwt(claims) }, RULES)).toEqual({
      ...NOBODY,
      name: 'a\\x0d @x.example',
      plan: `te\\x1b[31mam${'x'.repeat(115)}…`,
    })
  })

  it('is that of OpenID Connect where the provider has no claims of its own, from the id token alone', () => {
    const claims = { sub: 'user-1', email: 'ann@x.example' }
    expect(accountClaims({ idToken: jwt(claims), accessToken: jwt({ sub: 'other' }) })).toEqual({
      ...NOBODY,
      id: 'user-1',
      name: 'ann@x.example',
    })
    expect(accountClaims({ accessToken: jwt(claims) })).toEqual(NOBODY)
    expect(accountClaims({})).toEqual(NOBODY)
  })
})
