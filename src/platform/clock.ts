import { ClawError } from '../core/errors.ts'

/** Time, as everything in claw sees it. Instants are milliseconds since the epoch. */
export interface Clock {
  /** The instant now. Moves with the monotonic clock of the process: a jump of the machine's clock does not end a wait. */
  now(): number
  /** What the machine's clock says. Only for comparing with instants that were stored. */
  wall(): number
  /** Resolves at `instant`, rejects with the reason of `signal`. An instant in the past resolves at once. */
  sleepUntil(instant: number, signal?: AbortSignal): Promise<void>
  /** The two methods that XState asks of a clock. */
  setTimeout(callback: () => void, delayMs: number): unknown
  clearTimeout(handle: unknown): void
}

/** Long waits are taken in slices: a timer above 2^31-1 ms would fire at once. */
const LONGEST_SLICE_MS = 60_000

/** The clock of the machine. */
export function systemClock(): Clock {
  // Not by `performance`, which costs every command 2 ms to load.
  const monotonic = () => Number(process.hrtime.bigint()) / 1e6
  const origin = Date.now() - monotonic()
  const now = () => origin + monotonic()
  return {
    now,
    wall: Date.now,
    setTimeout: (callback, delayMs) => setTimeout(callback, Math.min(Math.max(0, delayMs), 2 ** 31 - 1)),
    clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
    sleepUntil(instant, signal) {
      if (!Number.isFinite(instant)) return Promise.reject(new ClawError('CLAW_INTERNAL', { what: 'a wait without an end was asked for' }))
      return new Promise((resolve, reject) => {
        let timer: NodeJS.Timeout
        const stop = () => {
          clearTimeout(timer)
          reject(signal?.reason)
        }
        const slice = () => {
          const leftMs = instant - now()
          if (leftMs > 0) {
            timer = setTimeout(slice, Math.min(Math.ceil(leftMs), LONGEST_SLICE_MS))
            return
          }
          signal?.removeEventListener('abort', stop)
          resolve()
        }
        if (signal?.aborted) return reject(signal.reason)
        signal?.addEventListener('abort', stop, { once: true })
        slice()
      })
    },
  }
}
