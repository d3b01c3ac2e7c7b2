import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ClawError, type ErrorCode } from '../core/errors.ts'

/** What a file held, and what its descriptor said of it. */
export interface ReadFile {
  readonly bytes: Buffer
  readonly mode: number
  readonly uid: number
  readonly links: number
  readonly modifiedAt: number
}

export interface ReadOptions {
  /** Larger files are refused, bytes. */
  readonly maxBytes: number
  /** Secret mounts are symlinks; the store never is. */
  readonly followSymlinks: boolean
  /** The code of every failure but "it is not there". */
  readonly code: ErrorCode
}

/** The errno of a failed system call, for the `why` of an error. */
export function errnoOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : 'unknown error'
}

/**
 * Reads a regular file through one descriptor: never blocks on a FIFO or device, never follows the last link unless asked.
 *
 * @returns `undefined` where there is no such file.
 * @throws {ClawError} `options.code`
 */
export async function readRegularFile(path: string, options: ReadOptions): Promise<ReadFile | undefined> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (options.followSymlinks ? 0 : constants.O_NOFOLLOW)
  let handle: FileHandle
  try {
    handle = await open(path, flags)
  } catch (thrown) {
    const errno = errnoOf(thrown)
    if (errno === 'ENOENT') return undefined
    const why = errno === 'ELOOP' ? 'it is a symbolic link' : errno
    throw new ClawError(options.code, { what: `cannot read \`${path}\``, why, cause: thrown })
  }
  try {
    const facts = await handle.stat()
    if (!facts.isFile()) throw new ClawError(options.code, { what: `cannot read \`${path}\``, why: 'it is not a regular file' })
    if (facts.size > options.maxBytes) throw tooLarge(path, options)
    const bytes = await readWhole(handle, facts, options.maxBytes + 1)
    if (bytes.length > options.maxBytes) throw tooLarge(path, options)
    return { bytes, mode: facts.mode & 0o7777, uid: facts.uid, links: facts.nlink, modifiedAt: facts.mtimeMs }
  } catch (thrown) {
    if (thrown instanceof ClawError) throw thrown
    throw new ClawError(options.code, { what: `cannot read \`${path}\``, why: errnoOf(thrown), cause: thrown })
  } finally {
    await handle.close()
  }
}

function tooLarge(path: string, options: ReadOptions): ClawError {
  return new ClawError(options.code, { what: `cannot read \`${path}\``, why: `it is larger than ${options.maxBytes} bytes` })
}

async function readWhole(handle: FileHandle, facts: Stats, most: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.min(most, facts.size + 1))
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return buffer.subarray(0, length)
}

/** Creates a directory of our own, mode 0700, with whatever is missing above it. */
export async function makePrivateDirectory(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 })
  if (made === undefined) return
  // The umask may have taken bits of our own away: the mode does not depend on it.
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.chmod(0o700)
  } finally {
    await handle.close()
  }
}

/** A name for a temporary file beside `path`; the suffix cannot be guessed. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(12).toString('hex')}.tmp`)
}

/** Opens a new file of our own: exclusive, no link followed, 0600 whatever the umask, before the first byte. */
export async function createPrivate(path: string): Promise<FileHandle> {
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  await handle.chmod(0o600)
  return handle
}

/** Moments of a replacement at which a test may stop it. */
export interface ReplaceMoments {
  beforeRename?(): Promise<void>
}

/**
 * Replaces a file as a whole: a reader sees the old or the new content, and the new one is on the disk when this returns.
 * Never writes in place, never follows a link.
 *
 * @throws {NodeJS.ErrnoException} whatever failed; the old content stands and the temporary file is gone.
 */
export async function replaceDurably(path: string, bytes: Uint8Array, moments: ReplaceMoments = {}): Promise<void> {
  const temporary = temporaryName(path)
  const handle = await createPrivate(temporary)
  try {
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await moments.beforeRename?.()
    await rename(temporary, path)
  } catch (thrown) {
    await removeIfThere(temporary)
    throw thrown
  }
  await syncDirectory(dirname(path))
}

/** Makes what was renamed, linked or removed in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Puts a complete file at `path` if nothing is there: what others see is whole from its birth.
 *
 * @returns whether it is ours, and when it was made by the clock of the file system, ms.
 */
export async function createWhole(path: string, bytes: Uint8Array): Promise<{ readonly created: boolean; readonly at: number }> {
  const temporary = temporaryName(path)
  const handle = await createPrivate(temporary)
  let at: number
  try {
    await handle.writeFile(bytes)
    at = (await handle.stat()).mtimeMs
  } finally {
    await handle.close()
  }
  try {
    return { created: await linkIfFree(temporary, path), at }
  } finally {
    await removeIfThere(temporary)
  }
}

/** Gives a file a second name if nothing has it. */
export async function linkIfFree(existing: string, path: string): Promise<boolean> {
  try {
    await link(existing, path)
    return true
  } catch (thrown) {
    if (errnoOf(thrown) === 'EEXIST') return false
    throw thrown
  }
}

export async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown
  }
}

/** What a directory or a chain of them allows. */
export interface DirectoryJudgement {
  /** Somebody else could swap files in it: nothing secret may be written there. */
  readonly unsafe: { readonly path: string; readonly why: string } | null
  readonly groupWritable: string | null
}

/** Judges a directory and all above it by their real paths: ours or root's, and nobody else may write there. */
export async function judgeDirectories(path: string, uid: number): Promise<DirectoryJudgement> {
  let current = await realpath(path)
  let groupWritable: string | null = null
  for (let isLeaf = true; ; isLeaf = false) {
    const facts = await stat(current)
    if (facts.uid !== 0 && facts.uid !== uid) return { unsafe: { path: current, why: `it belongs to uid ${facts.uid}` }, groupWritable }
    const isSticky = (facts.mode & 0o1000) !== 0
    if ((facts.mode & 0o002) !== 0 && (isLeaf || !isSticky)) return { unsafe: { path: current, why: 'everybody may write there' }, groupWritable }
    if ((facts.mode & 0o020) !== 0 && !isSticky) groupWritable ??= current
    const parent = dirname(current)
    if (parent === current) return { unsafe: null, groupWritable }
    current = parent
  }
}

export { lstat, readdir, realpath, rename, stat }
