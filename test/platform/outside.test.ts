import { type RunningWorker, BundledWorker } from '../support/bundled-worker.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let worker: BundledWorker
beforeAll(async () => {
  worker = await BundledWorker.build(new URL('outside-worker.ts', import.meta.url))
})
afterAll(() => worker.dispose())

/** Resolves when the process has printed a line. */
function printed({ child }: RunningWorker, line: string): Promise<void> {
  return new Promise((resolve) => child.stdout?.on('data', (chunk: Buffer) => chunk.toString().includes(line) && resolve()))
}

describe('R-37 signals', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s lets a command end in order, and the process die of it', async (signal) => {
    const running = worker.start(['heeds'])
    await running.firstLine
    running.child.kill(signal)
    expect(await running.ended).toEqual({ exitCode: null, signal, stdout: 'ready\nin order\n', stderr: '' })
  })

  it('a second one ends at once what does not heed the first', async () => {
    const running = worker.start(['ignores'])
    await running.firstLine
    running.child.kill('SIGTERM')
    running.child.kill('SIGINT')
    expect((await running.ended).signal).toMatch(/^SIG(TERM|INT)$/)
  })

  it('a second one waits for what must not be cut short', async () => {
    const running = worker.start(['stores'])
    await running.firstLine
    const once = printed(running, 'once')
    running.child.kill('SIGTERM')
    await once
    running.child.kill('SIGTERM')
    expect(await running.ended).toEqual({ exitCode: null, signal: 'SIGTERM', stdout: 'ready\nonce\nstored\n', stderr: '' })
  })

  it('SIGHUP is let pass where no stream is a terminal', async () => {
    const running = worker.start(['heeds'])
    await running.firstLine
    running.child.kill('SIGHUP')
    running.child.kill('SIGTERM')
    expect((await running.ended).signal).toBe('SIGTERM')
  })

  it('S-58 SIGUSR1 opens no debugger', async () => {
    expect(await worker.run(['debugs'])).toEqual({ exitCode: 0, signal: null, stdout: '1 no debugger\n', stderr: '' })
  })
})

describe('what nobody caught', () => {
  it.each([
    ['throws', 'TypeError'],
    ['rejects', 'RangeError'],
  ])('S-52 is one typed line and exit 70: %s', async (work, name) => {
    const { exitCode, stdout, stderr } = await worker.run([work])
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 70,
      stdout: '',
      stderr: `error[CLAW_INTERNAL]: claw met an error that it did not foresee\n  why: ${name}\n  fix: run the command again with CLAW_DEBUG=1 and report what it prints\n`,
    })
  })
})

it('R-36 a slow reader gets everything', async () => {
  const running = worker.start(['floods'])
  running.child.stdout?.pause()
  await new Promise((resolve) => running.child.stdout?.once('readable', resolve))
  running.child.stdout?.resume()
  const { exitCode, stdout } = await running.ended
  expect({ exitCode, lines: stdout.split('\n').length, length: stdout.length }).toEqual({ exitCode: 0, lines: 81, length: 80 * 65_536 })
})

it('S-56 no secret is left in the environment that children inherit', async () => {
  const env = { OPENAI_API_KEY: 'x', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x', CLAW_STORE_KEY: 'x', DB_PASSWORD: 'x', HOME: '/x' }
  const { stdout } = await worker.run(['environment'], { env })
  expect(JSON.parse(stdout)).toEqual(['HOME', 'PATH', 'UV_THREADPOOL_SIZE'])
})
