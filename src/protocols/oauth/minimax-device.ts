import { timingSafeEqual } from 'node:crypto'
import { ClawError } from '../../core/errors.ts'
import { Secret } from '../../core/secret.ts'
import { visibleLine } from '../../core/visible.ts'
import { type Answer, brokenAnswer, jsonFields, oauthErrorOf, shapeOf } from '../answer.ts'
import { type DeviceRules, notEnabled, pagesOf } from './device-authorization.ts'
import type { DeviceDialect, DevicePoll, DeviceStart } from './device-dialect.ts'
import { pollOf } from './device-poll.ts'
import type { DeviceWish } from './device-request.ts'
import { intervalOf, lifetimeOf, lifetimeUntil } from './device-times.ts'
import { isPage, pageError } from './page-answer.ts'
import { newPkcePair } from './pkce.ts'
import { judgeStatusAnswer, type StatusRules, textAt } from './minimax-answer.ts'
import { judgeTokenAnswer } from './token-endpoint.ts'
import { tokenError } from './token-error.ts'
import { type Endpoint, postFields } from './token-request.ts'
import { userCodeOf } from './user-code.ts'

/** MiniMax's device sign-in: PKCE inside a device grant, the user code as its handle, times in ms. */
export interface MiniMaxRules {
  readonly device: Endpoint
  readonly token: Endpoint
  readonly start: DeviceRules
  readonly wish: DeviceWish
  readonly isStateChecked: boolean
  readonly grantType: string
  readonly intervalUnit: 's' | 'ms'
  readonly leastIntervalMs: number | undefined
  readonly codeExpiryField: string
  readonly codeExpiryUnit: 's' | 'epoch-ms'
  readonly status: StatusRules
  readonly extras: readonly string[]
}

const START = 'the device authorization endpoint'
/** RFC 6749 section 10.10 asks for 128 bits. */
const STATE_BYTES = 24

/** The dialect of MiniMax's own CLI and of openclaw (read in autumn 2026). */
export function miniMaxDevice(rules: MiniMaxRules): DeviceDialect {
  return {
    async start({ send, random, wall, signal }) {
      const { verifier, challenge } = newPkcePair(random)
      const state = new Secret(random.bytes(STATE_BYTES).toString('base64url'), 'state')
      const fields = { scope: rules.wish.scope, code_challenge: challenge, code_challenge_method: 'S256', state: state.reveal() }
      const answer = await postFields(send, rules.device, fields, signal)
      if (isPage(answer) && answer.status !== 404) return { kind: 'page', error: pageError(answer, START) }
      return { ...judgeStart(answer, rules, state, wall()), secrets: { verifier } }
    },
    async poll({ send, wall, signal }, { userCode, secrets: { verifier } }) {
      if (!verifier || userCode === null) throw new ClawError('CLAW_INTERNAL', { what: 'a poll had no verifier' })
      const fields = { grant_type: rules.grantType, user_code: userCode, code_verifier: verifier.reveal() }
      return judgePoll(await postFields(send, rules.token, fields, signal), rules, wall())
    },
  }
}

/** @throws {ClawError} `CLAW_PROTOCOL` for an answer that breaks the dialect; the server's words for a refusal. */
function judgeStart(answer: Answer, rules: MiniMaxRules, state: Secret, wallNow: number): Omit<DeviceStart, 'secrets'> {
  const fields = jsonFields(answer.text)
  const isSuccess = answer.status >= 200 && answer.status < 300
  if (!isSuccess || oauthErrorOf(fields)) throw refusalOf(answer, rules)
  if (!fields) throw brokenAnswer('the answer to the device authorization request is not a JSON object', shapeOf(answer))
  if (fields.get('user_code') === undefined) {
    const message = messageOf(answer, rules)
    if (message !== undefined) throw brokenAnswer('`user_code` is missing from the device authorization', message)
  }
  if (rules.isStateChecked && !isSame(fields.get('state'), state))
    throw brokenAnswer('`state` of the device authorization is not the one that was sent')
  const end = fields.get(rules.codeExpiryField)
  return {
    kind: 'started',
    userCode: userCodeOf(fields.get('user_code')),
    ...pagesOf(fields, rules.start),
    intervalMs: intervalOf(fields.get('interval'), rules.start.defaultIntervalMs, rules.intervalUnit, rules.leastIntervalMs),
    lifetimeMs:
      rules.codeExpiryUnit === 's'
        ? lifetimeOf(end, rules.start.defaultLifetimeMs)
        : lifetimeUntil(end, answer, wallNow, rules.start.defaultLifetimeMs),
  }
}

function judgePoll(answer: Answer, rules: MiniMaxRules, wallNow: number): DevicePoll {
  if (isPage(answer)) return { kind: 'page', error: pageError(answer, 'the token endpoint') }
  const judged = judgeStatusAnswer(answer, rules.status, wallNow, rules.extras)
  if (judged.kind === 'pending') return judged
  if (judged.kind === 'oauth_error' && judged.isFinal === false)
    return { kind: 'denied', why: judged.description ?? `the server answered \`${rules.status.statusField}: ${rules.status.errorValue}\`` }
  return pollOf(judged)
}

function refusalOf(answer: Answer, rules: MiniMaxRules): ClawError {
  const judged = judgeTokenAnswer(answer, undefined)
  if (judged.kind === 'granted') return brokenAnswer('`user_code` is missing from the device authorization')
  const message = messageOf(answer, rules)
  if (judged.kind !== 'refused' || message === undefined)
    return judged.kind === 'refused' && judged.status === 404
      ? notEnabled(judged.shape, rules.start.notEnabledFix)
      : tokenError(judged, START)
  return new ClawError('CLAW_CLIENT_REFUSED', {
    what: `${START} answered HTTP ${answer.status}`,
    why: message,
    fix: 'check `client_id`, `scope` and the endpoints of this provider in the configuration',
    data: { status: answer.status },
  })
}

/** The vendor's own words for an error, made visible. */
function messageOf(answer: Answer, { status }: MiniMaxRules): string | undefined {
  const message = textAt(jsonFields(answer.text), status.errorMessagePath)
  return message === undefined ? undefined : visibleLine(message)
}

function isSame(value: unknown, expected: Secret): boolean {
  const [given, own] = [Buffer.from(typeof value === 'string' ? value : ''), Buffer.from(expected.reveal())]
  return given.length === own.length && timingSafeEqual(given, own)
}
