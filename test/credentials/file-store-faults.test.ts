import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { canMount } from '../support/privileges.ts'
import { attempt, grant, grantSlot, intentOf, key, keySlot, lease, MINUTE, open, recordOf, signedIn, signIn } from './samples.ts'
import { hastyClock, machine, StateDir } from './state-dir.ts'

describe('R-04 R-05 a disk that does not take it', () => {
  const unwritable = (state: StateDir, why: string) => ({
    code: 'CLAW_STORE_UNWRITABLE',
    message: `the credential store \`${state.file}\` cannot be written`,
    why,
  })

  it.skipIf(!canMount)('full: the old content stands, and no temporary file is left', async () => {
    using state = new StateDir()
    mkdirSync(state.dir, { mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'claw-test', state.dir])
    try {
      await signedIn(state.store())
      const before = state.bytes
      const free = Number(execFileSync('stat', ['-f', '-c', '%a', state.dir]).toString())
      writeFileSync(join(state.dir, 'ballast'), Buffer.alloc(4_096 * (free - 1)))
      expect(await attempt(signIn(state.store(), 2))).toEqual(unwritable(state, 'ENOSPC'))
      expect([state.bytes, readdirSync(state.dir).sort()]).toEqual([before, ['ballast', 'credentials.json', 'locks']])
    } finally {
      execFileSync('umount', [state.dir])
    }
  })

  it.skipIf(!canMount)('read-only: readings go on', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    execFileSync('mount', ['--bind', state.dir, state.dir])
    try {
      execFileSync('mount', ['-o', 'remount,ro,bind', state.dir])
      expect((await state.store().read()).records.map(({ route }) => route)).toEqual(['kimi-code'])
      const expected = unwritable(state, 'EROFS')
      const writes = [
        signIn(state.store(), 2),
        state.store().assertWritable(),
        state.store().tryLease('g1', { durationMs: 1, purpose: 'test', signal: new AbortController().signal }),
      ]
      expect(await Promise.all(writes.map(attempt))).toEqual([expected, expected, expected])
    } finally {
      execFileSync('umount', [state.dir])
    }
  })

  it.skipIf(!canMount)('a single file that is mounted: said before a sign-in', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    writeFileSync(join(state.home, 'other file'), state.bytes, { mode: 0o600 })
    execFileSync('mount', ['--bind', join(state.home, 'other file'), state.file])
    try {
      expect(await attempt(state.store().assertWritable())).toEqual(unwritable(state, 'EBUSY'))
      expect(await attempt(signIn(state.store(), 2))).toEqual(unwritable(state, 'EBUSY'))
      expect((await state.store().read()).records).toHaveLength(1)
    } finally {
      execFileSync('umount', [state.file])
    }
  })

  it('more than a reader would take: refused, so that it stays readable', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    const before = state.bytes
    expect(await attempt(state.store().write({ type: 'sign_in', slot: keySlot('openai'), credential: key('k'.repeat(16_385)) }))).toEqual({
      code: 'CLAW_STORE_UNWRITABLE',
      message: `the credential store \`${state.file}\` cannot hold this`,
      why: 'it could not be read again at $.*[1].*.*, which is too long',
    })
    expect(state.bytes).toBe(before)
  })
})

describe('R-07 a corrupt store', () => {
  it('is named, left where it is and not overwritten, wherever it is cut', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    const whole = readFileSync(state.file)
    for (let end = 0; end < whole.length - 2; end += 37) {
      writeFileSync(state.file, whole.subarray(0, end))
      const read = await attempt(state.store().read())
      expect(read).toMatchObject({
        code: 'CLAW_STORE_CORRUPT',
        message: `the credential store \`${state.file}\` is corrupt`,
        why: expect.stringMatching(new RegExp(`^${end} bytes, first error at character \\d+`)),
      })
      if (end % 5 === 0) expect(await attempt(signIn(state.store(), 2))).toEqual(read)
      expect(readFileSync(state.file).equals(whole.subarray(0, end))).toBe(true)
    }
    expect(readdirSync(state.dir).sort()).toEqual(['credentials.json', 'locks'])
  })

  it('is repaired by keeping the whole records, and a copy of what it was', async () => {
    using state = new StateDir()
    const store = state.store()
    await signedIn(store)
    await store.write({ type: 'sign_in', slot: keySlot('openai'), credential: key('sk-openai-0123456789') })
    const kept = (await store.read()).records[0]
    const corrupt = state.bytes.slice(0, -40)
    writeFileSync(state.file, corrupt)
    chmodSync(state.file, 0o644)
    const [said] = await store.repair()
    const [aside] = (await store.inspect()).quarantined
    expect(said).toBe(`kept 1 whole records of \`${state.file}\`, and moved the corrupt file to \`${aside}\``)
    expect(aside && [readFileSync(aside, 'utf8'), state.mode(aside), state.mode(state.file)]).toEqual([corrupt, '600', '600'])
    expect((await store.read()).records.map(open)).toEqual([open(kept)])
    expect(await attempt(signIn(store, 2))).toBe('written')
    expect(await store.repair()).toEqual([])
  })
})

