import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import type { SubjectOptions } from '../../../src/sandbox/identity/issuer.ts'
import { arrange } from '../sandbox-client.ts'
import { claimsOf } from './vendor-exchanges.ts'

async function arrangeJob(scenario?: string) {
  const client = await arrange({ scenario })
  const { sandbox, clock } = client
  const job = sandbox.identity.githubEnvironment()
  const discovered = await client.tell('/token.actions.githubusercontent.com/.well-known/openid-configuration')
  const keys = createRemoteJWKSet(new URL(String(discovered.json.jwks_uri)))
  return {
    ...client,
    discovered,
    identity: sandbox.identity,
    request: (more: string, authorization = `Bearer ${job.ACTIONS_ID_TOKEN_REQUEST_TOKEN}`) =>
      client.tell(`${job.ACTIONS_ID_TOKEN_REQUEST_URL.slice(sandbox.origin.length)}${more}`, { headers: { authorization } }),
    verify: (token: string, audience: string) =>
      jwtVerify(token, keys, { issuer: sandbox.identity.issuer, audience, currentDate: new Date(clock.wall()) }),
  }
}

describe('the issuer of jobs', () => {
  it('is found by discovery, and names itself there', async () => {
    const { discovered, identity, sandbox } = await arrangeJob()
    expect(discovered).toMatchObject({
      status: 200,
      json: { issuer: identity.issuer, jwks_uri: `${sandbox.origin}/token.actions.githubusercontent.com/.well-known/jwks` },
    })
    expect(identity.issuer).toBe(`${sandbox.origin}/token.actions.githubusercontent.com`)
  })

  it.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'] as const)(
    'signs with %s so that an independent verifier takes it',
    async (alg) => {
      const { identity, verify } = await arrangeJob()
      const { payload, protectedHeader } = await verify(identity.mint({ alg, audience: 'https://a.example' }), 'https://a.example')
      expect(protectedHeader).toEqual({ typ: 'JWT', alg, kid: expect.stringMatching(/^sandbox-/) })
      expect(payload).toMatchObject({ aud: 'https://a.example', jti: expect.any(String) })
    },
  )

  it('publishes no private part of a key', async () => {
    const { tell } = await arrangeJob()
    const { keys } = (await tell('/token.actions.githubusercontent.com/.well-known/jwks')).json
    expect(keys).toEqual([
      { kty: 'RSA', n: expect.any(String), e: 'AQAB', kid: 'sandbox-rsa', use: 'sig' },
      ...['P-256', 'P-384', 'P-521'].map((crv) => ({
        kty: 'EC',
        crv,
        x: expect.any(String),
        y: expect.any(String),
        kid: `sandbox-${crv.toLowerCase().replace('-', '')}`,
        use: 'sig',
      })),
    ])
  })

  it('mints what it is told, wrong or not', async () => {
    const { identity, clock, verify } = await arrangeJob()
    const now = clock.wall() / 1_000
    const told: SubjectOptions = { claims: { sub: 'x', iat: undefined, exp: now + 7 }, header: { kid: undefined }, audience: ['a', 'b'] }
    const token = identity.mint(told)
    expect([decodeProtectedHeader(token), claimsOf(token)]).toEqual([
      { typ: 'JWT', alg: 'RS256' },
      { ...claimsOf(identity.mint({ audience: ['a', 'b'] })), sub: 'x', iat: undefined, exp: now + 7, jti: expect.any(String) },
    ])
    expect(claimsOf(identity.mint({ lifetimeS: 7_200 }))).toMatchObject({ iat: now, exp: now + 7_200 })
    expect(identity.mint({ alg: 'none' })).toMatch(/^[\w-]+\.[\w-]+\.$/)
    for (const alg of ['none', 'HS256'] as const) await expect(verify(identity.mint({ alg, audience: 'a' }), 'a')).rejects.toThrow()
  })

  it('has keys of its own in every sandbox', async () => {
    const [one, other] = [await arrangeJob(), await arrangeJob()]
    const { keys } = (await other.tell('/token.actions.githubusercontent.com/.well-known/jwks')).json
    await expect(jwtVerify(one.identity.mint(), createLocalJWKSet({ keys: Object.values(Object(keys)) }))).rejects.toThrow()
  })
})

describe('the token request of a job', () => {
  it('is answered with a new token of five minutes each time, for the audience that was asked for', async () => {
    const { request, verify, clock, sandbox } = await arrangeJob()
    const asked = await Promise.all([1, 2].map(() => request(`&audience=${encodeURIComponent('https://api.anthropic.com')}`)))
    const tokens = asked.map(({ json }) => String(json.value))
    expect(asked).toEqual(tokens.map((value) => ({ status: 200, json: { count: value.length, value } })))
    const now = clock.wall() / 1_000
    const verified = await Promise.all(tokens.map((token) => verify(token, 'https://api.anthropic.com')))
    expect(verified.map(({ payload: { sub, iat, nbf, exp } }) => ({ sub, iat, nbf, exp }))).toEqual(
      [1, 2].map(() => ({ sub: 'repo:claw-sandbox@1001/app@2002:ref:refs/heads/main', iat: now, nbf: now, exp: now + 300 })),
    )
    expect(new Set(verified.map(({ payload }) => payload.jti)).size).toBe(2)
    expect(sandbox.journal.filter(({ dialect, note }) => dialect === 'github-oidc' && note === 'given').length).toBe(2)
  })

  it('is for the owner of the repository unless something else is asked for', async () => {
    const { request, verify } = await arrangeJob()
    for (const more of ['', '&audience=']) await verify(String((await request(more)).json.value), 'https://github.com/claw-sandbox')
  })

  it.each([
    ['another bearer', 'Bearer sandbox-job-0'],
    ['no scheme', 'sandbox-job-0'],
    ['another scheme', 'Basic c2FuZGJveA=='],
    ['nothing', ''],
  ])('is refused with %s', async (_, authorization) => {
    const { request, sandbox } = await arrangeJob()
    expect(await request('', authorization)).toEqual({ status: 401, json: { message: 'Unauthorized' } })
    expect(sandbox.journal.at(-1)).toMatchObject({ dialect: 'github-oidc', status: 401, note: 'unauthorized' })
  })

  it('goes by the clock of the server', async () => {
    const { request, clock } = await arrangeJob('clock-skew')
    expect(claimsOf(String((await request('')).json.value)).iat).toBe(clock.wall() / 1_000 + 600)
  })
})
