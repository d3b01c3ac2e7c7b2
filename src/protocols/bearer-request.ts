import { ClawError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import { isHeaderSafe } from '../core/vocabulary.ts'
import { MAX_ANSWER_BYTES } from '../platform/http.ts'
import { readText } from '../platform/read-text.ts'
import { refuseRedirect } from '../platform/refuse-redirect.ts'
import type { Answer } from './answer.ts'
import type { Send } from './oauth/token-request.ts'

/**
 * Asks for a document with a token as bearer (RFC 6750 section 2.1) and reads it to its end, whatever its status. Only
 * sends: whether the host may have the token was judged before.
 *
 * @param headers lower-case names
 * @throws {ClawError} `CLAW_NETWORK`, `CLAW_TIMEOUT`; `CLAW_REDIRECT`; `CLAW_PROTOCOL` for an answer above 256 KiB;
 * `CLAW_KEY_INVALID` for a token that no header may hold.
 */
export async function getWithBearer(
  send: Send,
  url: string,
  token: Secret,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer> {
  const value = token.reveal()
  if (!isHeaderSafe(value)) throw new ClawError('CLAW_KEY_INVALID', { what: 'a token cannot be sent in a header' })
  const all = { accept: 'application/json', 'user-agent': `claw/${__VERSION__}`, ...headers, authorization: `Bearer ${value}` }
  const response = await send({ method: 'GET', url, headers: all, signal })
  refuseRedirect(response, url)
  return { status: response.status, headers: response.headers, text: await readText(response, MAX_ANSWER_BYTES, new URL(url).origin) }
}
