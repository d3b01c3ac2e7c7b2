import { ClawError } from '../../src/core/errors.ts'
import type { Clock } from '../../src/platform/clock.ts'

interface Timer {
  readonly dueAt: number
  readonly callback: () => void
}

/** A clock that moves only when it is told to. */
export interface FakeClock extends Clock {
  /** Moves on by so many ms, stopping at every timer that falls due on the way, in order, until all promises have settled. */
  advance(ms: number): Promise<void>
  /** Timers that are armed. */
  readonly pending: number
  /** Sets the machine's clock without moving time. */
  setWall(ms: number): void
  /**
   * Moves from timer to timer until `work` settles, and gives its result. Time stands still while `busy` says so, and while
   * this process waits for files or child processes: else the nearest timer would fire in the middle of a request.
   */
  driveUntil<T>(work: Promise<T>, busy?: () => boolean): Promise<T>
}

/** Real time without anything happening after which work that no timer can wake is given up. */
const STUCK_MS = 5_000
const OUTSIDE_WORK = /^(?:FSReq|CloseReq|GetAddrInfo|(?:TCP|Pipe)?ConnectWrap|ProcessWrap|WriteWrap|ShutdownWrap)/

export function fakeClock(startAt = Date.UTC(2026, 0, 1)): FakeClock {
  let now = startAt
  let wallAhead = 0
  const timers = new Set<Timer>()

  const arm = (dueAt: number, callback: () => void): Timer => {
    const timer = { dueAt, callback }
    timers.add(timer)
    return timer
  }

  // A Set keeps the order of arming, so timers of one instant fire in the order they were armed, as Node's do.
  const nextDue = (): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers) if (!first || timer.dueAt < first.dueAt) first = timer
    return first
  }

  const fire = async (timer: Timer): Promise<void> => {
    timers.delete(timer)
    now = Math.max(now, timer.dueAt)
    timer.callback()
    await settle()
  }

  return {
    now: () => now,
    wall: () => now + wallAhead,
    setWall(ms) {
      wallAhead = ms - now
    },
    get pending() {
      return timers.size
    },
    setTimeout: (callback, delayMs) => arm(now + Math.max(0, delayMs), callback),
    clearTimeout(handle) {
      timers.delete(handle as Timer)
    },
    sleepUntil(instant, signal) {
      if (!Number.isFinite(instant)) return Promise.reject(new ClawError('CLAW_INTERNAL', { what: 'a wait without an end was asked for' }))
      if (signal?.aborted) return Promise.reject(signal.reason)
      if (instant <= now) return Promise.resolve()
      return new Promise((resolve, reject) => {
        const stop = () => {
          timers.delete(timer)
          reject(signal?.reason)
        }
        const timer = arm(instant, () => {
          signal?.removeEventListener('abort', stop)
          resolve()
        })
        signal?.addEventListener('abort', stop, { once: true })
      })
    },
    async advance(ms) {
      const target = now + ms
      await settle()
      for (let timer = nextDue(); timer && timer.dueAt <= target; timer = nextDue()) await fire(timer)
      now = Math.max(now, target)
      await settle()
    },
    async driveUntil(work, busy = () => false) {
      let isSettled = false
      const settled = () => {
        isSettled = true
      }
      work.then(settled, settled)
      let idleSince = performance.now()
      while (!isSettled) {
        await settle()
        if (isSettled) break
        const timer = nextDue()
        if (busy() || isWaitingOutside()) {
          idleSince = performance.now()
          await realPause()
        } else if (timer) {
          idleSince = performance.now()
          await fire(timer)
        } else if (performance.now() - idleSince > STUCK_MS) {
          throw new Error('the work waits for something that no timer of this clock brings')
        } else {
          await realPause()
        }
      }
      return work
    },
  }
}

/** Lets every promise that can settle do so: microtasks run dry before each immediate, a few of which let I/O hand over. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function realPause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1))
}

function isWaitingOutside(): boolean {
  return process.getActiveResourcesInfo().some((name) => OUTSIDE_WORK.test(name))
}
