import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isMountPoint, judgeDirectories } from '../../src/platform/directory-trust.ts'
import {
  isThere,
  linkIfFree,
  makePrivateDirectory,
  namesIn,
  readRegularFile,
  removeIfThere,
  replaceDurably,
  stageWhole,
} from '../../src/platform/files.ts'
import { canMount, isRoot } from '../support/privileges.ts'

let dir: string
let file: string

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'claw-files-')))
  file = join(dir, 'file')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8)
const options = { maxBytes: 10, followSymlinks: false, code: 'CLAW_FILE_UNREADABLE', unsafeCode: 'CLAW_STORE_UNSAFE' } as const

describe('reading a regular file', () => {
  it('gives its bytes, and what its descriptor says', async () => {
    writeFileSync(file, '0123456789', { mode: 0o640 })
    linkSync(file, join(dir, 'second'))
    const read = await readRegularFile(file, options)
    expect(read && { ...read, bytes: read.bytes.toString() }).toEqual({
      bytes: '0123456789',
      mode: 0o640,
      uid: process.getuid?.(),
      links: 2,
      modifiedAt: statSync(file).mtimeMs,
    })
  })

  it('tells a file that is not there from one that cannot be read', async () => {
    expect(await readRegularFile(file, options)).toBeUndefined()
    await expect(readRegularFile(join(dir, 'x'.repeat(300)), options)).rejects.toMatchObject({
      code: 'CLAW_FILE_UNREADABLE',
      why: 'ENAMETOOLONG',
      data: { errno: 'ENAMETOOLONG' },
    })
  })

  it('refuses more than it was told to take', async () => {
    writeFileSync(file, '0123456789x')
    await expect(readRegularFile(file, options)).rejects.toMatchObject({
      code: 'CLAW_FILE_UNREADABLE',
      message: `cannot read \`${file}\``,
      why: 'it is larger than 10 bytes',
      data: { path: file },
    })
  })

  it('S-04 follows a link only where it is told to', async () => {
    writeFileSync(join(dir, 'target'), 'x')
    symlinkSync('target', file)
    await expect(readRegularFile(file, options)).rejects.toMatchObject({ code: 'CLAW_STORE_UNSAFE', why: 'it is a symbolic link' })
    expect((await readRegularFile(file, { ...options, followSymlinks: true }))?.bytes.toString()).toBe('x')
  })

  it('S-06 does not wait for a FIFO, and reads no device', async () => {
    execFileSync('mkfifo', [file])
    await expect(readRegularFile(file, options)).rejects.toMatchObject({ code: 'CLAW_STORE_UNSAFE', why: 'it is not a regular file' })
    await expect(readRegularFile('/dev/zero', options)).rejects.toMatchObject({
      code: 'CLAW_STORE_UNSAFE',
      why: 'it is not a regular file',
    })
    await expect(readRegularFile(dir, options)).rejects.toMatchObject({ code: 'CLAW_STORE_UNSAFE', why: 'it is not a regular file' })
  })
})

describe('replacing a file', () => {
  it('S-01 leaves a file of 0600 and nothing else, whatever was there', async () => {
    await replaceDurably(file, Buffer.from('one'))
    expect([readFileSync(file, 'utf8'), mode(file)]).toEqual(['one', '600'])
    chmodSync(file, 0o666)
    await replaceDurably(file, Buffer.from('two'))
    expect([readFileSync(file, 'utf8'), mode(file), readdirSync(dir)]).toEqual(['two', '600', ['file']])
  })

  it('S-04 replaces a link itself, not what it leads to', async () => {
    writeFileSync(join(dir, 'victim'), 'precious')
    symlinkSync('victim', file)
    await replaceDurably(file, Buffer.from('two'))
    expect([readFileSync(join(dir, 'victim'), 'utf8'), readFileSync(file, 'utf8')]).toEqual(['precious', 'two'])
  })

  it('R-01 leaves the old content and no temporary file when its writer steps back', async () => {
    await replaceDurably(file, Buffer.from('one'))
    const stepBack = { beforeRename: () => Promise.reject(new Error('stepped back')) }
    await expect(replaceDurably(file, Buffer.from('two'), stepBack)).rejects.toThrow('stepped back')
    expect([readFileSync(file, 'utf8'), readdirSync(dir)]).toEqual(['one', ['file']])
  })
})

