import { ClawError } from '../../core/errors.ts'
import { Secret } from '../../core/secret.ts'
import { isHeaderSafe } from '../../core/vocabulary.ts'
import { type Answer, brokenAnswer, jsonFields, oauthErrorOf, shapeOf } from '../answer.ts'
import { requestCodeExchange } from './code-exchange.ts'
import { notEnabled } from './device-authorization.ts'
import type { DeviceDialect, DevicePoll, DeviceStart } from './device-dialect.ts'
import { judgeDevicePoll, pollOf, type PollWords } from './device-poll.ts'
import { intervalOf, lifetimeOf, lifetimeUntil } from './device-times.ts'
import { isPage, pageError } from './page-answer.ts'
import { judgeTokenAnswer } from './token-endpoint.ts'
import { tokenError } from './token-error.ts'
import { type Endpoint, postFields } from './token-request.ts'
import { userCodeOf } from './user-code.ts'
import { verificationUri } from './verification-uri.ts'

/** OpenAI's device sign-in: a code, a poll that answers with an authorization code, and the exchange of that code. */
export interface OpenAiRules {
  readonly usercode: Endpoint
  readonly poll: Endpoint
  readonly token: Endpoint
  /** The page, which no answer names. */
  readonly verificationUri: string
  readonly redirectUri: string
  readonly deviceIdField: string
  /** Names that the user code has had. */
  readonly userCodeFields: readonly string[]
  readonly defaultIntervalMs?: number | undefined
  readonly lifetimeMs?: number | undefined
  /** Statuses of a poll that mean `pending` whatever the body says. */
  readonly pendingStatuses: readonly number[]
  readonly words: PollWords
  readonly notEnabledStatus: number
  readonly notEnabledFix: string | undefined
  readonly extras: readonly string[]
}

const START = 'the device code endpoint'

/** The dialect of the Codex CLI (login module, read in autumn 2026). */
export function openAiDevice(rules: OpenAiRules): DeviceDialect {
  return {
    async start({ send, wall, signal }) {
      const answer = await postFields(send, rules.usercode, {}, signal)
      if (answer.status === rules.notEnabledStatus) throw notEnabled(shapeOf(answer), rules.notEnabledFix)
      if (isPage(answer)) return { kind: 'page', error: pageError(answer, START) }
      return judgeUserCode(answer, rules, wall())
    },
    async poll(wire, { userCode, secrets }) {
      const { deviceCode, authorizationCode, verifier } = secrets
      // Once approved, only the exchange is left: the poll would never be answered again.
      if (authorizationCode && verifier) {
        const exchange = { code: authorizationCode, verifier, redirectUri: rules.redirectUri }
        return judgeDevicePoll(await requestCodeExchange(wire.send, rules.token, exchange, wire.signal), wire.wall(), {}, rules.extras)
      }
      if (!deviceCode) throw new ClawError('CLAW_INTERNAL', { what: 'a poll had no device code' })
      const fields = { [rules.deviceIdField]: deviceCode.reveal(), user_code: userCode ?? undefined }
      return judgeApproval(await postFields(wire.send, withoutClient(rules.poll), fields, wire.signal), rules, wire.wall())
    },
  }
}

/** The poll knows the client by its id of the device, and takes no other field. */
function withoutClient({ clientId: _, ...endpoint }: Endpoint): Endpoint {
  return endpoint
}

/**
 * Judges the answer with the code. `interval` comes as a string of seconds, and the end of the code not at all or as
 * `expires_at`.
 *
 * @throws {ClawError} `CLAW_PROTOCOL` for an answer that breaks the dialect; what {@link tokenError} makes of a refusal.
 */
function judgeUserCode(answer: Answer, rules: OpenAiRules, wallNow: number): DeviceStart {
  const fields = jsonFields(answer.text)
  if (answer.status < 200 || answer.status > 299 || oauthErrorOf(fields)) {
    const judged = judgeTokenAnswer(answer, wallNow)
    if (judged.kind !== 'granted') throw tokenError(judged, START)
  }
  if (!fields) throw brokenAnswer(`the answer of ${START} is not a JSON object`, shapeOf(answer))
  const deviceCode = fields.get(rules.deviceIdField)
  if (deviceCode === undefined) throw brokenAnswer(`\`${rules.deviceIdField}\` is missing from the device authorization`)
  if (typeof deviceCode !== 'string' || !isHeaderSafe(deviceCode))
    throw brokenAnswer(`\`${rules.deviceIdField}\` of the device authorization must be a string of visible characters`)
  const page = verificationUri(rules.verificationUri, 'verification_uri', rules.token.url)
  if (!page) throw new ClawError('CLAW_INTERNAL', { what: 'the catalogue names no page for this sign-in' })
  const expiresAt = fields.get('expires_at') ?? undefined
  return {
    kind: 'started',
    secrets: { deviceCode: new Secret(deviceCode, 'device-code') },
    userCode: userCodeOf(rules.userCodeFields.map((name) => fields.get(name)).find((value) => value !== undefined)),
    verificationUri: page.href,
    verificationUriComplete: null,
    intervalMs: intervalOf(fields.get('interval'), rules.defaultIntervalMs),
    lifetimeMs:
      expiresAt === undefined
        ? lifetimeOf(fields.get('expires_in'), rules.lifetimeMs)
        : lifetimeUntil(expiresAt, answer, wallNow, rules.lifetimeMs),
    warnings: [],
  }
}

/**
 * Judges a poll: the words of the body first, then the statuses that mean `pending`, then the authorization code.
 *
 * @throws {ClawError} `CLAW_PROTOCOL` for an approval without its code or verifier.
 */
function judgeApproval(answer: Answer, rules: OpenAiRules, wallNow: number): DevicePoll {
  const fields = jsonFields(answer.text)
  const isSuccess = answer.status >= 200 && answer.status < 300
  if (!isSuccess || oauthErrorOf(fields)) {
    const said = judgeWords(answer, rules, wallNow)
    return said.kind === 'failed' && rules.pendingStatuses.includes(answer.status) ? { kind: 'pending' } : said
  }
  if (isPage(answer)) return { kind: 'page', error: pageError(answer, 'the poll endpoint') }
  if (!fields) throw brokenAnswer('the answer of the poll endpoint is not a JSON object', shapeOf(answer))
  return {
    kind: 'approved',
    secrets: {
      authorizationCode: new Secret(approvedField(fields, 'authorization_code'), 'authorization-code'),
      verifier: new Secret(approvedField(fields, 'code_verifier'), 'verifier'),
    },
  }
}

function judgeWords(answer: Answer, { words }: OpenAiRules, wallNow: number): DevicePoll {
  const judged = judgeTokenAnswer(answer, wallNow)
  return judged.kind === 'granted' ? { kind: 'failed', error: brokenAnswer('a poll was answered with tokens') } : pollOf(judged, words)
}

function approvedField(fields: ReadonlyMap<string, unknown>, name: string): string {
  const value = fields.get(name)
  if (value === undefined) throw brokenAnswer(`\`${name}\` is missing from the approval`)
  if (typeof value !== 'string' || !isHeaderSafe(value))
    throw brokenAnswer(`\`${name}\` of the approval must be a string of visible characters`)
  return value
}
