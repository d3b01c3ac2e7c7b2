import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import { OPAQUE, type TokenStyle } from './token-style.ts'

export interface TokenRules {
  readonly clock: Pick<Clock, 'now' | 'wall'>
  readonly random: Random
  readonly accessLifetimeS: number
  /** How long a replaced refresh token is still taken, s. */
  readonly graceS: number
}

export interface Tokens {
  readonly accessToken: string
  /** `null` = there is none, or the one that was sent stays good. */
  readonly refreshToken: string | null
  /** `null` = it has no end. */
  readonly expiresInS: number | null
}

/** `generation` is how often the grant had been refreshed before. */
export type Refresh =
  | { readonly kind: 'granted' | 'grace'; readonly tokens: Tokens; readonly generation: number }
  | { readonly kind: 'reuse' | 'unknown' | 'revoked'; readonly generation: number }

interface Family {
  readonly clientId: string
  readonly style: TokenStyle
  /** Who alone takes its access tokens; `null` = whoever takes those of a sign-in. */
  readonly realm: string | null
  refreshToken: string | null
  /** Earlier refresh tokens, and when each was replaced. */
  readonly replaced: Map<string, number>
  readonly accessTokens: Set<string>
  generation: number
  isRevoked: boolean
}

/**
 * Access and refresh tokens by the sign-in that they came from: rotation, and reuse detection that revokes the whole family
 * with its access tokens (RFC 9700 section 4.14.2).
 */
export class TokenFamilies {
  readonly #rules: TokenRules
  readonly #families = new Set<Family>()
  readonly #access = new Map<string, { readonly family: Family; expiresAt: number }>()

  constructor(rules: TokenRules) {
    this.#rules = rules
  }

  /** The first tokens of a sign-in. */
  issue(clientId: string, style: TokenStyle = OPAQUE, realm: string | null = null): Tokens {
    const refreshToken = style.refresh(this.#id())
    const family: Family = {
      clientId,
      style,
      realm,
      refreshToken,
      replaced: new Map(),
      accessTokens: new Set(),
      generation: 0,
      isRevoked: false,
    }
    this.#families.add(family)
    return { ...this.#newAccess(family), refreshToken }
  }

  /** A key without an end, as some vendors mint it at a sign-in. */
  mint(key: string): string {
    this.issue('', { access: () => key, refresh: () => null, lifetimeS: null })
    return key
  }

  refresh(refreshToken: string, clientId: string): Refresh {
    const now = this.#rules.clock.now()
    for (const family of this.#families) {
      const replacedAt = family.replaced.get(refreshToken)
      const isCurrent = family.refreshToken === refreshToken
      if ((!isCurrent && replacedAt === undefined) || family.clientId !== clientId) continue
      const { generation } = family
      if (family.isRevoked) return { kind: 'revoked', generation }
      const isInGrace = replacedAt !== undefined && now - replacedAt < this.#rules.graceS * 1_000
      if (!isCurrent && !isInGrace) {
        family.isRevoked = true
        return { kind: 'reuse', generation }
      }
      family.generation++
      return {
        kind: isCurrent ? 'granted' : 'grace',
        tokens: { ...this.#newAccess(family), refreshToken: this.#rotate(family) },
        generation,
      }
    }
    return { kind: 'unknown', generation: 0 }
  }

  /** RFC 7009: a token that is not known is as good as revoked. */
  revoke(token: string): void {
    for (const family of this.#families) if (family.refreshToken === token || family.accessTokens.has(token)) family.isRevoked = true
  }

  /** `undefined` for a token that was never given out here. */
  find(accessToken: string): { readonly isGood: boolean; readonly realm: string | null } | undefined {
    const held = this.#access.get(accessToken)
    return held && { isGood: !held.family.isRevoked && held.expiresAt > this.#rules.clock.now(), realm: held.family.realm }
  }

  /** Whether a token of a sign-in is good. */
  accepts(accessToken: string): boolean {
    const found = this.find(accessToken)
    return found?.realm === null && found.isGood
  }

  /** Lets every access token run out now, as time would. */
  expireAccess(): void {
    for (const held of this.#access.values()) held.expiresAt = 0
  }

  #newAccess(family: Family): Omit<Tokens, 'refreshToken'> {
    const { clock, accessLifetimeS } = this.#rules
    const expiresInS = family.style.lifetimeS === undefined ? accessLifetimeS : family.style.lifetimeS
    const lifetimeMs = expiresInS === null ? Number.POSITIVE_INFINITY : expiresInS * 1_000
    const issuedAt = clock.wall()
    const accessToken = family.style.access({ id: this.#id(), clientId: family.clientId, issuedAt, expiresAt: issuedAt + lifetimeMs })
    family.accessTokens.add(accessToken)
    this.#access.set(accessToken, { family, expiresAt: clock.now() + lifetimeMs })
    return { accessToken, expiresInS }
  }

  #rotate(family: Family): string | null {
    if (family.style.rotates === false || family.refreshToken === null) return null
    family.replaced.set(family.refreshToken, this.#rules.clock.now())
    family.refreshToken = family.style.refresh(this.#id())
    return family.refreshToken
  }

  #id(): string {
    return this.#rules.random.bytes(24).toString('base64url')
  }
}
