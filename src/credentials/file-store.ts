import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { ClawError } from '../core/errors.ts'
import type { Clock } from '../platform/clock.ts'
import { errnoOf, judgeDirectories, makePrivateDirectory, readRegularFile, realpath, replaceDurably } from '../platform/files.ts'
import type { Machine } from '../platform/machine.ts'
import { pauseAt } from '../platform/pause.ts'
import type { Random } from '../platform/random.ts'
import { watchDirectories } from '../platform/watch-files.ts'
import { FileLocks, type FoundLock, sightOf, type TakenLock } from './file-lease.ts'
import { inspectFiles, repairFiles } from './file-repair.ts'
import { ShapeError } from './json-shape.ts'
import type { Holder } from './record.ts'
import { DOCUMENT_VERSION, EMPTY_DOCUMENT, decodeDocument, encodeDocument, type StoreDocument } from './record-codec.ts'
import { judgeWrite } from './record-writes.ts'
import type { CredentialStore, Lease, LeaseOptions, LeaseOwner, RecordWrite, Snapshot, StoreInspection, WriteOutcome } from './store.ts'

export interface FileStoreOptions {
  /** The state directory, absolute. */
  readonly dir: string
  readonly clock: Clock
  readonly random: Random
  readonly machine: Machine
  /** The user's configuration names the store as a link. */
  readonly followSymlink: boolean
  /** Ends a wait for the store's own lock. */
  readonly signal: AbortSignal
}

export const STORE_FILE = 'credentials.json'
const MOST_STORE_BYTES = 1024 * 1024
const STORE_LOCK = 'store'
/** The store lock is held for a read, a write and two syncs. */
const STORE_LOCK_MS = 10_000
const STORE_WAIT_MS = 10_000

interface Loaded {
  readonly document: StoreDocument
  readonly snapshot: Snapshot
}

/**
 * The store in one JSON file, 0600 in a directory 0700. Readers take no lock and see one whole version; writers replace
 * the file under the store's own lock, which is held for milliseconds.
 */
export class FileStore implements CredentialStore {
  readonly backend = 'file'
  readonly #options: FileStoreOptions
  readonly #locks: FileLocks
  readonly #path: string

  constructor(options: FileStoreOptions) {
    this.#options = options
    this.#path = join(options.dir, STORE_FILE)
    this.#locks = new FileLocks(join(options.dir, 'locks'), options.machine)
  }

  get place(): string {
    return this.#path
  }

  async read(): Promise<Snapshot> {
    return (await this.#load(this.#options.clock.wall())).snapshot
  }

  async tryLease(key: string, options: LeaseOptions): Promise<Lease | { readonly busy: LeaseOwner | null }> {
    await this.#prepare()
    const least = (await this.read()).records.find(({ id }) => id === key)?.fence ?? 0
    const taken = await this.#system(() => this.#locks.tryTake(key, options.durationMs, options.purpose, least))
    if (!('nonce' in taken)) return { busy: taken.busy && { holder: taken.busy.holder, ageMs: taken.now - taken.busy.madeAt } }
    const { clock } = this.#options
    const since = clock.now()
    const wallSince = clock.wall()
    // The monotonic clock stands still while a machine is suspended, the wall clock may be set back: the later one counts.
    const remainingMs = () => options.durationMs - Math.max(clock.now() - since, clock.wall() - wallSince)
    return { key, nonce: taken.nonce, fence: taken.fence, holder: taken.holder, remainingMs }
  }

  async release(lease: Lease): Promise<void> {
    await this.#system(() => this.#locks.release(this.#locks.pathOf(lease.key), lease.nonce))
  }

  async write(write: RecordWrite): Promise<WriteOutcome> {
    await this.#prepare()
    const proof = 'lease' in write ? { key: write.lease.key, found: await this.#locks.find(write.lease.key) } : undefined
    return this.#locked(async (lock) => {
      const now = lock.madeAt
      const { document } = await this.#load(now)
      this.#refuseForeign(document)
      const judged = judgeWrite(document, write, {
        now,
        holder: this.#locks.holder,
        leaseEndsAt: (key, nonce) => endOf(proof?.key === key ? proof.found : undefined, nonce),
        newId: () => this.#options.random.uuid(),
      })
      if (judged.outcome !== 'written') return judged
      await this.#replace(lock, { ...document, records: judged.records, flows: judged.flows })
      if (write.type === 'logged_out') await this.#locks.breakLock(write.id)
      if (write.type === 'sign_in' && judged.record) await this.#locks.breakLock(judged.record.id)
      return { outcome: 'written', record: judged.record, intent: judged.intent, now }
    })
  }

  async changed(revision: string, atMostMs: number, signal: AbortSignal): Promise<void> {
    const { clock, dir } = this.#options
    const stop = new AbortController()
    const close = watchDirectories([dir, join(dir, 'locks')], () => stop.abort())
    try {
      if ((await this.read()).revision !== revision) return
      await clock.sleepUntil(clock.now() + atMostMs, AbortSignal.any([signal, stop.signal]))
    } catch (thrown) {
      if (!stop.signal.aborted) throw thrown
    } finally {
      close()
    }
  }

