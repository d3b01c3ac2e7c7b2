import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { expect, it } from 'vitest'
import { systemMachine } from '../../src/platform/system-machine.ts'

const isLinux = process.platform === 'linux'

it('knows the process it is in', () => {
  const { hostname: host, pid, platform, arch, uid, cwd } = systemMachine({})
  expect({ host, pid, platform, arch, uid, cwd }).toEqual({
    host: hostname(),
    pid: process.pid,
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? -1,
    cwd: process.cwd(),
  })
})

it.each([
  [undefined, undefined],
  ['', undefined],
  ['/', undefined],
  ['/home/ci', '/home/ci'],
])('R-05 takes HOME=%s for %s', (HOME, home) => {
  expect(systemMachine({ HOME }).home).toBe(home)
})

it.skipIf(!isLinux)('tells boots, namespaces and machines apart by what the kernel says', () => {
  const machine = systemMachine({})
  expect(machine.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  expect(machine.pidNamespace).toMatch(/^pid:\[\d+\]$/)
  expect(typeof machine.machineId).toBe('string')
})

it('tells a process from a later one of its number by its start', async () => {
  const machine = systemMachine({})
  const first = spawn('sleep', ['60'])
  const second = spawn('sleep', ['60'])
  const start = machine.processStart(first.pid ?? 0)
  if (isLinux) expect(start).toMatch(/^\d+$/)
  expect(machine.processStart(first.pid ?? 0)).toBe(start)
  await Promise.all([first, second].map(ended))
  expect([machine.processStart(first.pid ?? 0), machine.processStart(0), machine.processStart(-1), machine.processStart(2 ** 30)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

it.skipIf(!isLinux)('takes a process that has ended for dead, though nobody has reaped it', async () => {
  // The shell starts a child, becomes `sleep` by exec and so never waits for it.
  const parent = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const child = Number(await new Promise<string>((resolve) => parent.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))))
  const state = () => readFileSync(`/proc/${child}/stat`, 'utf8').split(' ')[2]
  while (state() !== 'Z') await new Promise((resolve) => setImmediate(resolve))
  expect(systemMachine({}).processStart(child)).toBeUndefined()
  await ended(parent)
})

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}
