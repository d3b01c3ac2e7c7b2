import { ClawError } from '../../core/errors.ts'
import type { Answer } from '../answer.ts'
import type { DevicePoll } from './device-dialect.ts'
import { intervalOf } from './device-times.ts'
import { isPage, pageError } from './page-answer.ts'
import { judgeTokenAnswer, type TokenAnswer } from './token-endpoint.ts'
import { tokenError } from './token-error.ts'

/** RFC 8628 section 3.5, and the second word of xAI for the same. */
const DENIALS: readonly string[] = ['access_denied', 'authorization_denied']

/** A device code that is used up or not known: RFC 6749 section 5.2, and GitHub's own word. */
const SPENT: readonly string[] = ['invalid_grant', 'incorrect_device_code']

/** Words of the catalogue for what the RFC names otherwise. */
export interface PollWords {
  /** Errors that end the sign-in as a refusal by a person does. */
  readonly denied?: readonly string[] | undefined
  readonly pending?: readonly string[] | undefined
  readonly slowDown?: readonly string[] | undefined
}

/**
 * Judges the answer to one poll by RFC 8628 section 3.5.
 *
 * @param wallNow what the clock here says, ms
 * @param extras fields of a grant to keep by name
 * @throws {ClawError} `CLAW_PROTOCOL` for a grant that breaks RFC 6749 section 5.1.
 */
export function judgeDevicePoll(answer: Answer, wallNow: number, words: PollWords = {}, extras: readonly string[] = []): DevicePoll {
  if (isPage(answer)) return { kind: 'page', error: pageError(answer, 'the token endpoint') }
  return pollOf(judgeTokenAnswer(answer, wallNow, extras), words)
}

/** What the answer of a token endpoint means to somebody who waits for an approval. */
export function pollOf(judged: TokenAnswer, words: PollWords = {}): DevicePoll {
  if (judged.kind === 'granted') return judged
  if (judged.kind === 'not_processed') return { kind: 'unreachable', status: judged.status, retryAfterMs: judged.retryAfterMs }
  if (judged.kind === 'server_error') return { kind: 'unreachable', status: judged.status, retryAfterMs: null }
  if (judged.kind === 'oauth_error') {
    const { error, description, interval } = judged
    if (error === 'authorization_pending' || words.pending?.includes(error)) return { kind: 'pending' }
    if (error === 'slow_down' || words.slowDown?.includes(error))
      return { kind: 'slow_down', intervalMs: interval === undefined ? undefined : intervalOf(interval, undefined) }
    if (SPENT.includes(error)) return { kind: 'failed', error: spentError(judged) }
    if (error === 'expired_token') return { kind: 'expired' }
    if (DENIALS.includes(error) || words.denied?.includes(error))
      return { kind: 'denied', why: description ?? `the server answered \`${error}\`` }
  }
  return { kind: 'failed', error: tokenError(judged) }
}

function spentError({ error, status }: { readonly error: string; readonly status: number }): ClawError {
  return new ClawError('CLAW_GRANT_REJECTED', {
    what: 'the server does not take this code any more',
    why: `the token endpoint answered \`${error}\``,
    data: { status, error },
  })
}
