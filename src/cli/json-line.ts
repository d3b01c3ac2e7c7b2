import { redact } from '../core/redaction.ts'

/** Valid in JSON, and acted on by a terminal: C1 controls, DEL, separators, bidirectional controls. */
const ACTIVE = /[\u007f-\u009f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
/** Acted on anywhere in a line by the log parsers of CI systems. */
const COMMAND = /##(?=\[|vso\[|teamcity\[)/g

/** One object as one line of JSON. Its values are exact: what terminals and logs would act on is written as \u sequences. */
export function exactJsonLine(object: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(object).replace(COMMAND, '\\u0023#').replace(ACTIVE, escaped)}\n`
}

/** The same without any live secret in it. */
export function jsonLine(object: Readonly<Record<string, unknown>>): string {
  return redact(exactJsonLine(object))
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
