import { ClawError } from '../core/errors.ts'
import { SHORTEST_SECRET, type SecretKind } from '../core/redaction.ts'
import { Secret } from '../core/secret.ts'

/** The longest credential, bytes: it must fit into one header (S-32). */
const LONGEST_SECRET = 16 * 1024

/**
 * The secret that some text holds. One line end at its end is not part of it; anything else that no header can carry
 * refuses it, and the error tells length and place only.
 *
 * @param source what it came from, as errors name it: `env:NAME`, `file:/path`
 * @throws {ClawError} `CLAW_REFERENCE_UNRESOLVED` when there is nothing; `CLAW_KEY_INVALID`
 */
export function secretFrom(content: string | Uint8Array, source: string, kind: SecretKind): Secret {
  // One character a byte, whatever the encoding: a position is that of the byte.
  const text = Buffer.from(content)
    .toString('latin1')
    .replace(/\r?\n$/, '')
  if (text === '') throw new ClawError('CLAW_REFERENCE_UNRESOLVED', { what: `\`${source}\` is empty` })
  const refuse = (why: string): ClawError =>
    new ClawError('CLAW_KEY_INVALID', {
      what: `what \`${source}\` holds cannot be a credential`,
      why,
      data: { source, length: text.length },
    })
  if (text.length > LONGEST_SECRET) throw refuse(`it is ${text.length} bytes long, and a credential has ${LONGEST_SECRET} at the most`)
  const bad = /[^\x21-\x7e]/.exec(text)
  if (bad) throw refuse(`it is ${text.length} bytes long, and byte ${bad.index + 1} is no visible ASCII character`)
  if (text.length < SHORTEST_SECRET) throw refuse(`it is ${text.length} bytes long, and a credential has ${SHORTEST_SECRET} at the least`)
  return new Secret(text, kind)
}
