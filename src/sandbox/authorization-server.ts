import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'

export interface ServerRules {
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly accessLifetimeS: number
  readonly codeLifetimeS: number
  readonly intervalS: number
  /** Approves a code by itself at this poll; `null` = somebody must. */
  readonly approvesAtPoll: number | null
  /** How long a replaced refresh token is still taken, s. */
  readonly graceS: number
}

interface DeviceGrant {
  readonly clientId: string
  readonly userCode: string
  readonly expiresAt: number
  intervalS: number
  nextPollAt: number
  polls: number
  decision: 'pending' | 'approved' | 'denied'
}

interface Family {
  readonly clientId: string
  refreshToken: string
  /** Earlier refresh tokens, and when each was replaced. */
  readonly replaced: Map<string, number>
  readonly accessTokens: Set<string>
  generation: number
  isRevoked: boolean
}

/** What a poll is told; the errors are those of RFC 8628 section 3.5. */
export type Poll =
  | { readonly kind: 'granted'; readonly tokens: Tokens }
  | { readonly kind: 'error'; readonly error: 'authorization_pending' | 'slow_down' | 'access_denied' | 'expired_token' | 'invalid_grant' }

export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiresInS: number
}

/** `generation` is how often the grant had been refreshed before. */
export type Refresh =
  | { readonly kind: 'granted' | 'grace'; readonly tokens: Tokens; readonly generation: number }
  | { readonly kind: 'reuse' | 'unknown' | 'revoked'; readonly generation: number }

const SLOW_DOWN_STEP_S = 5
/** What the wire may take from an interval. */
const EARLY_MS = 500

/**
 * An authorization server in memory: device grants, rotating refresh tokens, and reuse detection that revokes the whole
 * family with its access tokens (RFC 9700 section 4.14.2).
 */
export class AuthorizationServer {
  readonly #rules: ServerRules
  readonly #grants = new Map<string, DeviceGrant>()
  readonly #families = new Set<Family>()
  readonly #access = new Map<string, { readonly family: Family; expiresAt: number }>()

  constructor(rules: ServerRules) {
    this.#rules = rules
  }

  startDevice(clientId: string): {
    readonly deviceCode: string
    readonly userCode: string
    readonly expiresInS: number
    readonly intervalS: number
  } {
    const { codeLifetimeS, intervalS, clock } = this.#rules
    const now = clock.now()
    const deviceCode = this.#token('dc')
    const grant: DeviceGrant = {
      clientId,
      userCode: this.#userCode(),
      expiresAt: now + codeLifetimeS * 1_000,
      intervalS,
      nextPollAt: now,
      polls: 0,
      decision: 'pending',
    }
    this.#grants.set(deviceCode, grant)
    return { deviceCode, userCode: grant.userCode, expiresInS: codeLifetimeS, intervalS }
  }

  /** What the person with the browser does; false where no such code waits. */
  decide(userCode: string, decision: 'approved' | 'denied'): boolean {
    const grant = [...this.#grants.values()].find((each) => each.userCode === userCode.toUpperCase())
    if (grant?.decision !== 'pending' || this.#rules.clock.now() >= grant.expiresAt) return false
    grant.decision = decision
    return true
  }

  poll(deviceCode: string, clientId: string): Poll {
    const now = this.#rules.clock.now()
    const grant = this.#grants.get(deviceCode)
    if (grant?.clientId !== clientId) return { kind: 'error', error: 'invalid_grant' }
    if (now >= grant.expiresAt) return { kind: 'error', error: 'expired_token' }
    // RFC 8628 section 3.5: whoever asks too early waits five seconds longer from now on.
    if (now < grant.nextPollAt - EARLY_MS) {
      grant.intervalS += SLOW_DOWN_STEP_S
      grant.nextPollAt = now + grant.intervalS * 1_000
      return { kind: 'error', error: 'slow_down' }
    }
    grant.nextPollAt = now + grant.intervalS * 1_000
    grant.polls++
    if (grant.decision === 'pending' && this.#rules.approvesAtPoll !== null && grant.polls >= this.#rules.approvesAtPoll)
      grant.decision = 'approved'
    if (grant.decision === 'denied') return { kind: 'error', error: 'access_denied' }
    if (grant.decision === 'pending') return { kind: 'error', error: 'authorization_pending' }
    this.#grants.delete(deviceCode)
    const family: Family = {
      clientId,
      refreshToken: this.#token('rt'),
      replaced: new Map(),
      accessTokens: new Set(),
      generation: 0,
      isRevoked: false,
    }
    this.#families.add(family)
    return { kind: 'granted', tokens: this.#issue(family) }
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
      family.replaced.set(family.refreshToken, now)
      family.refreshToken = this.#token('rt')
      family.generation++
      return { kind: isCurrent ? 'granted' : 'grace', tokens: this.#issue(family), generation }
    }
    return { kind: 'unknown', generation: 0 }
  }

  /** RFC 7009: a token that is not known is as good as revoked. */
  revoke(token: string): void {
    for (const family of this.#families) if (family.refreshToken === token || family.accessTokens.has(token)) family.isRevoked = true
  }

  accepts(accessToken: string): boolean {
    const held = this.#access.get(accessToken)
    return held !== undefined && !held.family.isRevoked && held.expiresAt > this.#rules.clock.now()
  }

  /** Lets every access token run out now, as time would. */
  expireAccess(): void {
    for (const held of this.#access.values()) held.expiresAt = 0
  }

  #issue(family: Family): Tokens {
    const accessToken = this.#token('at')
    family.accessTokens.add(accessToken)
    this.#access.set(accessToken, { family, expiresAt: this.#rules.clock.now() + this.#rules.accessLifetimeS * 1_000 })
    return { accessToken, refreshToken: family.refreshToken, expiresInS: this.#rules.accessLifetimeS }
  }

  #token(kind: string): string {
    return `sandbox-${kind}-${this.#rules.random.bytes(24).toString('base64url')}`
  }

  /** No vowels, so that no words come out (RFC 8628 section 6.1). */
  #userCode(): string {
    const letters = 'BCDFGHJKLMNPQRSTVWXZ'
    const code = [...this.#rules.random.bytes(8)].map((byte) => letters[byte % letters.length]).join('')
    return `${code.slice(0, 4)}-${code.slice(4)}`
  }
}
