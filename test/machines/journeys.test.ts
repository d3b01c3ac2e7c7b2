import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { AnyTransitionDefinition, InspectionEvent } from 'xstate'
import { CANARY, SAMPLES } from '../support/machine-samples.ts'
import { findMachines } from '../support/machines.ts'
import { journeys, replay } from '../support/model.ts'
import { arrowsOf } from '../support/transitions.ts'

const cases = await Promise.all(
  (await findMachines()).map(async (machine) => {
    const samples = SAMPLES[machine.id]
    if (!samples) throw new Error(`there are no samples for ${machine.id}`)
    const taken = []
    for (const journey of journeys(machine, samples)) taken.push({ journey, live: await replay(machine, journey) })
    return { id: machine.id, machine, taken }
  }),
)

describe.each(cases)('$id', ({ machine, taken }) => {
  it.each(taken.map((one) => ({ title: one.journey.title, ...one })))('$title', ({ journey, live }) => {
    const { values, statuses, output } = live
    expect({ values, statuses, output }).toEqual({
      values: [journey.start, ...journey.steps.map(({ value }) => value)],
      statuses: ['active', ...journey.steps.map(({ status }) => status)],
      output: journey.output,
    })
  })

  it('R-38 leaves no port and no timer running, wherever it ends or is stopped', () => {
    expect(taken.filter(({ live }) => live.lingering.length > 0 || live.timers > 0)).toEqual([])
  })

  it('has no arrow that no journey takes', () => {
    const seen = new Set(taken.flatMap(({ live }) => live.inspected.flatMap(transitionsOf)).map(arrowName))
    expect(
      arrowsOf(machine)
        .map(({ transition }) => arrowName(transition))
        .filter((name) => !seen.has(name)),
    ).toEqual([])
  })

  it('ends with an output that says whether it went well, and can end both ways', () => {
    const ends = taken.filter(({ journey }) => journey.steps.at(-1)?.status === 'done').map(({ live }) => Object(live.output).ok)
    expect(new Set(ends)).toEqual(new Set([true, false]))
  })

  it('S-59 holds no secret in any snapshot or inspection event that could be written down', () => {
    for (const { live } of taken) {
      const texts = live.persisted.flatMap((snapshot) => [JSON.stringify(snapshot), inspect(snapshot, WHOLE)])
      for (const event of live.inspected) {
        if ('event' in event) texts.push(JSON.stringify(event.event), inspect(event.event, WHOLE))
        if ('snapshot' in event) texts.push(JSON.stringify(event.snapshot))
      }
      expect(texts.filter((text) => text?.includes(CANARY))).toEqual([])
    }
  })
})

const WHOLE = { depth: 20, showHidden: true }

function transitionsOf(event: InspectionEvent): AnyTransitionDefinition[] {
  return event.type === '@xstate.microstep' ? event._transitions : []
}

function arrowName({ source, eventType, guard, target }: AnyTransitionDefinition): string {
  return `${source.id} ${eventType} ${JSON.stringify(guard ?? null)} -> ${(target ?? []).map(({ id }) => id).join()}`
}
