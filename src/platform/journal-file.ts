import { closeSync, openSync, writeSync } from 'node:fs'
import { ClawError } from '../core/errors.ts'
import { errnoOf } from './files.ts'

export interface LineFile {
  /** Appends a line, which is in the file when this returns. */
  append(line: string): void
  close(): void
}

/**
 * Opens a file of the user for lines at its end; several processes may share it. A new one is 0600.
 *
 * @throws {ClawError} `CLAW_OUTPUT`, from `append` too.
 */
export function openLineFile(path: string): LineFile {
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (cause) {
      throw new ClawError('CLAW_OUTPUT', { what: `cannot write \`${path}\``, why: errnoOf(cause), cause })
    }
  }
  const descriptor = guarded(() => openSync(path, 'a', 0o600))
  return {
    append: (line) => guarded(() => void writeSync(descriptor, `${line}\n`)),
    close: () => closeSync(descriptor),
  }
}