describe('R-08 a store of a newer claw', () => {
  it('is read, and never written', async () => {
    using state = new StateDir()
    const record = await signedIn(state.store())
    const newer = JSON.stringify({ ...state.json, version: 2, records: [...state.json.records, { shape: 'new' }] })
    writeFileSync(state.file, newer)
    expect((await state.store().read()).records.map(open)).toEqual([open(record)])
    const refusal = {
      code: 'CLAW_STORE_NEWER',
      message: `the credential store \`${state.file}\` was written by a newer claw`,
      why: 'its version is 2, this claw writes 1',
    }
    expect([
      await attempt(signIn(state.store(), 2)),
      await attempt(state.store().write({ type: 'logged_out', id: record.id })),
      await attempt(state.store().assertWritable()),
    ]).toEqual([refusal, refusal, refusal])
    expect([await state.store().repair(), state.bytes]).toEqual([[], newer])
    writeFileSync(state.file, newer.slice(0, -9))
    expect(await attempt(state.store().repair())).toMatchObject({ code: 'CLAW_STORE_NEWER' })
    expect(state.bytes).toBe(newer.slice(0, -9))
  })
})

describe('S-14 residue', () => {
  it('of writers that died is swept by the next one, and nothing else is', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    const old = [join(state.dir, `.credentials.json.${'a'.repeat(24)}.tmp`), join(state.locks, `.staged.${'b'.repeat(24)}.tmp`)]
    const kept = [join(state.dir, `.credentials.json.${'c'.repeat(24)}.tmp`), join(state.dir, 'mine.tmp')]
    for (const path of [...old, ...kept]) writeFileSync(path, 'secret', { mode: 0o600 })
    for (const path of [...old, join(state.dir, 'mine.tmp')]) state.age(path, 11 * MINUTE)
    expect((await state.store().inspect()).leftovers).toEqual(old)
    await signIn(state.store(), 2)
    expect(
      readdirSync(state.dir)
        .filter((name) => name.endsWith('.tmp'))
        .sort(),
    ).toEqual([`.credentials.json.${'c'.repeat(24)}.tmp`, 'mine.tmp'])
    expect(readdirSync(state.locks).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('a copied store says so, one without a machine id does not', async () => {
    using state = new StateDir()
    await signedIn(state.store({ machine: { ...machine, machineId: 'one' } }))
    const copied = async (machineId: string) => (await state.store({ machine: { ...machine, machineId } }).read()).copied
    expect([await copied('one'), await copied('two'), await copied('')]).toEqual([false, true, false])
    expect(state.bytes).not.toContain('"one"')
  })

  it('R-17 a copied store is of this machine once every grant in it is, and of the other one until then', async () => {
    using state = new StateDir()
    const on = (machineId: string) => state.store({ machine: { ...machine, machineId } })
    const copied = async (machineId: string) => (await on(machineId).read()).copied
    const other = { ...grantSlot, profile: 'other' }
    await on('one').write({ type: 'sign_in', slot: grantSlot, credential: grant(1) })
    await on('one').write({ type: 'sign_in', slot: other, credential: grant(2) })
    await on('two').write({ type: 'sign_in', slot: grantSlot, credential: grant(3) })
    expect([await copied('one'), await copied('two')]).toEqual([false, true])
    await on('two').write({ type: 'sign_in', slot: other, credential: grant(4) })
    expect([await copied('one'), await copied('two')]).toEqual([true, false])
    expect((await on('two').read()).records.map(({ unknown }) => unknown)).toEqual([{}, {}])
  })

  it('R-17 a copied store is of this machine once the last grant from elsewhere is signed out', async () => {
    using state = new StateDir()
    const on = (machineId: string) => state.store({ machine: { ...machine, machineId } })
    const { record } = await on('one').write({ type: 'sign_in', slot: grantSlot, credential: grant(1) })
    await on('two').write({ type: 'sign_in', slot: { ...grantSlot, profile: 'other' }, credential: grant(2) })
    expect((await on('two').read()).copied).toBe(true)
    await on('two').write({ type: 'logged_out', id: record?.id ?? '' })
    expect((await on('two').read()).copied).toBe(false)
  })

  it('S-07 no secret is ever outside the state directory', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    expect(readdirSync(state.home)).toEqual(['state'])
  })
})

describe('the clock of the file system', () => {
  it('dates expiries and leases, not the clock of the caller', async () => {
    using state = new StateDir()
    const tenYears = 10 * 365 * 24 * 60 * MINUTE
    const clock = hastyClock()
    const wrong = state.store({ clock: { ...clock, wall: () => clock.wall() + tenYears } })
    const record = recordOf(await signIn(wrong))
    expect(Math.abs(record.receivedAt - Date.now())).toBeLessThan(60_000)
    const intent = await intentOf(wrong, record, await lease(wrong, record.id))
    expect(intent.leaseEndsAt - record.receivedAt).toBeLessThan(41_000 + 60_000)
    expect(Math.abs((await wrong.read()).now - Date.now())).toBeLessThan(60_000)
  })
})

it('S-12 has no provider in the name of any file', async () => {
  using state = new StateDir()
  await signedIn(state.store())
  await lease(state.store(), 'kimi-code@ci')
  renameSync(state.file, `${state.file}.away`)
  expect(readdirSync(state.locks).filter((name) => !/^[0-9a-f]{32}\.\d+(?:\.free)?$/.test(name))).toEqual([])
})
