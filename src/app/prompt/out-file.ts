import { ClawError } from '../../core/errors.ts'
import { assertReplaceable, errnoOf, replaceDurably } from '../../platform/files.ts'

/** Fails before the work is done, where its result could not be written. @throws {ClawError} `CLAW_OUTPUT` */
export async function assertOutFile(path: string): Promise<void> {
  try {
    await assertReplaceable(path)
  } catch (thrown) {
    throw unwritable(path, thrown)
  }
}

/** Writes an output file of a user, whole or not at all, for this user only. @throws {ClawError} `CLAW_OUTPUT` */
export async function writeOutFile(path: string, text: string): Promise<void> {
  try {
    await replaceDurably(path, Buffer.from(text))
  } catch (thrown) {
    throw unwritable(path, thrown)
  }
}

function unwritable(path: string, cause: unknown): ClawError {
  return new ClawError('CLAW_OUTPUT', {
    what: `cannot write \`${path}\``,
    why: errnoOf(cause),
    fix: 'name a file in a directory that exists and that this user can write',
    data: { path },
    cause,
  })
}
