import { Secret } from '../../core/secret.ts'
import { visibleLine } from '../../core/visible.ts'
import { isHeaderSafe } from '../../core/vocabulary.ts'
import { ClawError } from '../../core/errors.ts'
import { type Answer, brokenAnswer, fieldsOf, jsonFields, shapeOf } from '../answer.ts'
import type { CodeExchange } from './code-exchange.ts'
import { judgeTokenAnswer } from './token-endpoint.ts'
import { tokenError } from './token-error.ts'
import { type Endpoint, postFields, type Send } from './token-request.ts'

/** What a code is exchanged for where the server mints an API key in place of tokens (OpenRouter's OAuth PKCE guide, 2026). */
export interface MintedKey {
  readonly key: Secret
  /** As the server names its user; for display only. */
  readonly userId: string | null
}

/**
 * Exchanges a code for an API key: a code and its verifier, and no client. Only sends.
 *
 * @throws as {@link postFields}
 */
export function requestKeyMint(
  send: Send,
  endpoint: Endpoint,
  { code, verifier }: Pick<CodeExchange, 'code' | 'verifier'>,
  signal: AbortSignal,
): Promise<Answer> {
  const fields = { code: code.reveal(), code_verifier: verifier.reveal(), code_challenge_method: 'S256' }
  return postFields(send, endpoint, fields, signal)
}

/**
 * Judges the answer: the key under the name that this server has for it.
 *
 * @throws {ClawError} `CLAW_GRANT_REJECTED` for a code that is spent, expired or not of this verifier; else as {@link tokenError};
 * `CLAW_PROTOCOL` for a success without a key.
 */
export function judgeKeyMint(answer: Answer, now: number, resultField: string): MintedKey {
  const fields = jsonFields(answer.text)
  const isSuccess = answer.status >= 200 && answer.status < 300
  if (isSuccess && fields) {
    const key = fields.get(resultField)
    if (typeof key !== 'string' || key.length < 8 || !isHeaderSafe(key))
      throw brokenAnswer(`\`${resultField}\` of the answer is no API key`, shapeOfKey(key))
    const userId = fields.get('user_id')
    return { key: new Secret(key, 'api-key'), userId: typeof userId === 'string' && userId !== '' ? visibleLine(userId, 128) : null }
  }
  const nested = fieldsOf(fields?.get('error'))
  if ((answer.status === 400 || answer.status === 403) && nested) {
    const message = nested.get('message')
    throw new ClawError('CLAW_GRANT_REJECTED', {
      what: 'the server did not take the code',
      why: typeof message === 'string' && message !== '' ? visibleLine(message) : shapeOf(answer),
      data: { status: answer.status },
    })
  }
  const judged = judgeTokenAnswer(answer, now)
  if (judged.kind !== 'granted') throw tokenError(judged, 'the server that mints the key')
  throw brokenAnswer('the answer to the exchange of the code is no API key', shapeOf(answer))
}

/** Never anything of it. */
function shapeOfKey(key: unknown): string {
  if (key === undefined || key === null) return 'it is missing'
  return typeof key === 'string' ? `${key.length} characters` : `it is a ${typeof key}`
}
