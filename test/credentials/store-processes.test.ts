import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { FileSpool } from '../../src/credentials/answer-spool.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { BundledWorker } from '../support/bundled-worker.ts'
import { canTrace } from '../support/privileges.ts'
import { grant, grantSlot, key, keySlot, lease, open, signedIn, tryLease } from './samples.ts'
import { hastyClock, machine, StateDir } from './state-dir.ts'

// Far above what anything here takes: a test that reaches it hangs.
vi.setConfig({ testTimeout: 120_000 })

let worker: BundledWorker

beforeAll(async () => {
  worker = await BundledWorker.build(new URL('store-worker.ts', import.meta.url))
})
afterAll(() => worker.dispose())

const ids = (count: number) => Array.from({ length: count }, (_, n) => `provider-${n}`)

describe('many processes at one store', () => {
  it('R-09 lose nothing of what 12 of them store, though some are killed', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    const before = (await state.store().read()).records.map(open)
    const running = ids(12).map((id) => ({ id, ...worker.start([state.dir, 'sign-in', id]) }))
    const victims = running.filter((_, n) => n % 5 === 0)
    for (const { child, firstLine } of victims)
      firstLine
        .then(
          () => undefined,
          () => undefined,
        )
        .finally(() => child.kill('SIGKILL'))
    await running.at(1)?.firstLine
    for (const { child } of victims) child.kill('SIGKILL')
    const ends = await Promise.all(running.map(async ({ id, ended }) => ({ id, ...(await ended) })))
    expect(ends.filter(({ exitCode, stderr }) => exitCode !== null && (exitCode !== 0 || stderr !== ''))).toEqual([])
    const { records } = await state.store().read()
    const stored = new Set(records.map(({ provider }) => provider))
    expect(ends.filter(({ exitCode, id }) => exitCode === 0 && !stored.has(id))).toEqual([])
    expect(records.slice(0, 1).map(open)).toEqual(before)
    for (const { provider, secrets } of records.slice(1)) expect(secrets?.access.reveal()).toBe(`sk-${provider}-0123456789`)
  })

  it('R-10 never hold one lock together, though each dies with it in hand and all others meet it stale', async () => {
    for (let round = 0; round < 2; round++) {
      using state = new StateDir()
      await state.store().assertWritable()
      const ends = await Promise.all(Array.from({ length: 8 }, () => worker.run([state.dir, 'meet-and-die', '2'])))
      expect(ends.map(({ signal, stderr }) => ({ signal, stderr }))).toEqual(Array(8).fill({ signal: 'SIGKILL', stderr: '' }))
      const fences = ends.flatMap(({ stdout }) => stdout.trim().split('\n').map(Number)).sort((a, b) => a - b)
      expect(fences).toHaveLength(16)
      expect(new Set(fences).size).toBe(16)
      expect(state.lockFiles().length).toBeLessThanOrEqual(4)
    }
  })

  it('R-01 read whole versions while another writes', async () => {
    using state = new StateDir()
    const store = state.store()
    await store.write({ type: 'sign_in', slot: keySlot('counter'), credential: key('sk-counter-0-0123456789', { region: '0' }) })
    const { ended } = worker.start([state.dir, 'write-often', '60'])
    let isOver = false
    const over = ended.then(() => {
      isOver = true
    })
    const readers = Array.from({ length: 4 }, async () => {
      let last = 0
      while (!isOver) {
        const [record] = (await store.read()).records
        const n = Number(record?.region)
        expect(record?.secrets?.access.reveal()).toBe(`sk-counter-${n}-0123456789`)
        expect(n).toBeGreaterThanOrEqual(last)
        last = n
        await new Promise((resolve) => setImmediate(resolve))
      }
      return last
    })
    await over
    expect(await ended).toEqual({ exitCode: 0, signal: null, stdout: 'done\n', stderr: '' })
    await Promise.all(readers)
    expect((await store.read()).records[0]).toMatchObject({ region: '60', generation: 61 })
  })

  it('R-10 take the lease of a killed holder at once, and wait for one that lives', async () => {
    using state = new StateDir()
    const store = state.store()
    const { child, firstLine, ended } = worker.start([state.dir, 'hold-lease', 'g1'])
    const { fence, holder } = JSON.parse(await firstLine)
    expect([store.sight(holder), await tryLease(store, 'g1')]).toEqual(['alive', 'busy'])
    child.kill('SIGKILL')
    await ended
    expect(store.sight(holder)).toBe('dead')
    expect((await lease(store, 'g1')).fence).toBeGreaterThan(fence)
  })

  it('R-12 never overtake a stopped writer, and say within the bound who stands in the way', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    const before = state.bytes
    const stopped = await worker.stopAt('store.before-rename', [state.dir, 'sign-in', 'openai'])
    for (const lock of state.lockFiles()) state.age(lock, 3_600_000)
    const write = state.store({ clock: hastyClock() }).write({ type: 'sign_in', slot: grantSlot, credential: grant(2) })
    await expect(write).rejects.toMatchObject({ code: 'CLAW_LEASE_BUSY', why: `pid ${stopped.child.pid} on ${machine.hostname}` })
    expect(state.bytes).toBe(before)
    stopped.child.kill('SIGKILL')
    await stopped.ended
    expect((await state.store().write({ type: 'sign_in', slot: grantSlot, credential: grant(2) })).outcome).toBe('written')
  })
})

