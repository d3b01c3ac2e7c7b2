import { ClawError } from '../core/errors.ts'
import { MAX_ANSWER_BYTES, type HttpResponse } from './http.ts'

/**
 * The body of an answer as text (UTF-8), as far as a limit allows.
 *
 * @param of whose answer it is, for the error: an origin
 * @throws {ClawError} `CLAW_PROTOCOL` with `data.limit` when it is longer; what the body itself throws.
 */
export async function readText(response: HttpResponse, maxBytes: number = MAX_ANSWER_BYTES, of?: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) {
    response.discard()
    throw tooLong(maxBytes, of)
  }
  for await (const chunk of response.body) {
    length += chunk.byteLength
    // Leaving the loop ends the connection.
    if (length > maxBytes) throw tooLong(maxBytes, of)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length).toString('utf8')
}

function tooLong(maxBytes: number, of: string | undefined): ClawError {
  return new ClawError('CLAW_PROTOCOL', {
    what: `the answer${of === undefined ? '' : ` of \`${of}\``} is longer than ${Math.floor(maxBytes / 1024)} KiB`,
    data: { sent: true, limit: { limit: 'answer.bytes', bytes: maxBytes, source: 'built-in' } },
  })
}
