import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { access, type FileHandle, chmod, link, lstat, mkdir, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises'
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
  /** The code where a link or a special file stands in its place; `code` unless said. */
  readonly unsafeCode?: ErrorCode
}

/** The errno of a failed system call, for the `why` of an error. */
export function errnoOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : 'unknown error'
}

/**
 * Reads a regular file through one descriptor: never blocks on a FIFO or device, never follows the last link unless asked.
 * The calls are synchronous: for a small file they cost a tenth of handing each to another thread.
 *
 * @returns `undefined` where there is no such file.
 * @throws {ClawError} `options.code`, `options.unsafeCode`
 */
export async function readRegularFile(path: string, options: ReadOptions): Promise<ReadFile | undefined> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (options.followSymlinks ? 0 : constants.O_NOFOLLOW)
  let descriptor: number
  try {
    descriptor = openSync(path, flags)
  } catch (thrown) {
    const errno = errnoOf(thrown)
    if (errno === 'ENOENT') return undefined
    if (errno === 'ELOOP' && !options.followSymlinks)
      throw unreadable(options.unsafeCode ?? options.code, path, 'it is a symbolic link', errno, thrown)
    throw unreadable(errno === 'ENXIO' ? (options.unsafeCode ?? options.code) : options.code, path, errno, errno, thrown)
  }
  try {
    const facts = fstatSync(descriptor)
    if (!facts.isFile()) throw unreadable(options.unsafeCode ?? options.code, path, 'it is not a regular file')
    if (facts.size > options.maxBytes) throw tooLarge(path, options)
    const bytes = readWhole(descriptor, Math.min(options.maxBytes, facts.size) + 1)
    if (bytes.length > options.maxBytes) throw tooLarge(path, options)
    return { bytes, mode: facts.mode & 0o7777, uid: facts.uid, links: facts.nlink, modifiedAt: facts.mtimeMs }
  } catch (thrown) {
    if (thrown instanceof ClawError) throw thrown
    throw unreadable(options.code, path, errnoOf(thrown), errnoOf(thrown), thrown)
  } finally {
    closeSync(descriptor)
  }
}

function tooLarge(path: string, options: ReadOptions): ClawError {
  return unreadable(options.code, path, `it is larger than ${options.maxBytes} bytes`)
}

function unreadable(code: ErrorCode, path: string, why: string, errno?: string, cause?: unknown): ClawError {
  return new ClawError(code, { what: `cannot read \`${path}\``, why, data: { path, ...(errno === undefined ? {} : { errno }) }, cause })
}

/** One byte more than there should be: a file that grows meanwhile shows. */
function readWhole(descriptor: number, most: number): Buffer {
  const buffer = Buffer.alloc(most)
  let length = 0
  while (length < most) {
    const count = readSync(descriptor, buffer, length, most - length, length)
    if (count === 0) break
    length += count
  }
  return buffer.subarray(0, length)
}

/** Creates a directory of our own, mode 0700, with whatever is missing above it; one that is there keeps its mode. */
export async function makePrivateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700)
  } catch (thrown) {
    const errno = errnoOf(thrown)
    if (errno === 'EEXIST' && (await stat(path)).isDirectory()) return
    const parent = dirname(path)
    // A file system that makes no directories (/proc) says ENOENT beneath a parent that is there.
    if (errno !== 'ENOENT' || parent === path || (await isDirectory(parent))) throw thrown
    await makePrivateDirectory(parent)
    return makePrivateDirectory(path)
  }
  // The umask may have taken bits of our own away: the mode does not depend on it.
  await chmod(path, 0o700)
}

/** False too where nobody can say. */
export async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
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

/**
 * Whether {@link replaceDurably} could begin: the directory is there and may be written, and the name is free or a file's.
 *
 * @throws {NodeJS.ErrnoException}
 */
export async function assertReplaceable(path: string): Promise<void> {
  if (await isDirectory(path)) throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' })
  await access(dirname(path), constants.W_OK | constants.X_OK)
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
 * Writes a complete file of our own under a temporary name in `dir`, for {@link linkIfFree} to give it its real one: what
 * others see there is whole from its birth.
 *
 * @returns its path, and when it was made by the clock of the file system, ms.
 */
export async function stageWhole(dir: string, bytes: Uint8Array): Promise<{ readonly path: string; readonly at: number }> {
  const path = temporaryName(join(dir, 'staged'))
  const handle = await createPrivate(path)
  try {
    await handle.writeFile(bytes)
    return { path, at: (await handle.stat()).mtimeMs }
  } catch (thrown) {
    await removeIfThere(path)
    throw thrown
  } finally {
    await handle.close()
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

/** Whether anything stands at a path, a link that leads nowhere included. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return false
    throw thrown
  }
}

/** The names in a directory; none where it does not exist. */
export async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return []
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

export { chmod, lstat, realpath, rename, stat }
