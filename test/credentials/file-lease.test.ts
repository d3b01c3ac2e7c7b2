import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type BusyLock, FileLocks, type TakeOptions } from '../../src/credentials/file-lease.ts'
import type { FoundLock } from '../../src/credentials/lock-content.ts'
import type { Machine } from '../../src/platform/machine.ts'
import { isRoot } from '../support/privileges.ts'
import { hastyClock, machine, StateDir } from './state-dir.ts'

const asLease: TakeOptions = { durationMs: 40_000, purpose: 'refresh', endsWithTime: true }
const asStoreLock: TakeOptions = { ...asLease, endsWithTime: false }
const here: Machine = {
  ...machine,
  bootId: 'boot-1',
  pidNamespace: 'pid:[1]',
  machineId: 'machine-1',
  hostname: 'host-1',
  pid: 100,
  processStart: (pid) => (pid < 200 ? '5000' : undefined),
}

class Locks extends StateDir {
  at(changes: Partial<Machine> = {}): FileLocks {
    return new FileLocks(this.locks, { ...here, ...changes }, Date.now)
  }

  async taken(changes: Partial<Machine> = {}): Promise<FoundLock> {
    const taken = await this.at(changes).tryTake('k', asLease)
    if (!('nonce' in taken)) throw new Error('busy')
    return taken
  }

  path(number: number): string {
    return join(this.locks, `${createHash('sha256').update('k').digest('hex').slice(0, 32)}.${number}`)
  }
}

const outcome = (taken: FoundLock | BusyLock) => ('nonce' in taken ? 'taken' : 'busy')

