import { appendFileSync } from 'node:fs'

/** Appends a line to a file of the user, at once. */
export function appendLine(path: string, line: string): void {
  appendFileSync(path, `${line}\n`, { mode: 0o600 })
}
