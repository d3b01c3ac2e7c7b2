import { type AnyEventObject, type AnyMachineSnapshot, type AnyStateMachine, createActor, fromPromise, type InspectionEvent } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { fakeClock } from './fake-clock.ts'
import { invokesOf } from './transitions.ts'

/** What a model of a machine needs beside the machine: one sample of everything that can come from outside. */
export interface Samples {
  readonly inputs: readonly unknown[]
  /** Answers of a port, by its name; `[undefined]` where it is not listed. */
  readonly outputs: Readonly<Record<string, readonly unknown[]>>
  /** Events beside `CANCEL` and what invoked ports send. */
  readonly events?: readonly AnyEventObject[]
  /** Whether an event can come now, where the states alone do not say so. */
  allows?(snapshot: AnyMachineSnapshot, event: AnyEventObject): boolean
}

export interface Step {
  readonly event: AnyEventObject
  readonly value: unknown
  readonly status: string
}

/** The shortest way to one edge of the graph, and the edge. */
export interface Journey {
  readonly title: string
  readonly input: unknown
  readonly start: unknown
  readonly steps: readonly Step[]
  readonly output: unknown
}

const CANCEL_AT = 1_000_000
const FAILURE = new Error('a port failed')

/** One journey for each edge: simple paths would never take a loop, and a path for each state would miss most edges. */
export function journeys(machine: AnyStateMachine, samples: Samples): Journey[] {
  const found = new Map<string, Journey>()
  const events = eventsOf(machine, samples)
  const labels = new Map(events.map((event, index) => [event, `${index}`]))
  for (const input of samples.inputs) {
    const graph = getAdjacencyMap(machine, {
      input,
      events,
      limit: 200_000,
      serializeState,
      serializeEvent: (event) => labels.get(event) ?? '',
      filterEvents: (snapshot: AnyMachineSnapshot, event: AnyEventObject) =>
        // Not `can()`, which leaves out an event that is heard and ignored on purpose.
        snapshot.status === 'active' &&
        (samples.allows?.(snapshot, event) ?? true) &&
        machine.getTransitionData(snapshot, event).length > 0,
    })
    const nodes = new Map<string, (typeof graph)[keyof typeof graph]>(Object.entries(graph))
    const [first] = nodes.keys()
    if (first === undefined) throw new Error(`${machine.id} has no first state`)
    const start = nodes.get(first)?.state
    const reached = new Map<string, readonly Step[]>([[first, []]])
    for (const [key, steps] of reached) {
      const node = nodes.get(key)
      if (!node) continue
      const before = node.state
      for (const { event, state: after } of Object.values(node.transitions)) {
        const way = [...steps, { event, value: after.value, status: after.status }]
        const nextKey = serializeState(after)
        if (!reached.has(nextKey)) reached.set(nextKey, way)
        const arrows = machine
          .getTransitionData(before, event)
          .map((arrow) => `${arrow.source.id}#${arrow.eventType}#${JSON.stringify(arrow.guard)}`)
        const title = `${arrows.join('+')} -> ${JSON.stringify(after.value)}`
        if (!found.has(title)) found.set(title, { title, input, start: start?.value, steps: way, output: after.output })
      }
    }
  }
  return [...found.values()]
}

/** A state with its context in rough: what a guard may ask, without the counters and instants that never repeat. */
function serializeState(snapshot: AnyMachineSnapshot): never {
  return JSON.stringify([
    snapshot.status,
    snapshot.value,
    Object.entries(snapshot.context).map(([key, value]) => [key, rough(value)]),
  ]) as never
}

function rough(value: unknown): unknown {
  if (typeof value === 'number') return Math.min(value, 4)
  if (value instanceof Map) return [...value.keys()].sort()
  if (Array.isArray(value)) return value.length
  return typeof value === 'object' && value !== null ? 'set' : value
}

function eventsOf(machine: AnyStateMachine, samples: Samples): AnyEventObject[] {
  const fromPorts = [...invokesOf(machine)].flatMap(([id, src]) => [
    ...(samples.outputs[src] ?? [undefined]).map((output) => ({ type: `xstate.done.actor.${id}`, output, actorId: id })),
    { type: `xstate.error.actor.${id}`, error: FAILURE, actorId: id },
  ])
  const delays = machine.events.filter((type) => type.startsWith('xstate.after.')).map((type) => ({ type }))
  return [{ type: 'CANCEL', at: CANCEL_AT }, ...fromPorts, ...delays, ...(samples.events ?? [])]
}

interface Gate {
  open(output: unknown): void
  fail(error: unknown): void
  readonly signal: AbortSignal
  isOpen: boolean
}

export interface Replay {
  readonly values: readonly unknown[]
  readonly statuses: readonly string[]
  readonly output: unknown
  /** Ports that still run once the actor is over, by their id. */
  readonly lingering: readonly string[]
  readonly timers: number
  readonly inspected: readonly InspectionEvent[]
  /** What the library would write down after each step. */
  readonly persisted: readonly unknown[]
}

/** Takes a journey on a live actor whose ports are gates that the journey opens, and stops it at its end. */
export async function replay(machine: AnyStateMachine, journey: Journey): Promise<Replay> {
  const clock = fakeClock()
  const gates = new Map<string, Gate>()
  const all: [string, Gate][] = []
  const inspected: InspectionEvent[] = []
  const gated = fromPromise<unknown, unknown>(
    ({ self, signal }) =>
      new Promise((resolve, reject) => {
        const gate: Gate = { open: resolve, fail: reject, signal, isOpen: false }
        gates.set(self.id, gate)
        all.push([self.id, gate])
      }),
  )
  const actors = Object.fromEntries(Object.keys(machine.implementations.actors).map((name) => [name, gated]))
  const actor = createActor(machine.provide({ actors }), { clock, input: journey.input, inspect: (event) => inspected.push(event) })
  actor.subscribe({ error: () => undefined })
  actor.start()
  const values: unknown[] = [actor.getSnapshot().value]
  const statuses: string[] = [actor.getSnapshot().status]
  const persisted: unknown[] = [actor.getPersistedSnapshot()]
  for (const { event } of journey.steps) {
    const match = /^xstate\.(done|error)\.actor\.(.+)$/.exec(event.type)
    const gate = gates.get(match?.[2] ?? '')
    if (match && !gate) throw new Error(`nothing waits for ${event.type}`)
    if (gate) {
      gate.isOpen = true
      if (match?.[1] === 'done') gate.open(event.output)
      else gate.fail(event.error)
    } else if (event.type.startsWith('xstate.after.')) {
      await clock.advance(3_600_000)
    } else {
      actor.send(event)
    }
    await clock.advance(0)
    values.push(actor.getSnapshot().value)
    statuses.push(actor.getSnapshot().status)
    persisted.push(actor.getPersistedSnapshot())
  }
  const { output } = actor.getSnapshot()
  if (actor.getSnapshot().status === 'active') actor.stop()
  await clock.advance(0)
  const lingering = all.filter(([, gate]) => !gate.isOpen && !gate.signal.aborted).map(([id]) => id)
  return { values, statuses, output, lingering, timers: clock.pending, inspected, persisted }
}
