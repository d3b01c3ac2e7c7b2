import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { portOwner } from '../../src/platform/port-owner.ts'

const LISTENER = `
const server = require('node:net').createServer().listen(0, process.argv[1], () => console.log(server.address().port))
`

/** Another process that listens, until it is stopped. */
async function listener(address: string) {
  const child = spawn(process.execPath, ['-e', LISTENER, address], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<number>((resolve) => child.stdout.once('data', (text) => resolve(Number(text))))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  return {
    pid: child.pid,
    port,
    async stop() {
      child.kill()
      await ended
    },
  }
}

describe.skipIf(process.platform !== 'linux')('the owner of a port', () => {
  it('S-37 is the process that listens there, and nobody once it has ended', async () => {
    const { pid, port, stop } = await listener('127.0.0.1')
    const owner = portOwner(port)
    await stop()
    expect([owner, portOwner(port)]).toEqual([{ pid, name: expect.stringMatching(/^(?:node|MainThread)/) }, undefined])
  })

  it('S-37 is found where it listens on every address', async () => {
    const { pid, port, stop } = await listener('0.0.0.0')
    const owner = portOwner(port)
    await stop()
    expect(owner?.pid).toBe(pid)
  })
})
