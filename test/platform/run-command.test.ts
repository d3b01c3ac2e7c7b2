import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { environmentOf } from '../../src/platform/environment.ts'
import { type CommandRequest, runCommand } from '../../src/platform/run-command.ts'

let dir = ''
beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'claw-command-')))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

describe('a command for one value', () => {
  it('S-21 S-56 sees the few variables it needs and those that were named, where it was told to run', async () => {
    const environment = environmentOf({
      PATH: '/usr/bin',
      HOME: dir,
      LANG: 'C',
      XDG_RUNTIME_DIR: dir,
      https_proxy: 'http://p',
      NO_PROXY: '*',
      OPENAI_API_KEY: 'a-real-key',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
      NODE_OPTIONS: '',
      OP_TOKEN: 'op-token',
    })
    const result = await run({
      argv: [process.execPath, '-p', 'JSON.stringify([Object.keys(process.env).sort(), process.cwd()])'],
      environment,
      passOn: ['OP_TOKEN'],
    })
    expect(JSON.parse(result.stdout.toString())).toEqual([
      ['HOME', 'LANG', 'NO_PROXY', 'OP_TOKEN', 'PATH', 'XDG_RUNTIME_DIR', 'https_proxy'],
      dir,
    ])
  })

  it('S-21 reads no stdin', async () => {
    const result = await run({ argv: [process.execPath, '-p', 'require("fs").readFileSync(0).length'] })
    expect(result).toMatchObject({ ended: 'exited', exitCode: 0, stdout: Buffer.from('0\n') })
  })

  it('S-21 gives its arguments to the program, not to a shell', async () => {
    const result = await run({ argv: [process.execPath, '-p', 'process.argv[1]', '$(touch pwned); `id`'] })
    expect(result.stdout.toString()).toBe('$(touch pwned); `id`\n')
  })

  it('S-21 takes a program from absolute directories of PATH only, and none from the project', async () => {
    const project = join(dir, 'project')
    await mkdir(join(project, 'bin'), { recursive: true })
    await helper(join(project, 'bin', 'helper'))
    const attempt = (PATH: string, avoid: string | null) =>
      run({ argv: ['helper'], environment: environmentOf({ PATH }), avoid, cwd: join(project, 'bin') })
    expect((await attempt(`:.:bin:${dir}`, null)).ended).toBe('not_found')
    expect((await attempt(join(project, 'bin'), project)).ended).toBe('not_found')
    expect((await attempt(join(project, 'bin'), join(dir, 'proj'))).ended).toBe('exited')
    expect((await run({ argv: ['./helper'], cwd: join(project, 'bin') })).ended).toBe('not_found')
  })

  it('S-21 ends what the command left running in the background', async () => {
    const script = `const { spawn } = require('child_process'); const c = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }); require('fs').writeFileSync('pid', String(c.pid)); console.log('the-secret'); process.exit(0)`
    const result = await run({ argv: [process.execPath, '-e', script] })
    expect(result).toMatchObject({ ended: 'exited', exitCode: 0, stdout: Buffer.from('the-secret\n') })
    expect(await isAlive(Number(await readFile(join(dir, 'pid'), 'utf8')))).toBe(false)
  })

  it('S-21 kills the whole group at the deadline', async () => {
    const script = `const { spawn } = require('child_process'); const c = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']); require('fs').writeFileSync('pid', String(c.pid)); setInterval(() => {}, 1000)`
    const result = await run({ argv: [process.execPath, '-e', script], deadlineMs: 700 })
    expect(result.ended).toBe('timeout')
    expect(await isAlive(Number(await readFile(join(dir, 'pid'), 'utf8')))).toBe(false)
  })

  it('S-21 stops reading a command that floods', async () => {
    const result = await run({
      argv: [process.execPath, '-e', 'const s = "x".repeat(9999); (function f() { process.stdout.write(s, f) })()'],
    })
    expect(result).toMatchObject({ ended: 'too_much', stdout: Buffer.alloc(0) })
  })

  it('ends with the reason of the signal', async () => {
    const controller = new AbortController()
    const running = run({ argv: [process.execPath, '-e', 'setInterval(() => {}, 1000)'], signal: controller.signal })
    controller.abort(new Error('cancelled'))
    await expect(running).rejects.toThrow('cancelled')
  })

  it('runs in the root directory where its own does not exist', async () => {
    const result = await run({ argv: [process.execPath, '-p', 'process.cwd()'], cwd: join(dir, 'missing') })
    expect(result.stdout.toString()).toBe('/\n')
  })
})

function run(request: Partial<CommandRequest> & Pick<CommandRequest, 'argv'>) {
  return runCommand({
    environment: environmentOf({}),
    passOn: [],
    cwd: dir,
    avoid: null,
    clock: systemClock(),
    signal: new AbortController().signal,
    ...request,
  })
}

async function helper(path: string): Promise<void> {
  await writeFile(path, '#!/bin/sh\necho found\n')
  await chmod(path, 0o755)
}

/** Whether a process outlives its killing. A killed child of a killed parent is a zombie until somebody reaps it: it counts as gone. */
async function isAlive(pid: number): Promise<boolean> {
  for (let look = 0; look < 5_000; look++) {
    if (await isGone(pid)) return false
    await new Promise(setImmediate)
  }
  return true
}

async function isGone(pid: number): Promise<boolean> {
  try {
    return /^State:\s+[ZX]/m.test(await readFile(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true
  }
}
