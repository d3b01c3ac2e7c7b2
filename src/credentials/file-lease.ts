import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { isThere, linkIfFree, makePrivateDirectory, namesIn, removeIfThere, stageWhole, errnoOf, createPrivate } from '../platform/files.ts'
import type { Machine } from '../platform/machine.ts'
import { sightOf, thisHolder } from './holder.ts'
import { type BrokenLock, type FoundLock, encodeLock, machineMark, readLock, unusableLock } from './lock-content.ts'
import type { Holder } from './record.ts'

export interface TakeOptions {
  /** How long it is promised for, ms. */
  readonly durationMs: number
  readonly purpose: string
  /** The new fence is above this one. */
  readonly leastFence?: number
  /** Whether it ends with its time though its holder can be seen to live. A lease does; the store's own lock, held for milliseconds, does not. */
  readonly endsWithTime: boolean
}

export interface BusyLock {
  readonly busy: FoundLock | null
  /** By the clock of the file system, ms. */
  readonly now: number
}

/** Rounds of "it moved on while I looked" before a taker calls it busy: each means that another one got it. */
const MOST_ROUNDS = 20
/** A lock whose content was lost is let stand this long, in which whoever made it ends. */
const BROKEN_LOCK_MS = 60_000

/**
 * Locks as files in one directory of ours, each complete from its birth and judged by the clock of the file system.
 *
 * A lock is a chain of numbered files, `KEY.1`, `KEY.2`, …; the highest is the one in force, and free once `KEY.N.free`
 * stands beside it. Whoever finds the highest free, dead or past its time links the next number, which one alone can do:
 * nothing that may be in force is ever removed or renamed, so that takers of a stale lock cannot take each other's
 * fresh one for it, and one that dies half-way leaves nothing to repair. The lock before the one in force stays, and
 * proves to a slow taker that the number it linked was never used before.
 */
export class FileLocks {
  readonly #dir: string
  readonly #machine: Machine
  readonly #wall: () => number
  readonly #holder: Holder
  readonly #mark: string

  /** @param wall the wall clock, ms: for the date in a lock, nothing is judged by it */
  constructor(dir: string, machine: Machine, wall: () => number) {
    this.#dir = dir
    this.#machine = machine
    this.#wall = wall
    this.#holder = thisHolder(machine)
    this.#mark = machineMark(machine)
  }

  get holder(): Holder {
    return this.#holder
  }

