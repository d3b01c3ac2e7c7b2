import { ClawError } from '../core/errors.ts'

/** Set by the connection itself; a second one would change where a request ends or whom it is for. */
const OWN_HEADERS: readonly string[] = [
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'proxy-authorization',
  'accept-encoding',
]
const LONGEST_VALUE = 16_384 + 'Bearer '.length

/**
 * Refuses headers that could not be sent as they are (RFC 9110 section 5.5): the library's own message may hold the value.
 *
 * @throws {ClawError} `CLAW_DATA_INVALID` with name, length and position of the first bad character, never the value;
 * `CLAW_CONFIG_FORBIDDEN` for a header that belongs to the connection.
 */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/.test(name)) {
      throw new ClawError('CLAW_DATA_INVALID', { what: 'the name of a header cannot be sent', data: { length: name.length } })
    }
    if (OWN_HEADERS.includes(name)) {
      throw new ClawError('CLAW_CONFIG_FORBIDDEN', {
        what: `the header \`${name}\` is set by the connection alone`,
        fix: `take \`${name}\` out of the configured headers`,
      })
    }
    checkValue(name, value)
  }
}

function checkValue(name: string, value: string): void {
  if (value.length > LONGEST_VALUE) {
    throw new ClawError('CLAW_DATA_INVALID', {
      what: `the value of the header \`${name}\` is too long: ${value.length} characters`,
      data: { header: name, length: value.length },
    })
  }
  const position = /^ |[^\x20-\x7e]| $/.exec(value)?.index
  if (position === undefined) return
  throw new ClawError('CLAW_DATA_INVALID', {
    what: `the value of the header \`${name}\` cannot be sent: character ${position + 1} of ${value.length} is not allowed there`,
    why: 'only visible ASCII may stand there, and blanks inside',
    fix: 'give the value again without line breaks and special characters',
    data: { header: name, length: value.length, position: position + 1 },
  })
}
