import { ClawError } from '../core/errors.ts'
import { afterCriticalSections } from './critical-section.ts'
import { isTerminal } from './terminal.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** How long a command may take to end in order after the first signal: CI systems kill some seconds later, ms. */
const GRACE_MS = 7_000

export interface SignalWatch {
  /** Aborted by the first signal; the reason is a `ClawError` that names it. */
  readonly signal: AbortSignal
  /** Dies of the signal that came, so that the parent sees a signal death. Does nothing where none came. */
  raise(): void
}

/**
 * Turns the first SIGINT, SIGTERM or SIGHUP into an abort, so that a command ends in order; a second one, or the end of
 * the grace, ends the process at once, but never a critical section. SIGHUP is let pass where no stream is a terminal:
 * Node undoes what nohup(1) set. SIGUSR1 opens no debugger.
 */
export function watchSignals(): SignalWatch {
  const controller = new AbortController()
  let received: (typeof SIGNALS)[number] | undefined
  const raise = () => {
    if (received === undefined) return
    for (const name of SIGNALS) process.removeAllListeners(name)
    process.kill(process.pid, received)
  }
  process.on('SIGUSR1', () => undefined)
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (name === 'SIGHUP' && ![0, 1, 2].some(isTerminal)) return
      if (received !== undefined) return afterCriticalSections(raise)
      received = name
      setTimeout(() => afterCriticalSections(raise), GRACE_MS).unref()
      controller.abort(new ClawError('CLAW_CANCELLED', { what: `stopped by ${name}`, data: { signal: name } }))
    })
  }
  return { signal: controller.signal, raise }
}
