import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isRoot } from '../support/privileges.ts'
import { attempt, grant, intentOf, lease, signedIn, signIn } from './samples.ts'
import { StateDir } from './state-dir.ts'

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
  it.each(umasks.flatMap((umask) => modes.map((mode) => [umask.toString(8), mode?.toString(8) ?? 'none'])))(
    'S-01 S-03 under umask %s, over a file of mode %s, every write leaves 0600 in 0700',
    async (umask, mode) => {
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
    },
  )

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
    expect((await state.store().read()).warnings).toEqual([
      { code: 'store.links', message: `\`${state.file}\` has a second name, which keeps its old content` },
    ])
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
    expect({ count: records.length, warnings }).toEqual({
      count: 1,
      warnings: [{ code: 'store.directory', message: `\`${state.dir}\` is not safe for secrets: everybody may write there` }],
    })
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
    expect((await state.store().read()).warnings).toEqual([
      { code: 'store.directory', message: `the group may write to \`${state.home}\`` },
    ])
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
    expect(await attempt(signIn(state.store({ dir: join(state.home, 'to-open') })))).toEqual(
      refusal(join(state.home, 'open'), 'everybody may write there'),
    )
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
    expect([
      readFileSync(join(state.home, 'victim'), 'utf8'),
      lstatSync(state.file).isSymbolicLink(),
      readdirSync(state.home).sort(),
    ]).toEqual(['precious', true, ['state', 'victim']])
  })

  it('is followed where the configuration says so, to a directory that is safe', async () => {
    using state = new StateDir()
    mkdirSync(state.dir, { mode: 0o700 })
    const target = join(state.home, 'elsewhere')
    mkdirSync(target, { mode: 0o700 })
    symlinkSync(join(target, 'secrets.json'), state.file)
    writeFileSync(join(target, 'secrets.json'), '{"version":1}', { mode: 0o600 })
    expect(await attempt(signIn(state.store({ followSymlink: true })))).toBe('written')
    expect([lstatSync(state.file).isSymbolicLink(), readdirSync(target).sort(), readdirSync(state.dir)]).toEqual([
      true,
      ['locks', 'secrets.json'],
      ['credentials.json'],
    ])
    expect((await state.store({ followSymlink: true }).read()).records.map(({ route }) => route)).toEqual(['kimi-code'])
    chmodSync(target, 0o777)
    expect(await attempt(signIn(state.store({ followSymlink: true }), 2))).toMatchObject({
      code: 'CLAW_STORE_UNSAFE',
      why: 'everybody may write there',
    })
  })

  it('S-09 that a hostile neighbour swaps for the file in a loop is never followed', async () => {
    using state = new StateDir()
    await signedIn(state.store())
    const victim = join(state.home, 'victim')
    writeFileSync(victim, JSON.stringify({ version: 1, records: [] }))
    const script =
      "const fs=require('fs');const [f,v]=process.argv.slice(1);fs.copyFileSync(f,f+'.real');for(let n=0;n<500;n++){fs.symlinkSync(v,f+'.l');fs.renameSync(f+'.l',f);fs.copyFileSync(f+'.real',f+'.c');fs.renameSync(f+'.c',f)}"
    const swapper = spawn(process.execPath, ['-e', script, state.file, victim], { stdio: 'ignore' })
    const outcomes = new Set<string>()
    const store = state.store()
    while (swapper.exitCode === null) {
      outcomes.add(
        await store.read().then(
          ({ records }) => `${records.length} records`,
          (thrown: { code: string }) => thrown.code,
        ),
      )
      await new Promise((resolve) => setImmediate(resolve))
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
    [
      'two megabytes',
      'CLAW_STORE_UNREADABLE',
      'it is larger than 1048576 bytes',
      (path: string) => {
        writeFileSync(path, '')
        truncateSync(path, 2 * 1024 * 1024)
      },
    ],
  ]
  const ofRoot: typeof obstacles = [
    ['a device', 'CLAW_STORE_UNSAFE', 'it is not a regular file', (path) => execFileSync('mknod', [path, 'c', '1', '5'])],
  ]
  it.each([...obstacles, ...(isRoot ? ofRoot : [])])('%s is an error at once', async (_, code, why, make) => {
    using state = new StateDir()
    await state.store().assertWritable()
    make(state.file)
    const expected = { code, message: `cannot read \`${state.file}\``, why }
    expect([await attempt(state.store().read()), await attempt(signIn(state.store()))]).toEqual([expected, expected])
  })
})
