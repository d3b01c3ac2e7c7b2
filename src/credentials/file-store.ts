import { basename, dirname, join } from 'node:path'
import { ClawError } from '../core/errors.ts'
import type { Clock } from '../platform/clock.ts'
import type { Machine } from '../platform/machine.ts'
import { pauseAt } from '../platform/pause.ts'
import type { Random } from '../platform/random.ts'
import { watchDirectories } from '../platform/watch-files.ts'
import { FileLocks } from './file-lease.ts'
import { inspectFiles, repairFiles, sweepLeftovers } from './file-repair.ts'
import { sightOf } from './holder.ts'
import type { FoundLock } from './lock-content.ts'
import type { Holder } from './record.ts'
import { judgeWrite } from './record-writes.ts'
import type { CredentialStore, Lease, LeaseOptions, LeaseOwner, RecordWrite, Snapshot, StoreInspection, WriteOutcome } from './store.ts'
import { settled } from './store-machine.ts'
import { mapSystemErrors, StoreFile, storePath } from './store-file.ts'

export interface FileStoreOptions {
  /** The state directory, absolute. */
  readonly dir: string
  readonly clock: Clock
  readonly random: Random
  readonly machine: Machine
  /** The user's configuration names the store as a link. */
  readonly followSymlink: boolean
  /** Ends a wait for the store's own lock where nothing would be lost by it. */
  readonly signal: AbortSignal
}

const STORE_LOCK = 'store'
/** The store lock is held for a read, a write and two syncs. */
const STORE_LOCK_MS = 10_000
const STORE_WAIT_MS = 60_000
/** Between two looks of a waiter for the store lock, ms, with jitter. */
const STORE_LOOK_MS = 20
/** Between two looks of a waiter for a change that no notice told, ms, with jitter: some file systems tell nothing. */
const CHANGE_LOOK_MS = 1_000
/** Clocks of one machine never differ so much; those of a file server may. */
const SAME_CLOCK_MS = 250

/**
 * The store in one JSON file, 0600 in a directory 0700. Readers take no lock and see one whole version; writers replace
 * the file under the store's own lock, which is held for milliseconds. Its clock is that of the file system.
 */
export class FileStore implements CredentialStore {
  readonly backend = 'file'
  readonly place: string
  readonly #options: FileStoreOptions
  readonly #file: StoreFile
  #locks: FileLocks | undefined
  #seenBusy: FoundLock | undefined
  /** How far the clock of the file system is ahead of this machine's, ms: known since the last file was made. */
  #clockLeadMs = 0
  #isSwept = false

  constructor(options: FileStoreOptions) {
    this.#options = options
    this.place = storePath(options.dir)
    this.#file = new StoreFile({ ...options, path: this.place })
  }

