import { createHash } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'

/** What a code was given out for; whoever redeems it must say the same. */
export interface CodeRequest {
  /** `null` = the vendor knows no client ids. */
  readonly clientId: string | null
  readonly redirectUri: string | null
  /** RFC 7636, S256. */
  readonly challenge: string
  readonly scope?: string | undefined
  readonly nonce?: string | undefined
  /** For who wants it again with the code. */
  readonly state?: string | undefined
}

/** How a code is redeemed. */
export interface Redemption {
  readonly code: string
  readonly clientId: string | null
  readonly redirectUri: string | null
  readonly verifier: string
}

export interface CodeRules {
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly codeLifetimeS: number
}

/** Authorization codes with PKCE: good once, for a while, and only for who has the verifier. */
export class AuthorizationCodes {
  readonly #rules: CodeRules
  readonly #codes = new Map<string, { readonly request: CodeRequest; readonly expiresAt: number }>()

  constructor(rules: CodeRules) {
    this.#rules = rules
  }

  issue(request: CodeRequest): string {
    const code = `sandbox-code-${this.#rules.random.bytes(18).toString('base64url')}`
    this.#codes.set(code, { request, expiresAt: this.#rules.clock.now() + this.#rules.codeLifetimeS * 1_000 })
    return code
  }

  /** What the code was given out for; `undefined` = `invalid_grant`. A code that was tried is used up. */
  redeem({ code, clientId, redirectUri, verifier }: Redemption): CodeRequest | undefined {
    const request = this.redeemUnbound({ code, verifier })
    return request?.clientId === clientId && request.redirectUri === redirectUri ? request : undefined
  }

  /** The same where the exchange says neither the client nor the redirect. */
  redeemUnbound({ code, verifier }: Pick<Redemption, 'code' | 'verifier'>): CodeRequest | undefined {
    const held = this.#codes.get(code)
    this.#codes.delete(code)
    if (!held || this.#rules.clock.now() >= held.expiresAt) return undefined
    return held.request.challenge === challengeOf(verifier) ? held.request : undefined
  }
}

/** RFC 7636 section 4.2, S256. */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}
