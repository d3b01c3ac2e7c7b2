import { lstatSync, realpathSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ClawError, type ErrorCode } from '../core/errors.ts'
import { errnoOf, makePrivateDirectory, readRegularFile, replaceDurably, stat } from './files.ts'

/** A regular file as it was read through one descriptor. */
export interface FoundFile {
  readonly bytes: Uint8Array
  /** Permission bits. */
  readonly mode: number
  readonly uid: number
  /** The path with every symbolic link resolved. */
  readonly realPath: string
}

/** The file system as the configuration needs it. */
export interface ConfigFiles {
  /**
   * Opens without blocking and reads at most `maxBytes`; a symbolic link only where `follow` says so.
   * @returns `undefined` where there is no such file.
   * @throws {ClawError} `CLAW_CONFIG_UNREADABLE` for a special file, a larger one, a link, or one that may not be read.
   */
  read(path: string, options: { readonly maxBytes: number; readonly follow: boolean }): Promise<FoundFile | undefined>
  /** Whether there is anything at `path`, a link that leads nowhere included. */
  exists(path: string): Promise<boolean>
  /** The path with the links of its longest existing part resolved. */
  realPath(path: string): Promise<string>
  /**
   * Puts a file in place durably and as a whole: 0600 where it is new, with its own mode where it is not, its directory 0700
   * where it must be made. A link stays, and what it leads to is replaced.
   * @throws {ClawError} `code`
   */
  replace(path: string, text: string, code: ErrorCode): Promise<void>
}

export const systemConfigFiles: ConfigFiles = {
  async read(path, { maxBytes, follow }) {
    const file = await readRegularFile(path, { maxBytes, followSymlinks: follow, code: 'CLAW_CONFIG_UNREADABLE' })
    return file && { bytes: file.bytes, mode: file.mode, uid: file.uid, realPath: resolveExisting(path) }
  },
  // Some ten questions of this kind begin every command: without the thread pool they take no time.
  async exists(path) {
    try {
      return lstatSync(path, { throwIfNoEntry: false }) !== undefined
    } catch {
      return false
    }
  },
  realPath: async (path) => resolveExisting(path),
  async replace(path, text, code) {
    try {
      await makePrivateDirectory(dirname(path))
      const target = resolveExisting(path)
      const mode = await modeOf(target)
      await replaceDurably(target, Buffer.from(text))
      if (mode !== undefined && mode !== 0o600) await chmod(target, mode)
    } catch (thrown) {
      throw new ClawError(code, { what: `cannot write \`${path}\``, why: errnoOf(thrown), cause: thrown })
    }
  },
}

function resolveExisting(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(resolveExisting(parent), path.slice(parent.length))
  }
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o777
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined
    throw thrown
  }
}
