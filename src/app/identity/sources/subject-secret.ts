import { ClawError } from '../../../core/errors.ts'
import { Secret } from '../../../core/secret.ts'
import { isHeaderSafe } from '../../../core/vocabulary.ts'
import { unresolved } from '../../../credentials/unresolved.ts'
import { type Answer, jsonFields, shapeOf } from '../../../protocols/answer.ts'
import type { SubjectSource } from '../../../providers/subject-source.ts'

/**
 * The token that a variable, a file or a program holds, without the end of its line. Whether it is one is judged by who
 * knows the vendor's rules.
 *
 * @throws {ClawError} `CLAW_REFERENCE_UNRESOLVED` where there is nothing.
 */
export function subjectFrom(content: string | Uint8Array, source: string, fix: string): Secret {
  // One character a byte: what is no ASCII stays so for whoever judges it.
  const text = Buffer.from(content)
    .toString('latin1')
    .replace(/\r?\n$/, '')
  if (text === '') throw unresolved(`\`${source}\` is empty`, undefined, fix)
  return new Secret(text, 'subject-token')
}

/**
 * The token in a good answer of a source.
 *
 * @param field of the JSON object; null = the body is the token, as it is or as a JSON string
 * @throws {ClawError} `CLAW_PROTOCOL`, never with a part of the answer.
 */
export function subjectOf(answer: Answer, field: string | null, source: SubjectSource, fix: string): Secret {
  const broken = (why: string): ClawError =>
    new ClawError('CLAW_PROTOCOL', { what: `${source.name} answered without an identity token`, why, fix, data: { sent: true } })
  const value = field === null ? bare(answer.text) : jsonFields(answer.text)?.get(field)
  if (value === undefined) {
    const isJson = field !== null && jsonFields(answer.text) !== undefined
    throw broken(isJson ? `${shapeOf(answer)}: there is no \`${field}\` in it` : shapeOf(answer))
  }
  const place = field === null ? 'the body' : `\`${field}\``
  if (typeof value !== 'string') throw broken(`${place} is no string`)
  if (value === '') throw broken(`${place} is empty`)
  if (!isHeaderSafe(value)) {
    throw broken(
      value.length > LONGEST
        ? `${place} is ${value.length} characters long, and a token has ${LONGEST} at the most`
        : `${place} holds characters that no token has`,
    )
  }
  return new Secret(value, 'subject-token')
}

/** The longest that any vendor takes (Anthropic, OpenRouter and Codex alike). */
const LONGEST = 16 * 1024

/** A page is no token, however short. */
function bare(text: string): unknown {
  const body = text.trim()
  if (/^[<{[]/.test(body)) return undefined
  if (!body.startsWith('"')) return body
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