  sight(holder: Holder): 'alive' | 'dead' | 'unknown' {
    return sightOf(holder, this.#options.machine)
  }

  async assertWritable(): Promise<void> {
    await this.#prepare()
    await this.#locked(async () => this.#refuseForeign((await this.#load(this.#options.clock.wall())).document))
  }

  inspect(): Promise<StoreInspection> {
    return this.#system(() => inspectFiles(this.#options.dir, this.#path, this.#options.machine.uid))
  }

  async repair(): Promise<readonly string[]> {
    await this.#prepare()
    return this.#locked((lock) => repairFiles(this.#options.dir, this.#path, lock.madeAt))
  }

  async #load(now: number): Promise<Loaded> {
    const path = this.#options.followSymlink ? await realpath(this.#path).catch(() => this.#path) : this.#path
    const file = await readRegularFile(path, { maxBytes: MOST_STORE_BYTES, followSymlinks: false, code: 'CLAW_STORE_UNREADABLE' })
    if (!file) return { document: EMPTY_DOCUMENT, snapshot: { records: [], flows: [], now, revision: '', copied: false, warnings: [] } }
    const document = this.#decode(file.bytes)
    const warnings: { code: string; message: string }[] = []
    if ((file.mode & 0o077) !== 0) warnings.push({ code: 'store.mode', message: `\`${path}\` can be read by others (mode ${file.mode.toString(8).padStart(4, '0')})` })
    if (file.links > 1) warnings.push({ code: 'store.links', message: `\`${path}\` has a second name that keeps its old content` })
    const copied = document.machine !== null && document.machine.hash !== this.#machineHash(document.machine.salt)
    const revision = `${file.modifiedAt}-${file.bytes.length}`
    return { document, snapshot: { records: document.records, flows: document.flows, now, revision, copied, warnings } }
  }

  #decode(bytes: Buffer): StoreDocument {
    try {
      const document = decodeDocument(bytes)
      if (document.movedTo !== null) {
        throw new ClawError('CLAW_STORE_MOVED', { what: `the store \`${this.#path}\` was moved`, why: `its records are in \`${document.movedTo}\` now`, fix: 'set `[store] backend` in the configuration to where they are' })
      }
      return document
    } catch (thrown) {
      if (!(thrown instanceof ShapeError)) throw thrown
      throw new ClawError('CLAW_STORE_CORRUPT', {
        what: `the credential store \`${this.#path}\` is corrupt`,
        why: `${bytes.length} bytes, first error at ${thrown.place}`,
        fix: 'claw doctor --fix',
      })
    }
  }

  #refuseForeign(document: StoreDocument): void {
    if (document.version <= DOCUMENT_VERSION) return
    throw new ClawError('CLAW_STORE_NEWER', {
      what: `the credential store \`${this.#path}\` was written by a newer claw`,
      why: `its version is ${document.version}, this claw writes ${DOCUMENT_VERSION}`,
      fix: 'update claw on this machine',
    })
  }

  async #replace(lock: TakenLock, document: StoreDocument): Promise<void> {
    const machine = document.machine ?? this.#thisMachine()
    const path = this.#options.followSymlink ? await realpath(this.#path).catch(() => this.#path) : this.#path
    await this.#system(() =>
      replaceDurably(path, encodeDocument({ ...document, machine }), {
        beforeRename: async () => {
          if (__TEST_HOOKS__) await pauseAt('store.before-rename')
          if ((await this.#locks.find(STORE_LOCK))?.nonce !== lock.nonce) throw busy(null)
        },
      }),
    )
    if (__TEST_HOOKS__) await pauseAt('store.after-rename')
  }

  #thisMachine(): { salt: string; hash: string } {
    const salt = randomBytes(12).toString('hex')
    return { salt, hash: this.#machineHash(salt) }
  }

  #machineHash(salt: string): string {
    return createHash('sha256').update(`${salt}:${this.#options.machine.machineId}`).digest('hex').slice(0, 32)
  }

  async #locked<Result>(work: (lock: TakenLock) => Promise<Result>): Promise<Result> {
    const { clock, random, signal } = this.#options
    const until = clock.now() + STORE_WAIT_MS
    for (;;) {
      const taken = await this.#system(() => this.#locks.tryTake(STORE_LOCK, STORE_LOCK_MS, 'store', 0))
      if ('nonce' in taken) {
        try {
          if (__TEST_HOOKS__) await pauseAt('store.locked')
          return await this.#system(() => work(taken))
        } finally {
          await this.#system(() => this.#locks.release(taken.path, taken.nonce))
        }
      }
      if (clock.now() >= until) throw busy(taken.busy)
      await clock.sleepUntil(clock.now() + 3 + 25 * random.fraction(), signal)
    }
  }

  /** The directory exists, is ours, and nobody else can swap files in it. */
  async #prepare(): Promise<void> {
    const { dir, machine } = this.#options
    await this.#system(async () => {
      await makePrivateDirectory(dir)
      const { unsafe } = await judgeDirectories(dir, machine.uid)
      if (unsafe) throw new ClawError('CLAW_STORE_UNSAFE', { what: `no secret is written below \`${unsafe.path}\``, why: unsafe.why, fix: `chmod o-w '${unsafe.path}'` })
    })
  }

  async #system<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (thrown) {
      if (thrown instanceof ClawError || !(thrown instanceof Error) || !('errno' in thrown)) throw thrown
      const errno = errnoOf(thrown)
      throw new ClawError('CLAW_STORE_UNWRITABLE', {
        what: `the credential store \`${this.#path}\` cannot be written`,
        why: errno,
        fix: errno === 'EBUSY' ? 'mount the directory of the store, not the single file' : 'make the directory writable for this user, or set CLAW_HOME to one that is',
        cause: thrown,
      })
    }
  }
}

function endOf(found: FoundLock | undefined, nonce: string): number | null {
  return found?.nonce === nonce ? found.madeAt + found.durationMs : null
}

function busy(owner: FoundLock | null): ClawError {
  return new ClawError('CLAW_LEASE_BUSY', {
    what: 'another process holds the lock of the credential store',
    why: owner ? `pid ${owner.holder.pid} on ${owner.holder.host}` : undefined,
    fix: 'run the command again',
  })
}