describe('a file that is whole from its birth', () => {
  it('takes a name that is free, and no other', async () => {
    const staged = await stageWhole(dir, Buffer.from('mine'))
    expect([await linkIfFree(staged.path, file), await linkIfFree(staged.path, file)]).toEqual([true, false])
    expect([readFileSync(file, 'utf8'), mode(file), statSync(file).mtimeMs]).toEqual(['mine', '600', staged.at])
    await removeIfThere(staged.path)
    await removeIfThere(staged.path)
    expect(readdirSync(dir)).toEqual(['file'])
  })

  it('is not confused by a link that leads nowhere', async () => {
    symlinkSync('nowhere', file)
    const staged = await stageWhole(dir, Buffer.from('mine'))
    expect([await isThere(file), await linkIfFree(staged.path, file), await namesIn(join(dir, 'nowhere'))]).toEqual([true, false, []])
  })
})

describe('a directory of our own', () => {
  it.each(['0', '22', '777'])('S-03 is 0700 under umask %s, with all that was missing above it', async (mask) => {
    const before = process.umask(Number.parseInt(mask, 8))
    try {
      await makePrivateDirectory(join(dir, 'a', 'b', 'c'))
    } finally {
      process.umask(before)
    }
    expect(['a', 'a/b', 'a/b/c'].map((path) => mode(join(dir, path)))).toEqual(['700', '700', '700'])
  })

  it('keeps its mode where it is there already, and is not made in the place of a file', async () => {
    chmodSync(dir, 0o755)
    await makePrivateDirectory(dir)
    expect(mode(dir)).toBe('755')
    writeFileSync(file, '')
    await expect(makePrivateDirectory(file)).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(makePrivateDirectory(join(file, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })
})

describe('S-02 whether a directory can be trusted', () => {
  const uid = process.getuid?.() ?? 0

  it('is yes below /tmp, which everybody may write to, as long as it is sticky', async () => {
    expect(await judgeDirectories(dir, uid)).toEqual({ unsafe: null, groupWritable: null })
  })

  it('is no for a directory that everybody may write to, sticky or not, and for all below one that is not', async () => {
    mkdirSync(join(dir, 'below'))
    const unsafe = { path: dir, why: 'everybody may write there' }
    chmodSync(dir, 0o777)
    expect([(await judgeDirectories(dir, uid)).unsafe, (await judgeDirectories(join(dir, 'below'), uid)).unsafe]).toEqual([unsafe, unsafe])
    chmodSync(dir, 0o1777)
    expect((await judgeDirectories(dir, uid)).unsafe).toEqual(unsafe)
  })

  it('names the first directory that the group may write to', async () => {
    mkdirSync(join(dir, 'below'))
    chmodSync(dir, 0o770)
    expect(await judgeDirectories(join(dir, 'below'), uid)).toEqual({ unsafe: null, groupWritable: dir })
  })

  it.skipIf(!isRoot)('is no below a directory of somebody else', async () => {
    mkdirSync(join(dir, 'below'))
    chownSync(dir, 65_534, 65_534)
    expect((await judgeDirectories(join(dir, 'below'), 0)).unsafe).toEqual({ path: dir, why: 'it belongs to uid 65534' })
    expect((await judgeDirectories(dir, 65_534)).unsafe).toBeNull()
  })
})

it.skipIf(!canMount)('knows a file that something is mounted on, blanks in its name included', async () => {
  const mounted = join(dir, 'a file')
  writeFileSync(file, '')
  writeFileSync(mounted, '')
  execFileSync('mount', ['--bind', file, mounted])
  try {
    expect([await isMountPoint(mounted), await isMountPoint(file)]).toEqual([true, false])
  } finally {
    execFileSync('umount', [mounted])
  }
})
