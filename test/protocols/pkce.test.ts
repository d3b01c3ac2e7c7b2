import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/platform/random.ts'
import { newPkcePair } from '../../src/protocols/oauth/pkce.ts'

describe('newPkcePair', () => {
  it('S-35 makes the pair of RFC 7636 appendix B from its octets', () => {
    const octets = Buffer.from('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'base64url')
    const { verifier, challenge } = newPkcePair({ bytes: () => octets })
    expect({ verifier: verifier.reveal(), challenge }).toEqual({
      verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
      challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    })
  })

  it('S-35 draws 32 octets, so that ten thousand verifiers differ and have 43 characters of base64url', () => {
    const verifiers = Array.from({ length: 10_000 }, () => newPkcePair(systemRandom).verifier.reveal())
    expect(new Set(verifiers).size).toBe(10_000)
    expect(verifiers.filter((verifier) => !/^[A-Za-z0-9_-]{43}$/.test(verifier))).toEqual([])
  })

  it('S-35 never prints the verifier', () => {
    const pair = newPkcePair(systemRandom)
    expect(JSON.stringify(pair)).toBe(`{"verifier":"[secret]","challenge":"${pair.challenge}"}`)
  })
})
