import { afterEach, describe, expect, it } from 'vitest'
import { sandboxed, type Sandboxed } from '../support/sandboxed.ts'

let box: Sandboxed
afterEach(() => box[Symbol.asyncDispose]())

/** What was asked of the sandbox, by the last part of the path and what became of it. */
const asked = () =>
  box
    .journal()
    .filter(({ method }) => method === 'POST')
    .map(({ path, note, status }) => `${String(path).split('/').at(-1)} ${String(note ?? status)}`)

describe('a device sign-in whose process is killed', () => {
  it('before its code is stored begins anew', async () => {
    box = await sandboxed()
    await box.killAt('device.code-received', 'auth', '--device', 'kimi-code')
    expect((await box.claw('auth', 'wait', 'kimi-code')).exitCode).toBe(66)
    expect((await box.claw('auth', '--device', 'kimi-code', '--no-check')).exitCode).toBe(0)
    expect(asked()).toEqual(['device_authorization 200', 'device_authorization 200', 'token granted'])
  })

  it.each(['device.flow-stored', 'device.poll-noted'])('at %s is gone on with, listed meanwhile, with no poll too many', async (point) => {
    box = await sandboxed()
    await box.killAt(point, 'auth', '--device', 'kimi-code')
    const status = await box.claw('auth', 'status', '--json')
    expect(status.result?.pending).toEqual([
      {
        provider: 'moonshot',
        route: 'kimi-code',
        profile: 'default',
        method: 'device',
        userCode: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
        verificationUri: expect.stringContaining('/device'),
        expiresAt: expect.stringMatching(/Z$/),
      },
    ])
    expect((await box.claw('auth', 'status')).stdout).toContain('kimi-code  pending device  code ')
    expect((await box.claw('auth', 'wait', 'kimi-code', '--no-check')).exitCode).toBe(0)
    expect(asked()).toEqual(['device_authorization 200', 'token granted'])
  })

  it('between its approval and the exchange goes on with the exchange, and does not poll again', async () => {
    box = await sandboxed()
    await box.killAt('device.approved', 'auth', '--device', 'openai-codex')
    expect((await box.claw('auth', '--device', 'openai-codex', '--no-check')).exitCode).toBe(0)
    expect(asked()).toEqual(['usercode 200', 'token approved', 'token granted'])
  })

  it('with its grant in hand says that the code is used up, and what to type', async () => {
    box = await sandboxed()
    await box.killAt('device.granted', 'auth', '--device', 'kimi-code')
    const waited = await box.claw('auth', 'wait', 'kimi-code')
    expect({ exitCode: waited.exitCode, stderr: waited.stderr.split('\n').slice(-4) }).toEqual({
      exitCode: 77,
      stderr: [
        'error[CLAW_GRANT_REJECTED]: the server does not take this code any more',
        '  why: the token endpoint answered `invalid_grant`',
        '  fix: claw auth --device kimi-code',
        '',
      ],
    })
    expect((await box.claw('auth', '--device', 'kimi-code', '--no-check')).exitCode).toBe(0)
  })

  it('after its grant is stored is finished', async () => {
    box = await sandboxed()
    await box.killAt('device.stored', 'auth', '--device', 'kimi-code')
    const waited = await box.claw('auth', 'wait', 'kimi-code', '--json')
    expect([waited.exitCode, waited.result?.changed, (await box.claw('auth', 'status', '--json')).result?.pending]).toEqual([0, false, []])
    expect(asked()).toEqual(['device_authorization 200', 'token granted'])
  })
})

it('is polled once an interval by two processes that wait, and both end with exit 0', async () => {
  box = await sandboxed({ scenario: 'manual' })
  const started = await box.claw('auth', '--device', 'kimi-code', '--no-wait', '--json')
  expect(started.exitCode).toBe(83)
  const waiting = [1, 2].map(() => box.claw('auth', 'wait', 'kimi-code', '--no-check'))
  const page = await fetch(`${box.origin}/device`, {
    method: 'POST',
    body: new URLSearchParams({ user_code: String(started.result?.userCode), action: 'approve' }),
  })
  expect(page.status).toBe(200)
  expect((await Promise.all(waiting)).map(({ exitCode }) => exitCode)).toEqual([0, 0])
  expect(asked().filter((line) => line === 'token granted' || line.includes('slow_down'))).toEqual(['token granted'])
})