  async read(): Promise<Snapshot> {
    const { document, ...facts } = await this.#file.load()
    return { records: document.records, flows: document.flows, now: this.#now(), ...facts }
  }

  tryLease(key: string, options: LeaseOptions): Promise<Lease | { readonly busy: LeaseOwner | null }> {
    return this.#system(async () => {
      options.signal.throwIfAborted()
      await this.#file.prepare()
      const { clock } = this.#options
      const since = clock.now()
      const wallSince = clock.wall()
      const leastFence = (await this.read()).records.find(({ id }) => id === key)?.fence ?? 0
      const locks = await this.#lockFiles()
      const taken = await locks.tryTake(key, { durationMs: options.durationMs, purpose: options.purpose, leastFence, endsWithTime: true })
      this.#seenBusy = 'nonce' in taken ? undefined : (taken.busy ?? undefined)
      if (!('nonce' in taken))
        return { busy: taken.busy && { holder: taken.busy.holder, ageMs: Math.max(0, taken.now - taken.busy.madeAt) } }
      this.#compareClocks(taken)
      // The monotonic clock stands still while a machine is suspended, and the wall clock may be set back: what says more counts.
      const remainingMs = () => options.durationMs - Math.max(clock.now() - since, clock.wall() - wallSince)
      return { key, nonce: taken.nonce, fence: taken.fence, holder: taken.holder, remainingMs }
    })
  }

  release(lease: Lease): Promise<void> {
    return this.#system(async () => {
      const locks = await this.#lockFiles()
      const found = await locks.find(lease.key)
      if (found?.nonce === lease.nonce) await locks.release(found.path)
    })
  }

  async write(write: RecordWrite): Promise<WriteOutcome> {
    // Whatever else is to be written has happened already, and is finished though its caller has lost interest (law 4).
    const signal = write.type === 'intent' ? this.#options.signal : undefined
    return this.#locked(signal, async (lock, locks) => {
      const now = Math.floor(lock.madeAt)
      const { document } = await this.#file.load()
      this.#file.refuseNewer(document)
      const lease = 'lease' in write ? await locks.find(write.lease.key) : undefined
      const judged = judgeWrite(document, write, {
        now,
        holder: locks.holder,
        leaseEndsAt: (_, nonce) => (lease?.nonce === nonce ? Math.floor(lease.madeAt + lease.durationMs) : null),
        sight: (holder) => this.sight(holder),
        newId: () => this.#options.random.uuid(),
      })
      if (judged.outcome !== 'written') return judged
      await this.#sweep(now)
      const { machine, random } = this.#options
      const after = { ...document, records: judged.records, flows: judged.flows }
      const isSignIn = write.type === 'sign_in'
      const mayEnd = isSignIn || write.type === 'logged_out'
      const next = mayEnd ? settled(after, isSignIn ? (judged.record?.id ?? null) : null, machine.machineId, random) : after
      await this.#file.replace(next, async () => {
        if (__TEST_HOOKS__) await pauseAt('store.before-rename')
        // Stopped for long, on a machine that others cannot see: somebody may have taken the lock over.
        if ((await locks.find(STORE_LOCK))?.nonce !== lock.nonce) throw busy(null)
      })
      if (__TEST_HOOKS__) await pauseAt('store.after-rename')
      if (judged.record && (write.type === 'logged_out' || write.type === 'sign_in')) await locks.breakLock(judged.record.id)
      return { outcome: 'written', record: judged.record, intent: judged.intent, now, ...(judged.before && { before: judged.before }) }
    })
  }

  async changed(revision: string, atMostMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { clock, random } = this.#options
    const path = await this.#file.realPath()
    const dir = dirname(path)
    const notice = new AbortController()
    // Only these two: the temporary files of other waiters would wake everybody, who would make some of their own.
    const isNews = (name: string | null) => name === null || name === basename(path) || name.endsWith('.free')
    const close = watchDirectories([dir, join(dir, 'locks')], (name) => isNews(name) && notice.abort())
    const until = clock.now() + atMostMs
    try {
      while (!(await this.#hasChanged(revision)) && clock.now() < until) {
        const look = clock.now() + CHANGE_LOOK_MS * (0.5 + random.fraction())
        await clock.sleepUntil(Math.min(until, look), AbortSignal.any([signal, notice.signal]))
      }
    } catch (thrown) {
      signal.throwIfAborted()
      if (!notice.signal.aborted) throw thrown
    } finally {
      close()
    }
  }

  sight(holder: Holder): 'alive' | 'dead' | 'unknown' {
    return sightOf(holder, this.#options.machine)
  }

  async assertWritable(): Promise<void> {
    await this.#file.refuseMount()
    await this.#locked(this.#options.signal, async () => this.#file.refuseNewer((await this.#file.load()).document))
  }

  inspect(): Promise<StoreInspection> {
    return this.#system(async () => inspectFiles(await this.#file.realPath(), this.#options.machine.uid, this.#now()))
  }

  repair(): Promise<readonly string[]> {
    return this.#locked(this.#options.signal, async (lock) => repairFiles(await this.#file.realPath(), lock.madeAt))
  }

  #now(): number {
    return Math.floor(this.#options.clock.wall() + this.#clockLeadMs)
  }

  #compareClocks(made: FoundLock): void {
    const leadMs = made.madeAt - this.#options.clock.wall()
    this.#clockLeadMs = Math.abs(leadMs) < SAME_CLOCK_MS ? 0 : leadMs
  }

  async #hasChanged(revision: string): Promise<boolean> {
    const seen = this.#seenBusy
    if (seen && (await (await this.#lockFiles()).hasEnded(seen))) {
      // Told once: whoever asks again has looked at the lock since.
      this.#seenBusy = undefined
      return true
    }
    return (await this.#file.load()).revision !== revision
  }

  async #sweep(now: number): Promise<void> {
    if (this.#isSwept) return
    this.#isSwept = true
    await sweepLeftovers(await this.#file.realPath(), now)
  }

  /** Beside the document itself, so that two links to one file share its locks. */
  async #lockFiles(): Promise<FileLocks> {
    const { machine, clock } = this.#options
    this.#locks ??= new FileLocks(join(dirname(await this.#file.realPath()), 'locks'), machine, clock.wall)
    return this.#locks
  }

  #locked<Result>(signal: AbortSignal | undefined, work: (lock: FoundLock, locks: FileLocks) => Promise<Result>): Promise<Result> {
    const { clock, random } = this.#options
    return this.#system(async () => {
      await this.#file.prepare()
      const locks = await this.#lockFiles()
      const until = clock.now() + STORE_WAIT_MS
      for (;;) {
        const taken = await locks.tryTake(STORE_LOCK, { durationMs: STORE_LOCK_MS, purpose: 'store', endsWithTime: false })
        if ('nonce' in taken) {
          try {
            this.#compareClocks(taken)
            if (__TEST_HOOKS__) await pauseAt('store.locked')
            return await work(taken, locks)
          } finally {
            await locks.release(taken.path)
          }
        }
        if (clock.now() >= until) throw busy(taken.busy)
        await clock.sleepUntil(clock.now() + STORE_LOOK_MS * (0.2 + random.fraction()), signal)
      }
    })
  }

  #system<Result>(work: () => Promise<Result>): Promise<Result> {
    return mapSystemErrors(this.place, work)
  }
}

function busy(owner: FoundLock | null): ClawError {
  return new ClawError('CLAW_LEASE_BUSY', {
    what: 'another process holds the lock of the credential store',
    why: owner ? `pid ${owner.holder.pid} on ${owner.holder.host}` : undefined,
    fix: 'run the command again',
    data: { limit: { limit: 'store.lock', seconds: STORE_WAIT_MS / 1_000, source: 'built-in' } },
  })
}
