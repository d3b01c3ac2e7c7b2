import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ClawError } from '../../src/core/errors.ts'
import type { Reference } from '../../src/core/reference.ts'
import { Secret } from '../../src/core/secret.ts'
import { findVariable } from '../../src/credentials/environment-source.ts'
import { foreignPrefix, maskOf } from '../../src/credentials/key-shape.ts'
import { type ReferenceWorld, resolveReference } from '../../src/credentials/references.ts'
import { secretFrom } from '../../src/credentials/secret-text.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'claw-references-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

describe('S-32 what may be a credential', () => {
  it.each([
    ['key-1234', 'key-1234'],
    ['key-1234\n', 'key-1234'],
    ['key-1234\r\n', 'key-1234'],
    ['!~'.repeat(8192), '!~'.repeat(8192)],
  ])('S-32 takes %j, less one line end', (content, expected) => {
    expect(secretFrom(content, 'env:KEY', 'api-key').reveal()).toBe(expected)
  })

  it.each([
    ['canary12\ninner', 'it is 14 bytes long, and byte 9 is no visible ASCII character'],
    ['canary12\r', 'it is 9 bytes long, and byte 9 is no visible ASCII character'],
    ['canary12\n\n', 'it is 9 bytes long, and byte 9 is no visible ASCII character'],
    ['canary12\u0000', 'it is 9 bytes long, and byte 9 is no visible ASCII character'],
    ['canary\u202612', 'it is 11 bytes long, and byte 7 is no visible ASCII character'],
    ['\ufeffcanary12', 'it is 11 bytes long, and byte 1 is no visible ASCII character'],
    ['canary 12', 'it is 9 bytes long, and byte 7 is no visible ASCII character'],
    ['canary1', 'it is 7 bytes long, and a credential has 8 at the least'],
    ['c'.repeat(16_385), 'it is 16385 bytes long, and a credential has 16384 at the most'],
    ['-----BEGIN PRIVATE KEY-----\ncanary\n', 'it is 34 bytes long, and byte 11 is no visible ASCII character'],
  ])('S-32 refuses %j by length and place, and shows nothing of it', (content, why) => {
    const error = caught(() => secretFrom(content, 'env:KEY', 'api-key'))
    expect({ code: error.code, what: error.message, why: error.why }).toEqual({
      code: 'CLAW_KEY_INVALID',
      what: 'what `env:KEY` holds cannot be a credential',
      why,
    })
    expect(JSON.stringify([error.message, error.why, error.data])).not.toMatch(/canary|cccc/)
  })

  it('calls nothing at all unresolved', () => {
    expect(caught(() => secretFrom('\n', 'file:/key', 'api-key'))).toMatchObject({
      code: 'CLAW_REFERENCE_UNRESOLVED',
      message: '`file:/key` is empty',
    })
  })
})

