import { judgeDeviceAuthorization, type DeviceRules } from './device-authorization.ts'
import type { DeviceDialect } from './device-dialect.ts'
import { judgeDevicePoll, type PollWords } from './device-poll.ts'
import { type DeviceWish, requestDeviceCode, requestDeviceToken } from './device-request.ts'
import { isPage, pageError } from './page-answer.ts'
import { newPkcePair } from './pkce.ts'
import { ClawError } from '../../core/errors.ts'
import type { Endpoint } from './token-request.ts'

/** RFC 8628, and how far a provider is from it. */
export interface Rfc8628Rules {
  readonly device: Endpoint
  readonly token: Endpoint
  readonly start: DeviceRules
  readonly wish: DeviceWish
  /** The device code is bound to a verifier that only the poll shows (Qwen). */
  readonly hasPkce: boolean
  readonly words: PollWords
  /** Fields of a grant to keep by name. */
  readonly extras: readonly string[]
}

/** The dialect of the RFC itself; GitHub, Kimi and xAI differ from it only in data. */
export function rfc8628Device(rules: Rfc8628Rules): DeviceDialect {
  return {
    async start({ send, random, signal }) {
      const pair = rules.hasPkce ? newPkcePair(random) : undefined
      const proof = pair && { code_challenge: pair.challenge, code_challenge_method: 'S256' }
      const answer = await requestDeviceCode(send, rules.device, rules.wish, signal, proof)
      if (isPage(answer) && answer.status !== 404) return { kind: 'page', error: pageError(answer, 'the device authorization endpoint') }
      const started = judgeDeviceAuthorization(answer, rules.start)
      return pair ? { ...started, secrets: { ...started.secrets, verifier: pair.verifier } } : started
    },
    async poll({ send, wall, signal }, { secrets }) {
      const { deviceCode, verifier } = secrets
      if (!deviceCode) throw new ClawError('CLAW_INTERNAL', { what: 'a poll had no device code' })
      const proof = verifier && { code_verifier: verifier.reveal() }
      return judgeDevicePoll(await requestDeviceToken(send, rules.token, deviceCode, signal, proof), wall(), rules.words, rules.extras)
    },
  }
}
