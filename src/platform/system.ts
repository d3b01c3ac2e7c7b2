import { type CiSystem, detectCi } from './ci.ts'
import { type Clock, systemClock } from './clock.ts'
import { reportCrashes } from './crashes.ts'
import { type Environment, environmentOf } from './environment.ts'
import { type Input, processInput } from './input.ts'
import type { Machine } from './machine.ts'
import { type Output, processOutput } from './output.ts'
import { takeEnvironment } from './own-environment.ts'
import { type Random, systemRandom } from './random.ts'
import { type SignalWatch, watchSignals } from './signals.ts'
import { systemMachine } from './system-machine.ts'

/** The real outside of this process. */
export interface System {
  readonly clock: Clock
  readonly random: Random
  readonly machine: Machine
  readonly environment: Environment
  /** The same as it was found, for a child that shall have it. */
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly out: Output
  readonly err: Output
  readonly input: Input
  readonly ci: CiSystem
  readonly signals: SignalWatch
  /** Rings once after a while unless it is stopped; it keeps no process alive. */
  alarm(ms: number, ring: () => void): () => void
}

/** Above this a timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Opens it, and begins with what must stand before the first secret is read: signals, crashes, the environment. */
export function openSystem(): System {
  const signals = watchSignals()
  const variables = takeEnvironment()
  const environment = environmentOf(variables)
  const err = processOutput('stderr')
  reportCrashes(err, environment.get('CLAW_DEBUG') === '1')
  const clock = systemClock()
  return {
    clock,
    random: systemRandom,
    machine: systemMachine(variables),
    environment,
    variables,
    out: processOutput('stdout'),
    err,
    input: processInput(clock),
    ci: detectCi(environment),
    signals,
    alarm(ms, ring) {
      const timer = setTimeout(ring, Math.min(ms, LONGEST_TIMER_MS)).unref()
      return () => clearTimeout(timer)
    },
  }
}
