import { ClawError } from '../core/errors.ts'
import { errnoOf, replaceDurably } from '../platform/files.ts'

/** Writes an output file of a user, whole or not at all, for this user only. @throws {ClawError} `CLAW_OUTPUT` */
export async function writeOutFile(path: string, text: string): Promise<void> {
  try {
    await replaceDurably(path, Buffer.from(text))
  } catch (thrown) {
    throw new ClawError('CLAW_OUTPUT', { what: `cannot write \`${path}\``, why: errnoOf(thrown), cause: thrown })
  }
}