describe('a lock', () => {
  it('is complete from its birth, and says who has it', async () => {
    using locks = new Locks()
    const taken = await locks.taken()
    const content = JSON.parse(readFileSync(taken.path, 'utf8'))
    expect(content).toEqual({
      v: 1,
      nonce: taken.nonce,
      pid: 100,
      pidStart: '5000',
      bootId: 'boot-1',
      pidNs: 'pid:[1]',
      host: 'host-1',
      machine: expect.stringMatching(/^[0-9a-f]{16}$/),
      purpose: 'refresh',
      at: expect.stringMatching(/^\d{4}-/),
      fence: 1,
      durationMs: 40_000,
    })
    expect(await locks.at().find('k')).toEqual(taken)
    expect(readdirSync(locks.locks).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  /** Who asks, whether the time of the lock is over, and whether it is then to be had as a lease and as the store's lock. */
  const owners: [string, Partial<Machine>, boolean, 'taken' | 'busy', 'taken' | 'busy'][] = [
    ['lives', {}, false, 'busy', 'busy'],
    ['lives, though its time is over', {}, true, 'taken', 'busy'],
    ['is gone', { processStart: () => undefined }, false, 'taken', 'taken'],
    ['was followed by another process of its number', { processStart: () => '6000' }, false, 'taken', 'taken'],
    ['is in another pid namespace', { pidNamespace: 'pid:[2]', processStart: () => undefined }, false, 'busy', 'busy'],
    ['is in another pid namespace, and its time is over', { pidNamespace: 'pid:[2]' }, true, 'taken', 'taken'],
    ['is of an earlier boot of this machine', { bootId: 'boot-2' }, false, 'taken', 'taken'],
    ['is of a machine that only has the same name', { bootId: 'boot-2', machineId: 'machine-2' }, false, 'busy', 'busy'],
    ['is of another machine with the same id', { bootId: 'boot-2', hostname: 'host-2' }, false, 'busy', 'busy'],
    ['is of another machine, and its time is over', { bootId: 'boot-2', machineId: 'machine-2' }, true, 'taken', 'taken'],
    ['cannot be looked up on a system without /proc', { bootId: '', pidNamespace: '', machineId: '' }, false, 'busy', 'busy'],
    ['cannot be looked up there, and its time is over', { bootId: '', pidNamespace: '', machineId: '' }, true, 'taken', 'taken'],
  ]
  it.each(owners)('R-10 whose holder %s', async (_, asker, isOver, lease, storeLock) => {
    for (const [options, expected] of [
      [asLease, lease],
      [asStoreLock, storeLock],
    ] as const) {
      using locks = new Locks()
      const first = await locks.taken()
      if (isOver) locks.age(first.path, 40_001)
      const second = await locks.at(asker).tryTake('k', options)
      expect(outcome(second)).toBe(expected)
      if ('nonce' in second) expect(second.fence).toBeGreaterThan(first.fence)
      else expect(second.busy).toEqual({ ...first, madeAt: expect.any(Number) })
    }
  })

  it('R-10 from the future is not over', async () => {
    using locks = new Locks()
    const { path } = await locks.taken()
    locks.age(path, -365 * 24 * 3_600_000)
    expect(outcome(await locks.at({ bootId: 'boot-2', machineId: 'machine-2' }).tryTake('k', asLease))).toBe('busy')
  })

  it('is given to one of many that ask at once', async () => {
    using locks = new Locks()
    for (let round = 0; round < 20; round++) {
      const asked = await Promise.all(Array.from({ length: 8 }, () => locks.at().tryTake('k', asLease)))
      expect(asked.map(outcome).sort()).toEqual([...Array(7).fill('busy'), 'taken'])
      for (const taken of asked) if ('nonce' in taken) await locks.at().release(taken.path)
    }
  })

  it('that was taken over is not given back by its first holder, nor broken for the second', async () => {
    using locks = new Locks()
    const first = await locks.taken()
    locks.age(first.path, 40_001)
    const second = await locks.taken()
    await locks.at().release(first.path)
    expect(await locks.at().find('k')).toEqual(second)
    expect([await locks.at().hasEnded(first), await locks.at().hasEnded(second)]).toEqual([true, false])
  })

  it('is broken whoever has it, and has a higher fence then', async () => {
    using locks = new Locks()
    const first = await locks.taken()
    await locks.at().breakLock('k')
    expect(await locks.at().find('k')).toBeUndefined()
    expect((await locks.taken()).fence).toBeGreaterThan(first.fence)
    await locks.at().breakLock('never-taken')
  })

  it('has a fence above the one that is asked for, though its files were removed by hand', async () => {
    using locks = new Locks()
    const first = await locks.at().tryTake('k', { ...asLease, leastFence: 17 })
    expect(first).toMatchObject({ fence: 18 })
    if ('nonce' in first) await locks.at().release(first.path)
    expect(await locks.at().tryTake('k', asLease)).toMatchObject({ fence: 19 })
    rmSync(locks.locks, { recursive: true })
    expect(await locks.at().tryTake('k', { ...asLease, leastFence: 19 })).toMatchObject({ fence: 20 })
  })

  it('is not freed by the mark of one whose file was removed by hand', async () => {
    using locks = new Locks()
    for (let n = 0; n < 3; n++) await locks.at().release((await locks.taken()).path)
    rmSync(locks.path(3))
    rmSync(locks.path(2))
    const taken = await locks.taken()
    expect(await locks.at().find('k')).toEqual(taken)
    expect(outcome(await locks.at().tryTake('k', asLease))).toBe('busy')
  })

  it('leaves a few files, however often it is taken', async () => {
    using locks = new Locks()
    for (let n = 0; n < 30; n++) await locks.at().release((await locks.taken()).path)
    expect(readdirSync(locks.locks)).toHaveLength(4)
  })

  it('is not taken by one that looked long ago, and links a number that others have passed by since', async () => {
    using locks = new Locks()
    const { path } = await locks.taken()
    let isBetween = false
    const processStart = () => {
      if (!isBetween) return '5000'
      isBetween = false
      // Between the look of the slow one and its link: the holder dies, and three others take the lock one after the other.
      for (const number of [3, 4]) writeFileSync(locks.path(number), readFileSync(path), { mode: 0o600 })
      rmSync(path)
      return undefined
    }
    const slow = locks.at({ processStart })
    isBetween = true
    expect(outcome(await slow.tryTake('k', asLease))).toBe('busy')
    expect(
      readdirSync(locks.locks)
        .map((name) => name.slice(33))
        .sort(),
    ).toEqual(['0', '3', '4'])
  })
})

describe('S-08 in the place of a lock', () => {
  const foreign: [string, string, (path: string, victim: string) => void][] = [
    ['a symbolic link', 'it is a symbolic link', (path, victim) => symlinkSync(victim, path)],
    ['a directory', 'it is not a regular file', (path) => mkdirSync(path)],
    ['a FIFO', 'it is not a regular file', (path) => execFileSync('mkfifo', [path])],
    [
      'ten megabytes',
      'it is larger than 4096 bytes',
      (path) => {
        writeFileSync(path, '')
        truncateSync(path, 10 * 1024 * 1024)
      },
    ],
    ['nothing but a name', 'claw did not write it, or a power failure emptied it', (path) => writeFileSync(path, '')],
    ['no JSON', 'claw did not write it, or a power failure emptied it', (path) => writeFileSync(path, '{"nonce":')],
  ]
  const ofOthers: typeof foreign = [
    [
      'a file of somebody else',
      'it belongs to uid 65534',
      (path) => {
        writeFileSync(path, '{}')
        chownSync(path, 65_534, 65_534)
      },
    ],
  ]
  it.each([...foreign, ...(isRoot ? ofOthers : [])])('%s is an error that names it, and nothing happens to it', async (_, why, make) => {
    using locks = new Locks()
    const victim = join(locks.home, 'victim')
    writeFileSync(victim, 'precious')
    mkdirSync(locks.locks, { recursive: true, mode: 0o700 })
    make(locks.path(1), victim)
    const names = readdirSync(locks.locks)
    await expect(locks.at().tryTake('k', asLease)).rejects.toMatchObject({
      code: 'CLAW_LEASE_BUSY',
      message: expect.stringContaining(locks.path(1)),
      why,
    })
    expect([readFileSync(victim, 'utf8'), readdirSync(locks.locks)]).toEqual(['precious', names])
  })

  it('a lock that a power failure emptied holds nobody up for more than a minute', async () => {
    using locks = new Locks()
    const { path } = await locks.taken()
    truncateSync(path, 0)
    await expect(locks.at().tryTake('k', asLease)).rejects.toMatchObject({ code: 'CLAW_LEASE_BUSY' })
    const then = Date.now() / 1_000 - 61
    utimesSync(path, then, then)
    expect(outcome(await locks.at().tryTake('k', asLease))).toBe('taken')
  })

  it('a store lock of a living process is waited for 10 s at the most, and never passed by', async () => {
    using locks = new Locks()
    await locks.store().assertWritable()
    const held = await new FileLocks(locks.locks, machine, Date.now).tryTake('store', asStoreLock)
    const write = locks.store({ clock: hastyClock() }).write({ type: 'logged_out', id: 'g1' })
    await expect(write).rejects.toMatchObject({
      code: 'CLAW_LEASE_BUSY',
      why: `pid ${process.pid} on ${machine.hostname}`,
      data: { limit: { limit: 'store.lock', seconds: 60, source: 'built-in' } },
    })
    expect(outcome(held)).toBe('taken')
  })
})
