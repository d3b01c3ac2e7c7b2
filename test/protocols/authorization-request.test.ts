import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/platform/random.ts'
import { type AuthorizationRequest, authorizationUrl, newState } from '../../src/protocols/oauth/authorization-request.ts'
import { newPkcePair } from '../../src/protocols/oauth/pkce.ts'

const request: AuthorizationRequest = {
  endpoint: 'https://auth.example/authorize',
  challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  clientId: 'claw',
  redirectUri: 'http://127.0.0.1:4567/callback',
  redirectParam: 'redirect_uri',
  state: 'a-state',
  nonce: null,
  scope: 'openid offline_access',
  audience: undefined,
  resource: undefined,
  extraParams: undefined,
}
const parts = (changes: Partial<AuthorizationRequest>) => {
  const url = new URL(authorizationUrl({ ...request, ...changes }))
  return { at: url.origin + url.pathname, params: Object.fromEntries(url.searchParams) }
}

const WHOLE = {
  response_type: 'code',
  client_id: 'claw',
  redirect_uri: 'http://127.0.0.1:4567/callback',
  scope: 'openid offline_access',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
  state: 'a-state',
}

describe('authorizationUrl', () => {
  it('has every parameter of RFC 6749 section 4.1.1 and RFC 7636 section 4.3, and no other', () => {
    expect(parts({})).toEqual({ at: 'https://auth.example/authorize', params: WHOLE })
  })

  it.each<[string, Partial<AuthorizationRequest>, Readonly<Record<string, string>>]>([
    ['a nonce', { nonce: 'a-nonce' }, { ...WHOLE, nonce: 'a-nonce' }],
    [
      'a resource and an audience',
      { resource: 'https://api.example', audience: 'api' },
      { ...WHOLE, resource: 'https://api.example', audience: 'api' },
    ],
    ['what a server wants beside it', { extraParams: { prompt: 'consent', empty: '' } }, { ...WHOLE, prompt: 'consent' }],
    ['what a server wants, where the protocol has nothing to say', { extraParams: { resource: 'r' } }, { ...WHOLE, resource: 'r' }],
    [
      'nothing that would replace a parameter of the protocol',
      { extraParams: { state: 'x', code_challenge_method: 'plain', client_id: 'x' } },
      WHOLE,
    ],
    ['the query of the endpoint', { endpoint: 'https://auth.example/authorize?tenant=t&state=old' }, { ...WHOLE, tenant: 't' }],
  ])('carries %s', (_, changes, params) => {
    expect(parts(changes).params).toEqual(params)
  })

  it('leaves out what a server that mints keys has no name for', () => {
    const changes = { clientId: null, state: null, scope: undefined, redirectParam: 'callback_url', extraParams: { key_label: 'claw' } }
    const { code_challenge, code_challenge_method } = WHOLE
    expect(parts(changes).params).toEqual({ key_label: 'claw', callback_url: WHOLE.redirect_uri, code_challenge, code_challenge_method })
    expect(parts({ ...changes, redirectUri: null }).params).toEqual({ key_label: 'claw', code_challenge, code_challenge_method })
  })

  it('S-35 never has the verifier in it, and S-36 its state is in no relation to it', () => {
    for (let i = 0; i < 100; i++) {
      const { verifier, challenge } = newPkcePair(systemRandom)
      const state = newState(systemRandom)
      const url = authorizationUrl({ ...request, challenge, state })
      expect([url.includes(verifier.reveal()), url.includes(challenge), state === verifier.reveal()]).toEqual([false, true, false])
      expect(Buffer.from(state, 'base64url')).toHaveLength(32)
    }
  })
})
