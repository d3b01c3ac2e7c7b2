import { chmodSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FileSpool } from '../../src/credentials/answer-spool.ts'
import type { Intent } from '../../src/credentials/record.ts'
import type { SavedAnswer } from '../../src/credentials/store.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { Machine } from '../../src/platform/machine.ts'
import { fingerprint, grant, HOUR, MINUTE } from './samples.ts'
import { machine, StateDir } from './state-dir.ts'

const here: Machine = {
  ...machine,
  bootId: 'boot-1',
  pidNamespace: 'pid:[1]',
  pid: 100,
  processStart: (pid) => (pid < 200 ? '5000' : undefined),
}
const holder = { host: 'h', pid: 300, pidStart: '5000', bootId: 'boot-1', pidNamespace: 'pid:[1]' }

function intent(changes: Partial<Intent> = {}): Intent {
  return { holder, nonce: 'n1', fence: 3, attempt: 1, deadlineAt: 1_000, leaseEndsAt: 2_000, gaveUp: false, ...changes }
}

function answer(changes: Partial<SavedAnswer> = {}): Omit<SavedAnswer, 'savedAt'> {
  return {
    grantId: 'g1',
    intent: intent(),
    generation: 4,
    fingerprint: fingerprint('refresh-token-4'),
    credential: grant(5, { sentAgoMs: 700 }),
    ...changes,
  }
}

function spoolOf(state: StateDir, changes: Partial<Machine> = {}): FileSpool {
  return new FileSpool({ dir: state.dir, clock: systemClock(), machine: { ...here, ...changes } })
}

const files = (state: StateDir) => readdirSync(state.spool).map((name) => join(state.spool, name))
const pathIn = (state: StateDir) => files(state)[0] ?? 'none'

describe('the spool', () => {
  it('R-06 reserves 64 KiB before anything is sent, 0600 in 0700', async () => {
    using state = new StateDir()
    const reservation = await spoolOf(state).reserve('g1', 'n1')
    expect(files(state).map((path) => [readFileSync(path).length, state.mode(path)])).toEqual([[64 * 1024, '600']])
    expect([state.mode(state.spool), state.mode(state.dir)]).toEqual(['700', '700'])
    expect(await spoolOf(state).find('g1')).toEqual([])
    await reservation.discard()
  })

  it('R-19 gives a saved answer to whoever looks for that grant, aged by the time it lay there', async () => {
    using state = new StateDir()
    const reservation = await spoolOf(state).reserve('g1', 'n1')
    await reservation.save(answer())
    state.age(pathIn(state), HOUR)
    const [found] = await spoolOf(state).find('g1')
    expect(found).toEqual({ ...answer(), credential: { ...grant(5), sentAgoMs: expect.any(Number) }, savedAt: expect.any(Number) })
    expect(found?.credential.secrets.refresh?.reveal()).toBe('refresh-token-5')
    expect(found?.credential.sentAgoMs).toBeGreaterThanOrEqual(HOUR + 700)
    expect(found?.credential.sentAgoMs).toBeLessThan(HOUR + MINUTE)
    expect(await spoolOf(state).find('g2')).toEqual([])
    if (found) await spoolOf(state).discard(found)
    expect(files(state)).toEqual([])
  })

  it('saves in the reserved space: the file keeps its size', async () => {
    using state = new StateDir()
    const reservation = await spoolOf(state).reserve('g1', 'n1')
    await reservation.save(answer())
    expect(readFileSync(pathIn(state)).length).toBe(64 * 1024)
    await reservation.discard()
    expect(files(state)).toEqual([])
  })

  it('takes an answer that is larger than the reserved space', async () => {
    using state = new StateDir()
    const reservation = await spoolOf(state).reserve('g1', 'n1')
    const scopes = Array.from({ length: 20 }, (_, n) => `${n}`.repeat(6_000).slice(0, 6_000))
    await reservation.save(answer({ credential: grant(5, { scopes }) }))
    expect((await spoolOf(state).find('g1'))[0]?.credential.scopes).toEqual(scopes)
  })

  it('never gives a torn answer, wherever it is cut or changed', async () => {
    using state = new StateDir()
    await (await spoolOf(state).reserve('g1', 'n1')).save(answer())
    const path = pathIn(state)
    const whole = readFileSync(path)
    const length = whole.lastIndexOf('}') + 1
    for (let end = 0; end < length; end += 13) {
      writeFileSync(path, Buffer.concat([whole.subarray(0, end), Buffer.alloc(64, 0x20)]))
      expect(await spoolOf(state).find('g1')).toEqual([])
      const changed = Buffer.from(whole)
      changed[end] = (changed[end] ?? 0) ^ 1
      writeFileSync(path, changed)
      expect(await spoolOf(state).find('g1')).toEqual([])
    }
    writeFileSync(path, whole)
    expect(await spoolOf(state).find('g1')).toHaveLength(1)
  })

  it.each([
    ['of a dead holder', {}, 0, 1],
    ['of a living holder that is about to commit it', { pid: 150 }, 0, 0],
    ['of a living holder that has not committed it for long', { pid: 150 }, 61_000, 1],
    ['of this very process', { pid: 100 }, 0, 1],
    ['of a holder that cannot be seen from here', { bootId: 'boot-2' }, 0, 1],
  ])('an answer %s', async (_, changes, ageMs, count) => {
    using state = new StateDir()
    await (await spoolOf(state).reserve('g1', 'n1')).save(answer({ intent: intent({ holder: { ...holder, ...changes } }) }))
    state.age(pathIn(state), ageMs)
    expect(await spoolOf(state).find('g1')).toHaveLength(count)
  })

  it('S-14 sweeps what nobody can use any more, when space is reserved the next time', async () => {
    using state = new StateDir()
    const spool = spoolOf(state)
    await (await spool.reserve('g1', 'old-answer')).save(answer({ intent: intent({ nonce: 'old-answer' }) }))
    const space = await spool.reserve('g2', 'old-space')
    await (await spool.reserve('g2', 'saved')).save(answer({ grantId: 'g2', intent: intent({ nonce: 'saved' }) }))
    for (const path of files(state)) state.age(path, 11 * MINUTE)
    const reservation = await spool.reserve('g1', 'new')
    expect(files(state)).toHaveLength(2)
    expect([(await spool.find('g1')).length, (await spool.find('g2')).length]).toEqual([0, 1])
    await Promise.all([space.discard(), reservation.discard()])
  })

  it('R-06 says before the request that there is no space', async () => {
    using state = new StateDir()
    await state.store().assertWritable()
    writeFileSync(state.spool, 'in the way')
    await expect(spoolOf(state).reserve('g1', 'n1')).rejects.toMatchObject({
      code: 'CLAW_STORE_UNWRITABLE',
      message: `no space could be reserved in \`${state.spool}\` for the answer to a refresh`,
    })
  })

  it('reserves twice under one lease, as after a connection that failed', async () => {
    using state = new StateDir()
    const first = await spoolOf(state).reserve('g1', 'n1')
    await (await spoolOf(state).reserve('g1', 'n1')).save(answer())
    expect(await spoolOf(state).find('g1')).toHaveLength(1)
    await first.discard()
  })

  it('passes over what is no answer, and takes none that others could have put there', async () => {
    using state = new StateDir()
    await (await spoolOf(state).reserve('g1', 'n1')).save(answer())
    const path = pathIn(state)
    chmodSync(path, 0o600)
    truncateSync(path, 0)
    expect(await spoolOf(state).find('g1')).toEqual([])
    expect(await spoolOf(new StateDir()).find('g1')).toEqual([])
  })
})
