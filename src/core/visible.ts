/**
 * What may not reach a terminal or a log as it stands: C0 and C1 controls but newline and tab, DEL, lone surrogates,
 * bidirectional controls, line and paragraph separators.
 */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be found
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u2028\u2029\u202A-\u202E\u2066-\u2069]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
const INVISIBLE = /[\u00AD\u200B-\u200F\u2060-\u2064\uFEFF]/g

/** Untrusted text with every character that would drive a terminal written out as `\xNN` or `\u{…}`. */
export function visible(text: string): string {
  return text.replace(UNSAFE, escapeCharacter)
}

/** As {@link visible}, on one line and without invisible characters: for identifiers, addresses and messages of servers. */
export function visibleLine(text: string, longest = 300): string {
  const line = visible(text)
    .replace(INVISIBLE, escapeCharacter)
    .replace(/[\n\t]+/g, ' ')
    .trim()
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}
