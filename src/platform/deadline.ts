import type { ClawError } from '../core/errors.ts'
import type { Clock } from './clock.ts'

/** Who set a limit, for the error that says it was reached. */
export type LimitSource = 'flag' | 'environment' | 'config' | 'provider' | 'built-in'

/** A limit as errors carry it in `data.limit`. */
export interface Limit {
  readonly limit: string
  readonly seconds: number
  readonly source: LimitSource
}

/**
 * Runs work that heeds the signal it is given, for `ms` at the most.
 *
 * After a stall of the process (SIGSTOP, a suspended machine) the sockets are read once before the timer is believed, so
 * that an answer that is already there is not thrown away.
 *
 * @throws what `overdue` makes when the time is over; the reason of `signal` when that is aborted; else what the work throws.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  overdue: () => ClawError,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController()
  let isOver = false
  const timer = clock.setTimeout(() => {
    setImmediate(() =>
      setImmediate(() => {
        if (!isOver) own.abort(overdue())
      }),
    )
  }, ms)
  try {
    return await work(AbortSignal.any([signal, own.signal]))
  } catch (thrown) {
    throw signal.aborted ? signal.reason : own.signal.aborted ? own.signal.reason : thrown
  } finally {
    isOver = true
    clock.clearTimeout(timer)
  }
}
