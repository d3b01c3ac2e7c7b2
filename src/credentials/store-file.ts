import { basename, dirname, join } from 'node:path'
import { ClawError } from '../core/errors.ts'
import { isMountPoint, judgeDirectories } from '../platform/directory-trust.ts'
import { errnoOf, makePrivateDirectory, type ReadFile, readRegularFile, realpath, replaceDurably } from '../platform/files.ts'
import type { Machine } from '../platform/machine.ts'
import type { Random } from '../platform/random.ts'
import { DOCUMENT_VERSION, decodeDocument, EMPTY_DOCUMENT, encodeDocument, type StoreDocument } from './document-codec.ts'
import { ShapeError } from './json-shape.ts'
import { isOfElsewhere, newMark } from './store-machine.ts'
import type { Snapshot } from './store.ts'

const MOST_STORE_BYTES = 1024 * 1024

export interface StoreFileOptions {
  /** Absolute. */
  readonly path: string
  /** The user's configuration allows the file to be a link; its target is then judged and replaced. */
  readonly followSymlink: boolean
  readonly machine: Machine
  readonly random: Random
}

/** A document as it was read. */
export interface LoadedDocument {
  readonly document: StoreDocument
  readonly revision: string
  readonly copied: boolean
  readonly warnings: Snapshot['warnings']
}

/** The one document of a store as a file: read without a lock, replaced as a whole. */
export class StoreFile {
  readonly #options: StoreFileOptions
  #real: string | undefined

  constructor(options: StoreFileOptions) {
    this.#options = options
  }

