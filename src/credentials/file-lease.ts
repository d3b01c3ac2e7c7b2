import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { ClawError } from '../core/errors.ts'
import { createWhole, errnoOf, linkIfFree, makePrivateDirectory, readRegularFile, removeIfThere, rename, temporaryName } from '../platform/files.ts'
import type { Machine } from '../platform/machine.ts'
import { JsonObject, ShapeError, parseJson } from './json-shape.ts'
import type { Holder } from './record.ts'
import { decodeHolder } from './record-codec.ts'

/** What a lock file holds from the moment it exists. */
interface LockContent {
  readonly nonce: string
  readonly fence: number
  readonly holder: Holder
  readonly durationMs: number
  readonly purpose: string
}

export interface FoundLock extends LockContent {
  /** When it was made, by the clock of the file system, ms. */
  readonly madeAt: number
}

export interface TakenLock extends FoundLock {
  readonly path: string
}

const MOST_LOCK_BYTES = 4_096
/** The guard of a take-over is held for a few system calls; one older than this was left by somebody who died in it. */
const GUARD_MS = 5_000

/** This process, so that another one can tell whether it lives. */
export function thisHolder(machine: Machine): Holder {
  return {
    host: machine.hostname,
    pid: machine.pid,
    pidStart: machine.processStart(machine.pid) ?? '',
    bootId: machine.bootId,
    pidNamespace: machine.pidNamespace,
  }
}

/** Whether the holder of something can be seen to live, or to be dead, from here. */
export function sightOf(holder: Holder, machine: Machine): 'alive' | 'dead' | 'unknown' {
  if (holder.host !== machine.hostname || holder.bootId === '') return 'unknown'
  if (holder.bootId !== machine.bootId) return 'dead'
  if (holder.pidNamespace !== machine.pidNamespace) return 'unknown'
  const start = machine.processStart(holder.pid)
  return start !== undefined && start === holder.pidStart ? 'alive' : 'dead'
}

/**
 * Locks as files in one directory of ours. Each is complete from its birth (a link to a finished file), and its age is
 * judged by the clock of the file system alone.
 */
export class FileLocks {
  readonly #dir: string
  readonly #machine: Machine
  readonly #holder: Holder

  constructor(dir: string, machine: Machine) {
    this.#dir = dir
    this.#machine = machine
    this.#holder = thisHolder(machine)
  }

  get holder(): Holder {
    return this.#holder
  }

  pathOf(key: string): string {
    return join(this.#dir, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.lock`)
  }

  /** Takes a lock if it is free now. The file system's time comes with the answer, for whoever must wait. */
  async tryTake(key: string, durationMs: number, purpose: string, leastFence: number): Promise<TakenLock | { readonly busy: FoundLock | null; readonly now: number }> {
    await makePrivateDirectory(this.#dir)
    const path = this.pathOf(key)
    const last = await this.#read(`${path}.last`)
    const content: LockContent = { nonce: randomBytes(12).toString('hex'), fence: Math.max(leastFence, last?.fence ?? 0) + 1, holder: this.#holder, durationMs, purpose }
    const first = await createWhole(path, encode(content))
    if (first.created) return { ...content, madeAt: first.at, path }
    const found = await this.#read(path)
    if (found && !this.#isFree(found, first.at)) return { busy: found, now: first.at }
    return this.#takeOver(path, content, first.at)
  }

  /** The lock as it stands: for the check that one still holds it. */
  async find(key: string): Promise<FoundLock | undefined> {
    return this.#read(this.pathOf(key))
  }

  /** Gives a lock back if it is still ours. Its content stays as `.last`, so that the fence only grows. */
  async release(path: string, nonce: string): Promise<void> {
    if ((await this.#read(path))?.nonce !== nonce) return
    await this.#guarded(path, async () => {
      if ((await this.#read(path))?.nonce === nonce) await rename(path, `${path}.last`)
    })
  }

  /** Removes a lock whoever has it: sign-out and sign-in wait for nobody. */
  async breakLock(key: string): Promise<void> {
    const path = this.pathOf(key)
    await this.#guarded(path, async () => {
      if (await this.#read(path)) await rename(path, `${path}.last`)
    })
  }

  /** Two takers of one stale lock meet in the guard, and the second finds the first's fresh lock there. */
  async #takeOver(path: string, content: LockContent, now: number): Promise<TakenLock | { readonly busy: FoundLock | null; readonly now: number }> {
    let taken: TakenLock | undefined
    await this.#guarded(path, async () => {
      const found = await this.#read(path)
      if (found && !this.#isFree(found, now)) return
      const fence = Math.max(content.fence, (found?.fence ?? 0) + 1)
      if (found && !(await this.#bury(path, found.nonce))) return
      const made = await createWhole(path, encode({ ...content, fence }))
      if (made.created) taken = { ...content, fence, madeAt: made.at, path }
    })
    return taken ?? { busy: (await this.#read(path)) ?? null, now }
  }

  /** Takes a stale lock away, and puts it back if it was another one by then. */
  async #bury(path: string, nonce: string): Promise<boolean> {
    const grave = temporaryName(path)
    try {
      await rename(path, grave)
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') return true
      throw thrown
    }
    try {
      const isStale = (await this.#read(grave))?.nonce === nonce
      if (!isStale) await linkIfFree(grave, path)
      return isStale
    } finally {
      await removeIfThere(grave)
    }
  }

  async #guarded(path: string, work: () => Promise<void>): Promise<boolean> {
    const guard = `${path}.guard`
    const made = await createWhole(guard, encode({ nonce: randomBytes(12).toString('hex'), fence: 0, holder: this.#holder, durationMs: GUARD_MS, purpose: 'guard' }))
    if (!made.created) {
      const found = await this.#read(guard)
      if (!found || !this.#isFree(found, made.at)) return false
      // Whoever died in here left a whole guard behind.
      return (await this.#bury(guard, found.nonce)) && this.#guarded(path, work)
    }
    try {
      await work()
      return true
    } finally {
      await removeIfThere(guard)
    }
  }

  #isFree(lock: FoundLock, now: number): boolean {
    return now - lock.madeAt >= lock.durationMs || sightOf(lock.holder, this.#machine) === 'dead'
  }

  async #read(path: string): Promise<FoundLock | undefined> {
    const file = await readRegularFile(path, { maxBytes: MOST_LOCK_BYTES, followSymlinks: false, code: 'CLAW_LEASE_BUSY' })
    if (!file) return undefined
    if (file.uid !== this.#machine.uid && this.#machine.uid >= 0) throw unusable(path, `it belongs to uid ${file.uid}`)
    try {
      const fields = new JsonObject(parseJson(file.bytes), 'lock')
      return {
        nonce: fields.string('nonce'), fence: fields.number('fence'), durationMs: fields.number('durationMs'),
        purpose: fields.string('purpose'), holder: decodeHolder(fields.object('holder')), madeAt: file.modifiedAt,
      }
    } catch (thrown) {
      if (thrown instanceof ShapeError) throw unusable(path, 'claw did not write it')
      throw thrown
    }
  }
}

function unusable(path: string, why: string): ClawError {
  return new ClawError('CLAW_LEASE_BUSY', { what: `the lock \`${path}\` cannot be used`, why, fix: `see what made it, and remove it: rm '${path}'` })
}

function encode(content: LockContent): Buffer {
  return Buffer.from(JSON.stringify({ v: 1, ...content }))
}
