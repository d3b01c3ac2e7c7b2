import { describe, expect, it } from 'vitest'
import { ClawError } from '../../src/core/errors.ts'
import { withDeadline } from '../../src/platform/deadline.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { failureOf } from '../support/failure.ts'

const overdue = () => new ClawError('CLAW_TIMEOUT', { what: 'too late' })
const never = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))))

describe('withDeadline', () => {
  it('R-39 ends work at the limit and not before', async () => {
    const clock = fakeClock()
    let isOver = false
    const failure = failureOf(() => withDeadline(clock, 1_000, overdue, new AbortController().signal, never)).finally(() => {
      isOver = true
    })
    await clock.advance(999)
    expect(isOver).toBe(false)
    await clock.advance(1)
    expect(await failure).toEqual({ code: 'CLAW_TIMEOUT', what: 'too late', data: {} })
  })

  it('leaves no timer behind, whichever way the work ends', async () => {
    const clock = fakeClock()
    const { signal } = new AbortController()
    expect(await withDeadline(clock, 1_000, overdue, signal, async () => 'done')).toBe('done')
    await expect(withDeadline(clock, 1_000, overdue, signal, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(clock.pending).toBe(0)
  })

  it('gives the reason of the caller when the caller ends it', async () => {
    const caller = new AbortController()
    const work = withDeadline(fakeClock(), 1_000, overdue, caller.signal, never)
    const reason = new Error('enough')
    caller.abort(reason)
    await expect(work).rejects.toBe(reason)
  })

  it('believes what the sockets bring after a stall before it believes the timer', async () => {
    const clock = fakeClock()
    const work = withDeadline(
      clock,
      1_000,
      overdue,
      new AbortController().signal,
      () => new Promise((resolve) => clock.setTimeout(() => setImmediate(() => resolve('there')), 1_000)),
    )
    await clock.advance(5_000)
    expect(await work).toBe('there')
  })
})