describe('R-03 a writer that is killed', () => {
  it.each([
    ['store.locked', 'before'],
    ['store.before-rename', 'before'],
    ['store.after-rename', 'after'],
  ])('at %s leaves the store as it was %s, and the next one writes at once', async (point, expected) => {
    using state = new StateDir()
    await signedIn(state.store())
    const before = state.bytes
    const { child, ended } = await worker.stopAt(point, [state.dir, 'sign-in', 'openai'])
    child.kill('SIGKILL')
    await ended
    const { records } = await state.store().read()
    expect(records.map(({ provider }) => provider)).toEqual(expected === 'before' ? ['moonshot'] : ['moonshot', 'openai'])
    if (expected === 'before') expect(state.bytes).toBe(before)
    await state.store().write({ type: 'sign_in', slot: keySlot('anthropic'), credential: key('sk-ant-123456') })
    expect((await state.store().read()).records.map(({ provider }) => provider)).toEqual([
      ...records.map(({ provider }) => provider),
      'anthropic',
    ])
  })

  it('R-19 after the answer was saved leaves it for the next one, once it is seen dead', async () => {
    using state = new StateDir()
    const { child, ended } = await worker.stopAt('spool.saved', [state.dir, 'refresh'])
    const record = (await state.store().read()).records[0]
    const spool = new FileSpool({ dir: state.dir, clock: systemClock(), machine })
    expect(await spool.find(record?.id ?? '')).toEqual([])
    child.kill('SIGKILL')
    await ended
    const [answer] = await spool.find(record?.id ?? '')
    expect(answer).toMatchObject({ grantId: record?.id, generation: 1, fingerprint: record?.fingerprint, intent: { ...record?.intent } })
    expect(answer?.credential.secrets.refresh?.reveal()).toBe('refresh-token-2')
  })

  const points = (['fchmod 2', 'link 1', 'link 2', 'fsync 1', 'fsync 2', 'rename 1', 'unlink 1'] as const).map((point) => point.split(' '))
  it.skipIf(!canTrace).concurrent.each(points)('at its call %s number %s leaves the old store or the new one', async (call, n) => {
    using state = new StateDir()
    await signedIn(state.store())
    const before = state.bytes
    const end = await worker.run([state.dir, 'sign-in', 'openai'], {
      under: ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${n}`],
    })
    const { records } = await state.store().read()
    const providers = records.map(({ provider }) => provider)
    expect(end.stdout).toBe('')
    expect([['moonshot'], ['moonshot', 'openai']]).toContainEqual(providers)
    if (providers.length === 1) expect(state.bytes).toBe(before)
    expect(
      (await state.store().write({ type: 'sign_in', slot: keySlot('openai'), credential: key('sk-openai-0123456789') })).outcome,
    ).toMatch(/written|unchanged/)
  })
})

describe.skipIf(!canTrace)('R-02 a disk that fails', () => {
  it.each([
    ['fsync', 1, 'EIO'],
    ['fsync', 1, 'ENOSPC'],
    ['rename', 1, 'EIO'],
    ['link', 1, 'ENOSPC'],
  ])('in %s number %i with %s is a failure, and the old content stands', async (call, n, errno) => {
    using state = new StateDir()
    await signedIn(state.store())
    const before = state.bytes
    const end = await worker.run([state.dir, 'sign-in', 'openai'], {
      under: ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:error=${errno}:when=${n}`],
    })
    expect(end).toEqual({
      exitCode: 73,
      signal: null,
      stdout: '',
      stderr: `CLAW_STORE_UNWRITABLE: the credential store \`${state.file}\` cannot be written (${errno})\n`,
    })
    expect(readFileSync(state.file, 'utf8')).toBe(before)
    expect(await state.store().repair()).toEqual([])
  })

  it('in the sync of the directory is a failure too, though the new content may stand', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    const end = await worker.run([state.dir, 'sign-in', 'openai'], {
      under: ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fsync', '-e', 'inject=fsync:error=EIO:when=2'],
    })
    expect({ exitCode: end.exitCode, stdout: end.stdout }).toEqual({ exitCode: 73, stdout: '' })
    expect((await state.store().read()).records.map(({ provider }) => provider)).toEqual(['moonshot', 'openai'])
  })
})
