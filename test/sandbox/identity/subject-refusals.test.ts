import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import type { SubjectOptions } from '../../../src/sandbox/identity/issuer.ts'
import { arrange } from '../sandbox-client.ts'
import { askExchange, type Vendor, VENDORS } from './vendor-exchanges.ts'

const NOW = Date.UTC(2026, 0, 1) / 1_000

/** Its key is made in no time. */
const ES256 = { alg: 'ES256' } as const

/** What is wrong with a token, and the true reason that the journal has. */
const WRONG: readonly (readonly [name: string, options: SubjectOptions, reason: string, only?: readonly Vendor[]])[] = [
  ['signed with a secret', { alg: 'HS256' }, 'alg HS256 is not taken'],
  ['signed by nobody', { alg: 'none' }, 'alg none is not taken'],
  ['of an algorithm that there is not', { header: { alg: 'XS256' } }, 'alg XS256 is not taken'],
  ['without a kid', { header: { kid: undefined } }, 'kid is missing'],
  ['of an unknown kid', { header: { kid: 'other' } }, 'kid is not among the keys of the issuer'],
  ['of the kid of another key', { header: { kid: 'sandbox-p384' } }, 'the signature is wrong'],
  ['of another issuer', { claims: { iss: 'https://issuer.example' } }, 'iss is not that of the rule'],
  ['for another audience', { audience: 'https://vendor.example' }, 'aud is not that of the rule'],
  ['without an audience', { claims: { aud: undefined } }, 'aud is missing'],
  ['of another repository', { claims: { sub: 'repo:other@1/app@2:ref:refs/heads/main' } }, 'sub is not that of the rule'],
  ['of a pull request', { claims: { sub: 'repo:claw-sandbox@1001/app@2002:pull_request' } }, 'sub is not that of the rule'],
  ['without a subject', { claims: { sub: undefined } }, 'sub is missing'],
  ['without an end', { claims: { exp: undefined } }, 'exp is missing'],
  ['with an end that is no number', { claims: { exp: '1' } }, 'exp is no number'],
  ['that has expired', { claims: { exp: NOW - 30 } }, 'it has expired'],
  ['that is not yet valid', { claims: { nbf: NOW + 31 } }, 'it is not yet valid'],
  ['from the future', { claims: { iat: NOW + 31, nbf: undefined, exp: NOW + 300 } }, 'it is from the future'],
  ['without a time of issue', { claims: { iat: undefined } }, 'iat is missing', ['anthropic', 'openai']],
  ['of more than an hour', { lifetimeS: 3_601 }, 'exp - iat is more than 3600 s', ['anthropic', 'openai-codex']],
  ['of ES384', { alg: 'ES384' }, 'alg ES384 is not taken', ['openrouter']],
  ['of PS256', { alg: 'PS256' }, 'alg PS256 is not taken', ['openrouter']],
]

const cases = VENDORS.flatMap((vendor) =>
  WRONG.flatMap(([name, options, reason, only = VENDORS]) => (only.includes(vendor) ? [{ vendor, name, options, reason }] : [])),
)

describe('the token of a job', () => {
  it.each(cases)('is refused by $vendor when it is $name, for a reason that the journal has alone', async ({ vendor, options, reason }) => {
    const { sandbox, tell } = await arrange()
    const { status, json } = await tell(...askExchange(vendor, sandbox.identity.mint({ ...ES256, ...options })))
    expect(status === 400 || status === 401).toBe(true)
    expect(JSON.stringify(json)).not.toContain(reason)
    expect(sandbox.journal).toEqual([
      expect.objectContaining({ status, token: expect.stringMatching(/^[0-9a-f]{8}$/), grantType: expect.any(String), note: reason }),
    ])
  })

  it.each(VENDORS.flatMap((vendor) => ['three.dots.are.four', '...', 'a.b.c', 'x'].map((token) => ({ vendor, token }))))(
    'is refused by $vendor when it is $token',
    async ({ vendor, token }) => {
      const { sandbox, tell } = await arrange()
      expect([400, 401]).toContain((await tell(...askExchange(vendor, token))).status)
      expect(sandbox.journal[0]).toMatchObject({ note: 'it is no JWT' })
    },
  )

  it.each(VENDORS)('is refused by %s when somebody else signed it', async (vendor) => {
    const { sandbox, tell } = await arrange()
    const stranger = await generateKeyPair('ES256')
    const { identity } = sandbox
    const [, payload = ''] = identity.mint(ES256).split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'sandbox-p256' }).sign(stranger.privateKey)
    const [head, , tail] = identity.mint(ES256).split('.')
    for (const token of [forged, `${head}.${payload}.${tail}`]) {
      expect([400, 401]).toContain((await tell(...askExchange(vendor, token))).status)
      expect(sandbox.journal.at(-1)).toMatchObject({ note: 'the signature is wrong' })
    }
  })

  it.each(VENDORS)('is taken by %s within half a minute of skew, and of another issuer that is trusted', async (vendor) => {
    const { sandbox, tell } = await arrange()
    const { identity } = sandbox
    const early = identity.mint({ ...ES256, claims: { iat: NOW + 30, nbf: NOW + 30, exp: NOW + 330 } })
    expect((await tell(...askExchange(vendor, early))).status).toBe(200)
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    identity.trust('https://issuer.example', [{ ...(await exportJWK(publicKey)), kid: 'theirs' }])
    const [, payload = ''] = identity.mint(ES256).split('.')
    const foreign = await new SignJWT({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), iss: 'https://issuer.example' })
      .setProtectedHeader({ alg: 'ES256', kid: 'theirs' })
      .sign(privateKey)
    expect((await tell(...askExchange(vendor, foreign))).status).toBe(200)
  })

  it.each(VENDORS)('is taken by %s for another audience when the rule there names that one too', async (vendor) => {
    const { sandbox, tell } = await arrange()
    const audience = 'a-system-whose-jobs-cannot-choose'
    const ask = async () => (await tell(...askExchange(vendor, sandbox.identity.mint({ ...ES256, audience })))).status
    expect([400, 401]).toContain(await ask())
    sandbox.identity.nameAudience(audience)
    expect(await ask()).toBe(200)
  })

  it.each(VENDORS)('is refused by %s when it is longer than 16 KiB', async (vendor) => {
    const { sandbox, tell } = await arrange()
    const { status } = await tell(...askExchange(vendor, sandbox.identity.mint({ ...ES256, claims: { more: 'x'.repeat(12_500) } })))
    expect([400, 401]).toContain(status)
    expect(sandbox.journal[0]).toMatchObject({ note: expect.stringMatching(/too long|longer than 16384 bytes/) })
  })
})
