import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ClawError } from '../../src/core/errors.ts'
import { runChild } from '../../src/platform/run-child.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'claw-child-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const { signal } = new AbortController()
const node = (script: string) => [process.execPath, '-e', script]

describe('a program that is run for the user', () => {
  it('ends as it ends', async () => {
    expect(await runChild(node('process.exit(7)'), {}, signal)).toEqual({ code: 7, errno: null })
    expect(await runChild(node('process.kill(process.pid, "SIGTERM")'), {}, signal)).toEqual({ code: 143, errno: null })
  })

  it('has exactly the variables that it was given', async () => {
    const out = join(dir, 'out')
    const script = `require('fs').writeFileSync(${JSON.stringify(out)}, JSON.stringify(process.env))`
    await runChild(node(script), { ONE: '1' }, signal)
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual({ ONE: '1' })
  })

  it('is 127 where there is none, and 126 where it cannot be executed', async () => {
    const plain = join(dir, 'plain')
    await writeFile(plain, 'text', { mode: 0o644 })
    expect(await runChild([join(dir, 'missing')], {}, signal)).toEqual({ code: 127, errno: 'ENOENT' })
    expect(await runChild([''], {}, signal)).toEqual({ code: 127, errno: 'ENOENT' })
    expect(await runChild([plain], {}, signal)).toEqual({ code: 126, errno: 'EACCES' })
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('gets a %s that this process got', async (name) => {
    const handler = `process.on('${name}', () => process.exit(42))`
    const stop = new AbortController()
    const end = await runUntilReady(handler, stop.signal, () =>
      stop.abort(new ClawError('CLAW_CANCELLED', { what: `stopped by ${name}`, data: { signal: name } })),
    )
    expect(end).toEqual({ code: 42, errno: null })
  })

  it('is not ended by a deadline, which bounds the set-up only', async () => {
    const stop = new AbortController()
    const end = await runUntilReady('', stop.signal, (finish) => {
      stop.abort(new ClawError('CLAW_TIMEOUT', { what: 'too late' }))
      finish()
    })
    expect(end).toEqual({ code: 0, errno: null })
  })

  it('is not started once the signal has come', async () => {
    const reason = new ClawError('CLAW_CANCELLED', { what: 'stopped by SIGTERM', data: { signal: 'SIGTERM' } })
    await expect(runChild(node('process.exit(0)'), {}, AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

/** Runs a program that says when it is ready, by a connection, and that ends when the connection does. */
async function runUntilReady(handler: string, stop: AbortSignal, onReady: (finish: () => void) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    onReady(() => socket.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  try {
    return await runChild(node(`${handler};require('net').connect(${port}, '127.0.0.1').resume()`), {}, stop)
  } finally {
    server.close()
  }
}
