import type { Answer } from '../../src/protocols/answer.ts'

/** An answer as it comes off the wire: an object is sent as JSON, a text as it is. */
export function answer(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return typeof body === 'string'
    ? { status, headers, text: body }
    : { status, headers: { 'content-type': 'application/json', ...headers }, text: JSON.stringify(body) }
}