  /**
   * Takes a lock if it is free now.
   *
   * @throws {ClawError} `CLAW_LEASE_BUSY` where something foreign stands in its place.
   */
  async tryTake(key: string, options: TakeOptions): Promise<FoundLock | BusyLock> {
    await makePrivateDirectory(this.#dir)
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const chain = await this.#chain(key)
      const { top } = chain
      if (top === undefined) {
        await this.#plant(key)
        continue
      }
      const before = top === 0 ? undefined : await this.#read(this.#path(key, top))
      if (top > 0 && before === undefined) continue
      const owner = before && 'nonce' in before ? before : null
      const isHeld = !chain.isFree && before !== undefined
      if (isHeld && owner && !options.endsWithTime && this.#sight(owner) === 'alive') return { busy: owner, now: owner.madeAt }
      const taken = await this.#tryLink(key, { ...chain, top }, options, isHeld ? before : undefined, owner?.fence ?? 0)
      if (taken !== 'moved_on') return taken
    }
    return { busy: null, now: 0 }
  }

  /** The lock in force, though its time may be over; `undefined` when it is free. */
  async find(key: string): Promise<FoundLock | undefined> {
    const { top, isFree } = await this.#chain(key)
    if (!top || isFree) return undefined
    const found = await this.#read(this.#path(key, top))
    return found && 'nonce' in found ? found : undefined
  }

  /** Gives a lock back. One that was taken over meanwhile has a higher number, and is left alone. */
  async release(path: string): Promise<void> {
    try {
      await linkIfFree(path, `${path}.free`)
    } catch {
      // It is gone already, or there is no room for a name more: without its file the lock is as free.
      await removeIfThere(path)
    }
  }

  /** Frees a lock whoever has it: sign-out and sign-in wait for nobody. */
  async breakLock(key: string): Promise<void> {
    const { top, isFree } = await this.#chain(key)
    if (top && !isFree) await this.release(this.#path(key, top))
  }

  /** Whether a lock that was found in force has ended since. */
  async hasEnded(lock: FoundLock): Promise<boolean> {
    return (await isThere(`${lock.path}.free`)) || !(await isThere(lock.path))
  }

  async #tryLink(
    key: string,
    chain: Chain & { readonly top: number },
    options: TakeOptions,
    held: FoundLock | BrokenLock | undefined,
    lastFence: number,
  ): Promise<FoundLock | BusyLock | 'moved_on'> {
    const number = chain.top + 1
    const { durationMs, purpose } = options
    const fence = Math.max(number, lastFence + 1, (options.leastFence ?? 0) + 1)
    const content = { nonce: randomBytes(12).toString('hex'), fence, holder: this.#holder, machine: this.#mark, durationMs, purpose }
    const staged = await stageWhole(this.#dir, encodeLock(content, this.#wall()))
    try {
      if (held && !this.#isOver(held, staged.at, options.endsWithTime)) return { busy: 'nonce' in held ? held : null, now: staged.at }
      for (const orphan of chain.orphans)
        if (!(await isThere(this.#path(key, orphan)))) await removeIfThere(`${this.#path(key, orphan)}.free`)
      const path = this.#path(key, number)
      if (!(await linkIfFree(staged.path, path))) return 'moved_on'
      if (!(await this.#isTop(key, chain.top))) {
        await removeIfThere(path)
        return 'moved_on'
      }
      await this.#tidy(key, chain.numbers, number)
      return { ...content, path, madeAt: staged.at }
    } finally {
      await removeIfThere(staged.path)
    }
  }

  /** Whether the number after `before` was new: only its holder removes `before`, and only once it has passed it by two. */
  async #isTop(key: string, before: number): Promise<boolean> {
    if (before === 0 && (await this.#chain(key)).top !== 1) return false
    return isThere(this.#path(key, before))
  }

  /** Removes what lies two and more before the lock in force, the lowest first, and a mark before what it marks. */
  async #tidy(key: string, numbers: readonly number[], top: number): Promise<void> {
    for (const number of numbers) {
      if (number > top - 2) continue
      await removeIfThere(`${this.#path(key, number)}.free`)
      await removeIfThere(this.#path(key, number))
    }
  }

  #isOver(lock: FoundLock | BrokenLock, now: number, endsWithTime: boolean): boolean {
    const ageMs = now - lock.madeAt
    if (!('nonce' in lock)) {
      if (ageMs < BROKEN_LOCK_MS) throw unusableLock(lock.path, 'claw did not write it, or a power failure emptied it')
      return true
    }
    const sight = this.#sight(lock)
    if (sight === 'dead') return true
    return ageMs >= lock.durationMs && (endsWithTime || sight === 'unknown')
  }

  #sight(lock: FoundLock): 'alive' | 'dead' | 'unknown' {
    const { bootId } = lock.holder
    const isEarlierBoot =
      lock.machine !== '' &&
      lock.machine === this.#mark &&
      lock.holder.host === this.#holder.host &&
      bootId !== '' &&
      this.#holder.bootId !== '' &&
      bootId !== this.#holder.bootId
    return isEarlierBoot ? 'dead' : sightOf(lock.holder, this.#machine)
  }

  async #chain(key: string): Promise<Chain> {
    const prefix = `${nameOf(key)}.`
    const numbers: number[] = []
    const free: number[] = []
    for (const name of await namesIn(this.#dir)) {
      if (!name.startsWith(prefix)) continue
      const match = /^(0|[1-9]\d{0,14})(\.free)?$/.exec(name.slice(prefix.length))
      if (match) (match[2] ? free : numbers).push(Number(match[1]))
    }
    numbers.sort((a, b) => a - b)
    const top = numbers.at(-1)
    const orphans = free.filter((number) => top !== undefined && number > top)
    return { numbers, top, isFree: top === 0 || free.some((number) => number === top), orphans }
  }

  /** The ground of a chain, number 0, which nobody ever holds. */
  async #plant(key: string): Promise<void> {
    try {
      await (await createPrivate(this.#path(key, 0))).close()
    } catch (thrown) {
      if (errnoOf(thrown) !== 'EEXIST') throw thrown
    }
  }

  #path(key: string, number: number): string {
    return join(this.#dir, `${nameOf(key)}.${number}`)
  }

  #read(path: string): Promise<FoundLock | BrokenLock | undefined> {
    return readLock(path, this.#machine.uid)
  }
}

interface Chain {
  /** Ascending. */
  readonly numbers: readonly number[]
  readonly top: number | undefined
  readonly isFree: boolean
  /** Numbers with a mark but no lock, as after a removal by hand: the mark must not free the next lock of that number. */
  readonly orphans: readonly number[]
}

function nameOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 32)
}