describe('references', () => {
  it('reads a variable, a file and a credential of systemd', async () => {
    const path = await file('key', 'file-secret-1\n')
    const environment = { KEY: 'env-secret-1', CREDENTIALS_DIRECTORY: dir }
    const read = async (reference: Reference) =>
      (await resolveReference(reference, world({ environment: environmentOf(environment) }), 'api-key')).reveal()
    expect(
      await Promise.all([
        read({ scheme: 'env', name: 'KEY' }),
        read({ scheme: 'file', path }),
        read({ scheme: 'cred', name: 'key' }),
        read({ scheme: 'literal', secret: new Secret('literal-secret-1', 'api-key') }),
      ]),
    ).toEqual(['env-secret-1', 'file-secret-1', 'file-secret-1', 'literal-secret-1'])
  })

  it('R-44 reads a file again each time', async () => {
    const path = await file('key', 'before-rotation')
    const read = async () => (await resolveReference({ scheme: 'file', path }, world(), 'api-key')).reveal()
    expect(await read()).toBe('before-rotation')
    await writeFile(path, 'after-rotation')
    expect(await read()).toBe('after-rotation')
  })

  it('S-22 follows links, as secret mounts are made', async () => {
    const data = join(dir, '..data')
    await mkdir(data)
    await writeFile(join(data, 'key'), 'mounted-secret', { mode: 0o444 })
    await symlink(join(data, 'key'), join(dir, 'key'))
    expect((await resolveReference({ scheme: 'file', path: join(dir, 'key') }, world(), 'api-key')).reveal()).toBe('mounted-secret')
  })

  it('S-22 takes a file that others may read, and none that others may write', async () => {
    const readable = await file('readable', 'world-readable-secret', 0o644)
    const writable = await file('writable', 'world-writable-secret', 0o646)
    expect((await resolveReference({ scheme: 'file', path: readable }, world(), 'api-key')).reveal()).toBe('world-readable-secret')
    expect(await failure({ scheme: 'file', path: writable })).toMatchObject({
      code: 'CLAW_INSECURE',
      message: `the file of \`file:${writable}\` can be written by every user`,
      why: 'its mode is 646',
      fix: `chmod o-w ${writable}`,
    })
  })

  it.runIf(process.getuid?.() === 0)('S-22 takes no file of another user', async () => {
    const path = await file('foreign', 'someone-elses-secret')
    const { chown } = await import('node:fs/promises')
    await chown(path, 4242, 4242)
    expect(await failure({ scheme: 'file', path }, world({ uid: 0 }))).toMatchObject({
      code: 'CLAW_INSECURE',
      why: 'its owner is 4242, and claw runs as 0',
    })
  })

  it('S-22 refuses a PEM file as a key', async () => {
    const path = await file('id', `-----BEGIN OPENSSH PRIVATE KEY-----\n${randomBytes(40).toString('base64')}\n`)
    expect(await failure({ scheme: 'file', path })).toMatchObject({ code: 'CLAW_KEY_INVALID' })
  })

  it.each([
    ['a device', '/dev/zero'],
    ['a directory', '/tmp'],
  ])('S-06 refuses %s', async (_, path) => {
    expect(await failure({ scheme: 'file', path })).toMatchObject({ code: 'CLAW_REFERENCE_UNRESOLVED' })
  })

  it('S-06 refuses a file that is too large for a secret', async () => {
    const path = await file('large', 'x'.repeat(64 * 1024 + 1))
    expect(await failure({ scheme: 'file', path })).toMatchObject({
      code: 'CLAW_REFERENCE_UNRESOLVED',
      why: 'it is larger than 65536 bytes',
    })
  })

  it.each<[Reference, string]>([
    [{ scheme: 'env', name: 'NOT_SET' }, '`env:NOT_SET` is not set'],
    [{ scheme: 'file', path: '/nonexistent/key' }, '`file:/nonexistent/key` leads to a file that does not exist'],
    [{ scheme: 'cred', name: 'key' }, '`cred:key` has no directory to look in'],
    [{ scheme: 'keyring', name: 'key' }, '`keyring:key` cannot be read: this version of claw does not read keyrings'],
    [{ scheme: 'oidc', source: 'github', audience: undefined }, '`oidc:github` gives an identity token, which is no API key'],
    [{ scheme: 'cmd', argv: ['claw-no-such-program'], env: [] }, '`cmd:["claw-no-such-program"]` gave no secret'],
  ])('says that %j leads nowhere', async (reference, what) => {
    expect(await failure(reference)).toMatchObject({ code: 'CLAW_REFERENCE_UNRESOLVED', message: what })
  })
})

describe('command references', () => {
  const node = (script: string): Reference => ({ scheme: 'cmd', argv: [process.execPath, '-e', script], env: [] })
  const shown = `cmd:[${JSON.stringify(process.execPath)},…,…]`

  it('S-21 takes the one line that a command prints', async () => {
    expect((await resolveReference(node('console.log("from-a-helper")'), world(), 'token')).reveal()).toBe('from-a-helper')
  })

  it.each([
    ['exits 3', 'console.log("canary-on-stdout"); process.exit(3)', 'its exit code was 3'],
    ['prints two lines', 'console.log("canary-1-canary"); console.log("canary-2-canary")', 'it wrote 2 lines, and a secret is one'],
    ['prints nothing', '', 'it wrote nothing'],
    ['prints an empty line', 'console.log()', 'it wrote nothing'],
    ['floods', 'process.stdout.write("x".repeat(70000))', 'it wrote more than 64 KiB'],
    ['is killed', 'process.kill(process.pid, "SIGKILL")', 'it was ended by a signal'],
  ])('S-21 names the reference, never its text, when a command %s', async (_, script, why) => {
    const error = await failure(node(script))
    expect({ code: error.code, what: error.message, why: error.why }).toEqual({
      code: 'CLAW_REFERENCE_UNRESOLVED',
      what: `\`${shown}\` gave no secret`,
      why,
    })
  })

  it('S-21 shows what a failing command said, without what may be a secret', async () => {
    const error = await failure(node('console.error("login first: token sk-live-canaryCanary0123456789 expired"); process.exit(1)'))
    expect(error.why).toBe('its exit code was 1; it wrote: login first: token [redacted:token] expired')
  })

  it('S-21 strikes a secret from stderr that it printed on stdout too', async () => {
    const error = await failure(node('console.log("hush-1234"); console.error("got hush-1234"); process.exit(1)'))
    expect(error.why).toBe('its exit code was 1; it wrote: got [redacted:token]')
  })

  it('S-21 does not wait for a command that never ends', async () => {
    const error = await failure(node('setInterval(() => {}, 1000)'), world({ commandDeadlineMs: 300 }))
    expect(error.why).toBe('it did not end within 0.3 s')
  })
})

