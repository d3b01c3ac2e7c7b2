import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FileStore } from '../../src/credentials/file-store.ts'
import { grant, grantSlot, intentOf, key, keySlot, lease, MINUTE, open, recordOf, signedIn } from './samples.ts'
import { canMount, isRoot } from '../support/privileges.ts'
import { hastyClock, machine, StateDir } from './state-dir.ts'

/** What a write comes to: its outcome, or the code and reason of its error. */
async function attempt(work: Promise<unknown>): Promise<unknown> {
  try {
    const result = await work
    return typeof result === 'object' && result !== null && 'outcome' in result ? result.outcome : result
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown) return { code: thrown.code, message: thrown.message, why: 'why' in thrown ? thrown.why : undefined }
    throw thrown
  }
}

const signIn = (store: FileStore, n = 1) => store.write({ type: 'sign_in', slot: grantSlot, credential: grant(n) })

/** Runs with another umask, and puts the old one back. */
async function underUmask<Result>(mask: number, work: () => Promise<Result>): Promise<Result> {
  const before = process.umask(mask)
  try {
    return await work()
  } finally {
    process.umask(before)
  }
}

describe('modes', () => {
  const umasks = [0o000, 0o022, 0o777]
  const modes = [undefined, 0o644, 0o666]
  it.each(umasks.flatMap((umask) => modes.map((mode) => [umask.toString(8), mode?.toString(8) ?? 'none'])))('S-01 S-03 under umask %s, over a file of mode %s, every write leaves 0600 in 0700', async (umask, mode) => {
    using state = new StateDir()
    await underUmask(Number.parseInt(umask, 8), async () => {
      const store = state.store()
      const modesAfter: string[] = []
      const noteModes = () => modesAfter.push(state.mode(state.file), state.mode(state.dir), state.mode(state.locks))
      const record = await signedIn(store)
      noteModes()
      if (mode !== 'none') chmodSync(state.file, Number.parseInt(mode, 8))
      const intent = await intentOf(store, record, await lease(store, record.id))
      noteModes()
      if (mode !== 'none') chmodSync(state.file, Number.parseInt(mode, 8))
      await store.write({ type: 'commit', id: record.id, intent, generation: 1, fingerprint: record.fingerprint, credential: grant(2) })
      noteModes()
      await store.write({ type: 'logged_out', id: record.id })
      noteModes()
      expect(modesAfter).toEqual(Array(4).fill(['600', '700', '700']).flat())
      for (const name of readdirSync(state.locks)) expect(state.mode(join(state.locks, name))).toBe('600')
    })
  })

  it('S-01 a reading warns of a file that is open to others, and changes nothing', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    chmodSync(state.file, 0o644)
    const before = statSync(state.file)
    const snapshot = await state.store().read()
    expect(snapshot.warnings).toEqual([{ code: 'store.mode', message: `\`${state.file}\` is open to others (mode 0644)` }])
    expect(snapshot.records).toHaveLength(1)
    const { mode, mtimeMs, ino } = statSync(state.file)
    expect({ mode, mtimeMs, ino }).toEqual({ mode: before.mode, mtimeMs: before.mtimeMs, ino: before.ino })
    expect((await state.store().inspect()).modeProblem).toBe(`\`${state.file}\` has mode 0644`)
    expect(await state.store().repair()).toEqual([`made \`${state.file}\` readable for this user only`])
    expect([state.mode(state.file), (await state.store().read()).warnings]).toEqual(['600', []])
  })

  it('S-05 never writes in place: a second name keeps the old content, and is warned of', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    const second = join(state.home, 'second')
    linkSync(state.file, second)
    const before = readFileSync(second, 'utf8')
    expect((await state.store().read()).warnings).toEqual([{ code: 'store.links', message: `\`${state.file}\` has a second name, which keeps its old content` }])
    await signIn(state.store(), 2)
    expect(readFileSync(second, 'utf8')).toBe(before)
    expect((await state.store().read()).warnings).toEqual([])
  })
})

