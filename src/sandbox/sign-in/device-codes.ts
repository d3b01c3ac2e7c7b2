import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'

export interface DeviceRules {
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly codeLifetimeS: number
  readonly intervalS: number
  /** Approves a code by itself at this poll; `null` = somebody must. */
  readonly approvesAtPoll: number | null
}

/** What a code was asked for with, and comes back when it is approved. */
export interface DeviceRequest {
  readonly clientId: string
  readonly scope?: string | undefined
  /** PKCE inside the device grant: what the verifier of the poll must hash to. */
  readonly challenge?: string | undefined
  /** The code of the person is the handle of the device too (MiniMax). */
  readonly isByUserCode?: boolean
}

export interface StartedDevice {
  readonly deviceCode: string
  readonly userCode: string
  readonly expiresInS: number
  readonly intervalS: number
}

/** What a poll is told; the errors are those of RFC 8628 section 3.5. */
export type Poll =
  | { readonly kind: 'approved'; readonly request: DeviceRequest }
  | { readonly kind: 'error'; readonly error: 'authorization_pending' | 'slow_down' | 'access_denied' | 'expired_token' | 'invalid_grant' }

interface DeviceGrant {
  readonly request: DeviceRequest
  readonly userCode: string
  readonly expiresAt: number
  intervalS: number
  nextPollAt: number
  polls: number
  decision: 'pending' | 'approved' | 'denied'
}

const SLOW_DOWN_STEP_S = 5
/** What the wire may take from an interval. */
const EARLY_MS = 500

/** Device codes, and what the person with the browser makes of them. */
export class DeviceCodes {
  readonly #rules: DeviceRules
  readonly #grants = new Map<string, DeviceGrant>()

  constructor(rules: DeviceRules) {
    this.#rules = rules
  }

  start(request: DeviceRequest): StartedDevice {
    const { codeLifetimeS, intervalS, clock, random } = this.#rules
    const now = clock.now()
    const deviceCode = `sandbox-dc-${random.bytes(24).toString('base64url')}`
    const grant: DeviceGrant = {
      request,
      userCode: this.#userCode(),
      expiresAt: now + codeLifetimeS * 1_000,
      intervalS,
      nextPollAt: now,
      polls: 0,
      decision: 'pending',
    }
    this.#grants.set(request.isByUserCode ? grant.userCode : deviceCode, grant)
    return { deviceCode, userCode: grant.userCode, expiresInS: codeLifetimeS, intervalS }
  }

  /** What the person with the browser does; false where no such code waits. */
  decide(userCode: string, decision: 'approved' | 'denied'): boolean {
    const grant = [...this.#grants.values()].find((each) => each.userCode === userCode.toUpperCase())
    if (grant?.decision !== 'pending' || this.#rules.clock.now() >= grant.expiresAt) return false
    grant.decision = decision
    return true
  }

  /** An approved code is used up by the poll that is told so. */
  poll(deviceCode: string, clientId: string): Poll {
    const now = this.#rules.clock.now()
    const grant = this.#grants.get(deviceCode)
    if (grant?.request.clientId !== clientId) return { kind: 'error', error: 'invalid_grant' }
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
    return { kind: 'approved', request: grant.request }
  }

  /** The same for a device that says the code of the person in place of its client (OpenAI). */
  pollAs(deviceCode: string, userCode: string): Poll {
    const grant = this.#grants.get(deviceCode)
    return this.poll(grant?.userCode === userCode ? deviceCode : '', grant?.request.clientId ?? '')
  }

  /** No vowels, so that no words come out (RFC 8628 section 6.1). */
  #userCode(): string {
    const letters = 'BCDFGHJKLMNPQRSTVWXZ'
    const code = [...this.#rules.random.bytes(8)].map((byte) => letters[byte % letters.length]).join('')
    return `${code.slice(0, 4)}-${code.slice(4)}`
  }
}
