import { afterEach, describe, expect, it } from 'vitest'
import { accountOf } from '../../src/app/sign-in/account.ts'
import { credentialOf } from '../../src/app/sign-in/grant-credential.ts'
import type { OAuthClient } from '../../src/app/sign-in/oauth-client.ts'
import { Secret } from '../../src/core/secret.ts'
import { sameAccount } from '../../src/credentials/record.ts'
import type { TokenGrant } from '../../src/protocols/oauth/token-endpoint.ts'
import type { AuthEntry } from '../../src/providers/entry.ts'
import { credentialWorld, type TestWorld } from '../support/credential-world.ts'
import { jwt } from '../support/jwt.ts'

const worlds: TestWorld[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((each) => each.remove()))
})

const NOW = 1_767_225_600_000
const IN_AN_HOUR = jwt({ exp: NOW / 1_000 + 3_600 })
const PINNED = { clientId: 'c', tokenEndpoint: 'https://auth.kimi.com/token', revocationEndpoint: null, issuer: null }

async function made(
  auth: Partial<AuthEntry>,
  answer: Partial<Record<'access' | 'idToken', string>> & { lifetimeMs?: number | null; extras?: TokenGrant['extras'] },
) {
  const here = await credentialWorld()
  worlds.push(here)
  const { access = 'an-opaque-token', idToken, lifetimeMs = null, extras = new Map() } = answer
  const grant: TokenGrant = {
    accessToken: new Secret(access),
    refreshToken: undefined,
    idToken: idToken === undefined ? undefined : new Secret(idToken),
    lifetimeMs,
    scopes: ['all'],
    hasType: true,
    extras,
  }
  const entry: AuthEntry = { id: 'device', kind: 'oauth_device', headless: true, enabled: true, status: 'verified', ...auth }
  return credentialOf(here.catalogue.route('kimi-code'), entry, grant, { pinned: PINNED } as OAuthClient, 'device', NOW)
}

describe('the credential of a token answer', () => {
  it.each([
    ['https://api.kimi.ai/coding', ['https://api.kimi.com', 'https://api.kimi.ai']],
    ['api.kimi.ai', ['https://api.kimi.com', 'https://api.kimi.ai']],
    ['https://api.kimi.com/elsewhere', ['https://api.kimi.com']],
    ['https://api.kimi.ai.evil.example', ['https://api.kimi.com']],
    ['https://api.kimi.ai@evil.example/', ['https://api.kimi.com']],
    ['http://api.kimi.ai', ['https://api.kimi.com']],
    ['javascript://api.kimi.ai', ['https://api.kimi.com']],
    ['not an address', ['https://api.kimi.com']],
  ])('believes %s as a host of the API only where the catalogue trusts it', async (named, origins) => {
    const credential = await made({ resourceUrlField: 'resource_url' }, { extras: new Map([['resource_url', named]]) })
    expect(credential.origins).toEqual(origins)
  })

  it('has the tokens, the account, the scopes, and what a refresh must know', async () => {
    const idToken = jwt({ sub: 'user-1', email: 'ann@x.example' })
    const { secrets, ...facts } = await made({}, { idToken, lifetimeMs: 900_000 })
    expect({ ...facts, access: secrets.access.reveal(), refresh: secrets.refresh, idToken: secrets.idToken?.reveal() }).toEqual({
      method: 'device',
      auth: 'device',
      access: 'an-opaque-token',
      refresh: undefined,
      idToken,
      lifetimeMs: 900_000,
      sentAgoMs: 0,
      account: { id: 'user-1', name: 'ann@x.example', plan: null },
      region: 'china',
      scopes: ['all'],
      origins: ['https://api.kimi.com'],
      client: PINNED,
    })
  })

  it.each<[string, Partial<AuthEntry>, Parameters<typeof made>[1], number | null]>([
    ['what the server says', {}, { access: IN_AN_HOUR, lifetimeMs: 900_000 }, 900_000],
    ['the claim of the token where the server is silent', {}, { access: IN_AN_HOUR }, 3_600_000],
    ['no claim of a token that is opaque by the entry', { opaqueToken: true }, { access: IN_AN_HOUR }, null],
    ['the claim before the server', { expirySource: 'jwt-exp' }, { access: IN_AN_HOUR, lifetimeMs: 900_000 }, 3_600_000],
    ['the server where the token has no claim', { expirySource: 'jwt-exp' }, { lifetimeMs: 900_000 }, 900_000],
    ['nothing, for a claim that is over', {}, { access: jwt({ exp: NOW / 1_000 - 1 }) }, 0],
    ['what silence means there', { defaultAccessTtlS: 3_600, accessTtlS: 10 }, {}, 3_600_000],
    ['nobody knows, where only an age tells when to refresh', { expirySource: 'jwt-exp', fallbackRefreshAgeS: 691_200 }, {}, null],
    [
      'the claim, from when it was issued',
      { expirySource: 'jwt-exp' },
      { access: jwt({ iat: NOW / 1_000 - 600, exp: NOW / 1_000 + 3_000 }) },
      3_600_000,
    ],
    ['what is usual', { accessTtlS: 900 }, {}, 900_000],
    ['nobody knows, where the entry says 0', { accessTtlS: 0 }, {}, null],
    ['nobody knows', {}, {}, null],
  ])('lives as long as %s', async (_, auth, answer, lifetimeMs) => {
    expect((await made(auth, answer)).lifetimeMs).toBe(lifetimeMs)
  })
})

describe('the account of a credential', () => {
  it('is nobody for tokens that say nothing', () => {
    expect([accountOf({}, {}), accountOf({}, { access: new Secret('opaque'), idToken: new Secret('opaque') })]).toEqual([null, null])
  })

  it('is marked where the vendor serves it apart', () => {
    const accountId = { jwtSources: ['access_token'], claim: 'account', fedrampClaim: 'fedramp' } as const
    expect(accountOf({ accountId }, { access: new Secret(jwt({ account: 'a', fedramp: true })) })).toEqual({
      id: 'a',
      name: null,
      plan: null,
      fedramp: true,
    })
    expect(accountOf({ accountId }, { access: new Secret(jwt({ account: 'a', fedramp: false })) })).toEqual({
      id: 'a',
      name: null,
      plan: null,
    })
  })

  const of = (id: string | null) => ({ id, name: null, plan: null })
  it.each([
    [of('a'), of('a'), true],
    [of('a'), of('b'), false],
    [of(null), of('b'), true],
    [of('a'), null, true],
    [null, null, true],
  ])('%j and %j may be the same: %s', (a, b, isSame) => {
    expect([sameAccount(a, b), sameAccount(b, a)]).toEqual([isSame, isSame])
  })
})
