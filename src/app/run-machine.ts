import { createActor, type AnyStateMachine, type EmittedFrom, type InputFrom, type OutputFrom } from 'xstate'
import { ClawError, toClawError } from '../core/errors.ts'
import type { Clock } from '../platform/clock.ts'

export interface RunOptions<Machine extends AnyStateMachine> {
  readonly clock: Clock
  readonly input: InputFrom<Machine>
  readonly signal?: AbortSignal | undefined
  /** What the operator must see while it happens. */
  onEmit?(fact: EmittedFrom<Machine>): void
}

/**
 * Runs a machine to its end. The only place that creates an actor: it passes the clock, listens before the start, turns
 * an aborted signal into `CANCEL`, and resolves only when the machine is really done. A machine that ends because it was
 * cancelled rejects with the reason of the signal, which knows why.
 */
export function runMachine<Machine extends AnyStateMachine>(machine: Machine, options: RunOptions<Machine>): Promise<OutputFrom<Machine>> {
  const { clock, signal } = options
  const xstateClock = { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout }
  return new Promise((resolve, reject) => {
    const actor = createActor(machine as AnyStateMachine, { clock: xstateClock, input: options.input })
    const cancel = () => actor.send({ type: 'CANCEL', at: clock.now() })
    let unheard: { readonly thrown: unknown } | undefined
    const settle = (end: () => void) => {
      signal?.removeEventListener('abort', cancel)
      end()
    }
    actor.on('*', (fact) => {
      try {
        options.onEmit?.(fact as EmittedFrom<Machine>)
      } catch (thrown) {
        // What the operator could not be told ends the run, though not in the middle of a write: the machine decides where.
        unheard ??= { thrown }
        cancel()
      }
    })
    actor.subscribe({
      next: (snapshot) => {
        if (snapshot.status !== 'done') return
        settle(() => {
          if (unheard) reject(toClawError(unheard.thrown))
          else if (signal?.aborted && isCancelled(snapshot.output)) reject(signal.reason)
          else resolve(snapshot.output as OutputFrom<Machine>)
        })
      },
      error: (thrown) => settle(() => reject(toClawError(thrown))),
      complete: () => {
        if (actor.getSnapshot().status === 'stopped')
          settle(() => reject(new ClawError('CLAW_INTERNAL', { what: 'a machine was stopped before its end' })))
      },
    })
    actor.start()
    if (signal?.aborted) cancel()
    else signal?.addEventListener('abort', cancel, { once: true })
  })
}

function isCancelled(output: { readonly ok: boolean; readonly error?: ClawError }): boolean {
  return !output.ok && output.error?.code === 'CLAW_CANCELLED'
}