  /** Where the bytes are. A link is resolved once, so that a later change of it moves nothing under a writer's feet. */
  async realPath(): Promise<string> {
    if (!this.#options.followSymlink) return this.#options.path
    this.#real ??= await realpath(this.#options.path).catch(() => undefined)
    return this.#real ?? this.#options.path
  }

  /**
   * Reads and changes nothing. A file that does not exist is an empty document.
   *
   * @throws {ClawError} `CLAW_STORE_UNREADABLE`, `CLAW_STORE_UNSAFE`, `CLAW_STORE_CORRUPT`, `CLAW_STORE_MOVED`
   */
  async load(): Promise<LoadedDocument> {
    const path = await this.realPath()
    const file = await readRegularFile(path, {
      maxBytes: MOST_STORE_BYTES,
      followSymlinks: false,
      code: 'CLAW_STORE_UNREADABLE',
      unsafeCode: 'CLAW_STORE_UNSAFE',
    }).catch((thrown: unknown) => {
      throw withRemedy(thrown, path)
    })
    if (!file) return { document: EMPTY_DOCUMENT, revision: '', copied: false, warnings: [] }
    const document = decode(path, file.bytes)
    const revision = `${document.revision}-${file.modifiedAt}-${file.bytes.length}`
    return {
      document,
      revision,
      copied: isOfElsewhere(document.machine, this.#options.machine.machineId),
      warnings: [...fileWarnings(path, file), ...(await this.#directoryWarnings(dirname(path)))],
    }
  }

  /** @throws {ClawError} `CLAW_STORE_NEWER` where a newer claw wrote the document */
  refuseNewer(document: StoreDocument): void {
    if (document.version <= DOCUMENT_VERSION) return
    throw new ClawError('CLAW_STORE_NEWER', {
      what: `the credential store \`${this.#options.path}\` was written by a newer claw`,
      why: `its version is ${document.version}, this claw writes ${DOCUMENT_VERSION}`,
      fix: 'update claw on this machine',
    })
  }

  /**
   * Replaces the document durably: old or new, never anything between. The caller holds the store's lock.
   *
   * @param beforeRename the last moment at which the writer can still step back
   * @throws {ClawError} `CLAW_STORE_UNWRITABLE` where it would not fit; system errors as they come
   */
  async replace(document: StoreDocument, beforeRename: () => Promise<void>): Promise<void> {
    const { machine, random } = this.#options
    const next = { ...document, revision: document.revision + 1, machine: document.machine ?? newMark(machine.machineId, random) }
    await replaceDurably(await this.realPath(), this.#encode(next), { beforeRename })
  }

  /**
   * Makes the directory and makes sure that nobody else can swap files in it.
   *
   * @throws {ClawError} `CLAW_STORE_UNSAFE`
   */
  async prepare(): Promise<void> {
    const dir = dirname(await this.realPath())
    await makePrivateDirectory(dir)
    const { unsafe } = await judgeDirectories(dir, this.#options.machine.uid)
    if (!unsafe) return
    throw new ClawError('CLAW_STORE_UNSAFE', {
      what: `no secret is written below \`${unsafe.path}\``,
      why: unsafe.why,
      fix: unsafe.why.startsWith('it belongs') ? 'set CLAW_HOME to a directory of your own' : `chmod o-w '${unsafe.path}'`,
      data: { path: unsafe.path },
    })
  }

  /** @throws {ClawError} `CLAW_STORE_UNWRITABLE` where the single file is a mount, which no rename can replace */
  async refuseMount(): Promise<void> {
    const path = await this.realPath()
    if (await isMountPoint(path)) throw unwritable(path, 'EBUSY')
  }

  #encode(document: StoreDocument): Buffer {
    const bytes = encodeDocument(document)
    let why: string | undefined
    // What is written must be readable again: the limits of a reader are those of a writer.
    if (bytes.length > MOST_STORE_BYTES) why = `it would be larger than ${MOST_STORE_BYTES} bytes`
    else {
      try {
        decodeDocument(bytes)
      } catch (thrown) {
        if (!(thrown instanceof ShapeError)) throw thrown
        why = `it could not be read again at ${thrown.place}`
      }
    }
    if (why === undefined) return bytes
    throw new ClawError('CLAW_STORE_UNWRITABLE', { what: `the credential store \`${this.#options.path}\` cannot hold this`, why })
  }

  async #directoryWarnings(dir: string): Promise<Snapshot['warnings']> {
    const { unsafe, groupWritable } = await judgeDirectories(dir, this.#options.machine.uid)
    if (unsafe) return [{ code: 'store.directory', message: `\`${unsafe.path}\` is not safe for secrets: ${unsafe.why}` }]
    if (groupWritable !== null) return [{ code: 'store.directory', message: `the group may write to \`${groupWritable}\`` }]
    return []
  }
}

/** What is in the way of a read, with what to type. Nothing is deleted: whatever is there is moved aside. */
function withRemedy(thrown: unknown, path: string): unknown {
  if (!(thrown instanceof ClawError) || thrown.fix !== undefined) return thrown
  const { code, message: what, why, data, cause } = thrown
  const isInTheWay = why === 'ENXIO' || why?.startsWith('it is not') || why?.startsWith('it is larger')
  let fix: string | undefined
  if (why === 'it is a symbolic link') fix = 'set `[store] follow_symlink = true`'
  else if (why === 'EACCES') fix = `chmod u+rw '${path}'`
  else if (isInTheWay) fix = `mv '${path}' '${path}.aside'`
  return new ClawError(code, { what, why, fix, data, cause })
}

/** A failed system call of a write, in the words of its remedy. */
function unwritable(path: string, errno: string, cause?: unknown): ClawError {
  const fixes: Record<string, string> = {
    EBUSY: `mount the directory \`${dirname(path)}\`, not the file \`${basename(path)}\``,
    ENOSPC: 'free space on that disk',
    EDQUOT: 'free space of this user on that disk',
    EROFS: 'mount it read-write, or set CLAW_HOME to a directory that is writable',
  }
  const fix = Object.hasOwn(fixes, errno) ? fixes[errno] : 'make the directory writable for this user, or set CLAW_HOME to one that is'
  return new ClawError('CLAW_STORE_UNWRITABLE', {
    what: `the credential store \`${path}\` cannot be written`,
    why: errno,
    fix,
    data: { path, errno },
    cause,
  })
}

/** @throws {ClawError} `CLAW_STORE_UNWRITABLE` for every system error of `work` */
export async function mapSystemErrors<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof ClawError || !(thrown instanceof Error) || !('errno' in thrown)) throw thrown
    throw unwritable(path, errnoOf(thrown), thrown)
  }
}

/** Where the document of a state directory is. */
export function storePath(stateDir: string): string {
  return join(stateDir, 'credentials.json')
}

function decode(path: string, bytes: Buffer): StoreDocument {
  let document: StoreDocument
  try {
    document = decodeDocument(bytes)
  } catch (thrown) {
    if (!(thrown instanceof ShapeError)) throw thrown
    throw new ClawError('CLAW_STORE_CORRUPT', {
      what: `the credential store \`${path}\` is corrupt`,
      why: `${bytes.length} bytes, first error at ${thrown.place}`,
      fix: 'claw doctor --fix',
      data: { path },
    })
  }
  if (document.movedTo === null) return document
  throw new ClawError('CLAW_STORE_MOVED', {
    what: `the store \`${path}\` was moved`,
    why: `its records are in \`${document.movedTo}\` now`,
    fix: 'set `[store] backend` in the configuration to where they are',
  })
}

function fileWarnings(path: string, file: ReadFile): Snapshot['warnings'] {
  const warnings = []
  if ((file.mode & 0o077) !== 0)
    warnings.push({ code: 'store.mode', message: `\`${path}\` is open to others (mode ${file.mode.toString(8).padStart(4, '0')})` })
  if (file.links > 1) warnings.push({ code: 'store.links', message: `\`${path}\` has a second name, which keeps its old content` })
  return warnings
}
