import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { errnoOf } from './files.ts'

/** Why a file could not be read, as far as can be told without opening it; null = it could. */
export async function fileFault(path: string): Promise<string | null> {
  try {
    if (!(await stat(path)).isFile()) return 'it is not a regular file'
    await access(path, constants.R_OK)
    return null
  } catch (thrown) {
    return errnoOf(thrown)
  }
}

/** Whether a socket stands at a path; false too where nobody can say. */
export async function isSocket(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isSocket() ?? false
}