describe('S-02 directories', () => {
  const refusal = (path: string, why: string) => ({ code: 'CLAW_STORE_UNSAFE', message: `no secret is written below \`${path}\``, why })

  it('that everybody may write to get no secret, and are warned of in a reading', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    chmodSync(state.dir, 0o777)
    expect(await attempt(signIn(state.store(), 2))).toEqual(refusal(state.dir, 'everybody may write there'))
    expect(await attempt(state.store().assertWritable())).toEqual(refusal(state.dir, 'everybody may write there'))
    const { records, warnings } = await state.store().read()
    expect({ count: records.length, warnings }).toEqual({ count: 1, warnings: [{ code: 'store.directory', message: `\`${state.dir}\` is not safe for secrets: everybody may write there` }] })
    chmodSync(state.dir, 0o700)
    chmodSync(state.home, 0o777)
    expect(await attempt(signIn(state.store(), 2))).toEqual(refusal(state.home, 'everybody may write there'))
  })

  it.skipIf(!isRoot)('of somebody else get no secret', async () => {
    using state = new StateDir()
    chownSync(state.home, 65_534, 65_534)
    expect(await attempt(signIn(state.store()))).toEqual(refusal(state.home, 'it belongs to uid 65534'))
  })

  it('that the group may write to are warned of, and used', async () => {
    using state = new StateDir()
    chmodSync(state.home, 0o770)
    expect(await attempt(signIn(state.store()))).toBe('written')
    expect((await state.store().read()).warnings).toEqual([{ code: 'store.directory', message: `the group may write to \`${state.home}\`` }])
  })

  it('are judged by their real path', async () => {
    using state = new StateDir()
    mkdirSync(join(state.home, 'safe'), { mode: 0o700 })
    mkdirSync(join(state.home, 'open'))
    chmodSync(join(state.home, 'open'), 0o777)
    symlinkSync('safe', join(state.home, 'to-safe'))
    symlinkSync('open', join(state.home, 'to-open'))
    expect(await attempt(signIn(state.store({ dir: join(state.home, 'to-safe') })))).toBe('written')
    expect(readdirSync(join(state.home, 'safe')).sort()).toEqual(['credentials.json', 'locks'])
    expect(await attempt(signIn(state.store({ dir: join(state.home, 'to-open') })))).toEqual(refusal(join(state.home, 'open'), 'everybody may write there'))
    expect(readdirSync(join(state.home, 'open'))).toEqual([])
  })
})

describe('S-04 a store that is a symbolic link', () => {
  const isLink = (path: string) => ({ code: 'CLAW_STORE_UNSAFE', message: `cannot read \`${path}\``, why: 'it is a symbolic link' })

  it.each([
    ['a file', (state: StateDir) => join(state.home, 'victim')],
    ['nothing', (state: StateDir) => join(state.home, 'nowhere')],
    ['itself', (state: StateDir) => state.file],
    ['a stream', () => '/dev/stdin'],
  ])('to %s is refused, and nothing is written through it', async (_, target) => {
    using state = new StateDir()
    await state.store().assertWritable()
    writeFileSync(join(state.home, 'victim'), 'precious')
    symlinkSync(target(state), state.file)
    expect(await attempt(state.store().read())).toEqual(isLink(state.file))
    expect(await attempt(signIn(state.store()))).toEqual(isLink(state.file))
    expect([readFileSync(join(state.home, 'victim'), 'utf8'), lstatSync(state.file).isSymbolicLink(), readdirSync(state.home).sort()]).toEqual(['precious', true, ['state', 'victim']])
  })

  it('is followed where the configuration says so, to a directory that is safe', async () => {
    using state = new StateDir()
    mkdirSync(state.dir, { mode: 0o700 })
    const target = join(state.home, 'elsewhere')
    mkdirSync(target, { mode: 0o700 })
    symlinkSync(join(target, 'secrets.json'), state.file)
    writeFileSync(join(target, 'secrets.json'), '{"version":1}', { mode: 0o600 })
    expect(await attempt(signIn(state.store({ followSymlink: true })))).toBe('written')
    expect([lstatSync(state.file).isSymbolicLink(), readdirSync(target).sort(), readdirSync(state.dir)]).toEqual([true, ['locks', 'secrets.json'], ['credentials.json']])
    expect((await state.store({ followSymlink: true }).read()).records.map(({ route }) => route)).toEqual(['kimi-code'])
    chmodSync(target, 0o777)
    expect(await attempt(signIn(state.store({ followSymlink: true }), 2))).toMatchObject({ code: 'CLAW_STORE_UNSAFE', why: 'everybody may write there' })
  })

  it('S-09 that a hostile neighbour swaps for the file in a loop is never followed', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    const victim = join(state.home, 'victim')
    writeFileSync(victim, JSON.stringify({ version: 1, records: [] }))
    const script = "const fs=require('fs');const [f,v]=process.argv.slice(1);fs.copyFileSync(f,f+'.real');for(let n=0;n<500;n++){fs.symlinkSync(v,f+'.l');fs.renameSync(f+'.l',f);fs.copyFileSync(f+'.real',f+'.c');fs.renameSync(f+'.c',f)}"
    const swapper = spawn(process.execPath, ['-e', script, state.file, victim], { stdio: 'ignore' })
    const outcomes = new Set<string>()
    const store = state.store()
    while (swapper.exitCode === null) {
      outcomes.add(await store.read().then(({ records }) => `${records.length} records`, (thrown: { code: string }) => thrown.code))
    }
    expect([...outcomes].sort()).toEqual(['1 records', 'CLAW_STORE_UNSAFE'])
    expect(await attempt(signIn(store, 2))).toBe('written')
    expect(readFileSync(victim, 'utf8')).toBe('{"version":1,"records":[]}')
  })
})