describe('variables of a provider', () => {
  it('reads a variable, or the file that NAME_FILE names, and calls each by its name', async () => {
    const path = await file('key', 'from-a-file-1\n')
    const plain = findVariable(environmentOf({ KEY: 'plain-value' }), 'KEY', uid())
    const viaFile = findVariable(environmentOf({ KEY_FILE: path }), 'KEY', uid())
    expect([plain?.source, (await plain?.read('api-key'))?.reveal(), plain?.isFile]).toEqual(['env:KEY', 'plain-value', false])
    expect([viaFile?.source, (await viaFile?.read('api-key'))?.reveal(), viaFile?.isFile]).toEqual(['env:KEY_FILE', 'from-a-file-1', true])
  })

  it('takes an empty one for unset', () => {
    expect(findVariable(environmentOf({ KEY: '', KEY_FILE: '' }), 'KEY', uid())).toBeUndefined()
  })

  it('refuses both at once', () => {
    expect(caught(() => findVariable(environmentOf({ KEY: 'plain-value', KEY_FILE: '/run/key' }), 'KEY', uid()))).toMatchObject({
      code: 'CLAW_CONFIG_INVALID',
      message: '`KEY` and `KEY_FILE` are both set',
      fix: 'unset KEY_FILE',
    })
  })
})

describe('public prefixes', () => {
  it.each([
    ['sk-ant-api03-abc', ['sk-ant-api03-'], ['sk-ant-oat01-'], undefined],
    ['sk-ant-oat01-abc', ['sk-ant-api03-'], ['sk-ant-oat01-'], 'sk-ant-oat01-'],
    ['sk-or-v1-abc', ['sk-proj-', 'sk-'], ['sk-or-v1-'], 'sk-or-v1-'],
    ['sk-abc', ['sk-'], ['sk-or-v1-'], undefined],
    ['no-prefix', ['sk-'], ['sk-or-v1-'], undefined],
  ])('tells by the longest prefix what %s is', (value, own, others, expected) => {
    expect(foreignPrefix(value, { own, others })).toBe(expected)
  })

  it.each([
    ['sk-proj-0123456789abcdef', ['sk-', 'sk-proj-'], 'sk-proj-…cdef'],
    ['0123456789abcdef01234567', ['sk-'], '…4567'],
    ['sk-proj-0123456789abcde', ['sk-proj-'], '…'],
    ['short-key', [], '…'],
  ])('S-54 shows of %s the public prefix and four characters, if it is long enough', (value, prefixes, expected) => {
    expect(maskOf(value, prefixes)).toBe(expected)
  })
})

function world(more: Partial<ReferenceWorld> = {}): ReferenceWorld {
  return {
    environment: environmentOf({ PATH: process.env.PATH }),
    clock: systemClock(),
    uid: uid(),
    stateDir: dir,
    projectRoot: null,
    signal: new AbortController().signal,
    ...more,
  }
}

function uid(): number {
  return process.getuid?.() ?? -1
}

async function file(name: string, content: string, mode = 0o600): Promise<string> {
  const path = join(dir, name)
  await writeFile(path, content)
  await chmod(path, mode)
  return path
}

function caught(act: () => unknown): ClawError {
  try {
    act()
  } catch (thrown) {
    if (thrown instanceof ClawError) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}

async function failure(reference: Reference, within = world()): Promise<ClawError> {
  try {
    await resolveReference(reference, within, 'api-key')
  } catch (thrown) {
    if (thrown instanceof ClawError) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}