describe('S-06 something else in the place of the store', () => {
  const obstacles: [string, string, string, (path: string) => void][] = [
    ['a FIFO', 'CLAW_STORE_UNSAFE', 'it is not a regular file', (path: string) => execFileSync('mkfifo', [path])],
    ['a directory', 'CLAW_STORE_UNSAFE', 'it is not a regular file', (path: string) => mkdirSync(path)],
    ['two megabytes', 'CLAW_STORE_UNREADABLE', 'it is larger than 1048576 bytes', (path: string) => {
      writeFileSync(path, '')
      truncateSync(path, 2 * 1024 * 1024)
    }],
  ]
  const ofRoot: typeof obstacles = [['a device', 'CLAW_STORE_UNSAFE', 'it is not a regular file', (path) => execFileSync('mknod', [path, 'c', '1', '5'])]]
  it.each([...obstacles, ...(isRoot ? ofRoot : [])])('%s is an error at once', async (_, code, why, make) => {
    using state = new StateDir()
    await state.store().assertWritable()
    make(state.file)
    const expected = { code, message: `cannot read \`${state.file}\``, why }
    expect([await attempt(state.store().read()), await attempt(signIn(state.store()))]).toEqual([expected, expected])
  })
})

describe('R-04 R-05 a disk that does not take it', () => {
  const unwritable = (state: StateDir, why: string) => ({ code: 'CLAW_STORE_UNWRITABLE', message: `the credential store \`${state.file}\` cannot be written`, why })

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
      const writes = [signIn(state.store(), 2), state.store().assertWritable(), state.store().tryLease('g1', { durationMs: 1, purpose: 'test', signal: new AbortController().signal })]
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
      code: 'CLAW_STORE_UNWRITABLE', message: `the credential store \`${state.file}\` cannot hold this`, why: 'it could not be read again at $.*[1].*.*, which is too long',
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
      expect(read).toMatchObject({ code: 'CLAW_STORE_CORRUPT', message: `the credential store \`${state.file}\` is corrupt`, why: expect.stringMatching(new RegExp(`^${end} bytes, first error at character \\d+`)) })
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
    const refusal = { code: 'CLAW_STORE_NEWER', message: `the credential store \`${state.file}\` was written by a newer claw`, why: 'its version is 2, this claw writes 1' }
    expect([await attempt(signIn(state.store(), 2)), await attempt(state.store().write({ type: 'logged_out', id: record.id })), await attempt(state.store().assertWritable())]).toEqual([refusal, refusal, refusal])
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
    expect(readdirSync(state.dir).filter((name) => name.endsWith('.tmp')).sort()).toEqual([`.credentials.json.${'c'.repeat(24)}.tmp`, 'mine.tmp'])
    expect(readdirSync(state.locks).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('a copied store says so, one without a machine id does not', async () => {
    using state = new StateDir()
    await signedIn(state.store({ machine: { ...machine, machineId: 'one' } }))
    const copied = async (machineId: string) => (await state.store({ machine: { ...machine, machineId } }).read()).copied
    expect([await copied('one'), await copied('two'), await copied('')]).toEqual([false, true, false])
    expect(state.bytes).not.toContain('"one"')
    await signIn(state.store({ machine: { ...machine, machineId: 'two' } }), 2)
    expect([await copied('one'), await copied('two')]).toEqual([false, true])
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
