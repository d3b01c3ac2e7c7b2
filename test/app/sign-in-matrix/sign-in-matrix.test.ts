import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyPrefixes } from '../../../src/app/rehearsal/mirrored-base.ts'
import { bundledCli } from '../../support/rehearsed.ts'
import { ENTRIES, type Entry, isRetired } from './entry.ts'
import { runOff } from './off.ts'
import { type Plan, PLANS } from './plan.ts'

interface Cell {
  readonly id: string
  readonly kind: string
  readonly scenario: string
  run(): Promise<void>
}

/** Everything that is done with one entry: the scenarios of its kind, and what it says while it is off. */
function cellsOf(entry: Entry, plan: Plan): Cell[] {
  const { id, auth } = entry
  const scenarios = plan.scenarios(entry).map((scenario) => ({ id, kind: auth.kind, scenario, run: () => plan.run(entry, scenario) }))
  if (auth.enabled || auth.needs !== undefined) return scenarios
  return [...scenarios, { id, kind: auth.kind, scenario: 'off', run: () => runOff(entry, keyPrefixes(auth)[0] ?? '') }]
}

const offered = ENTRIES.filter((entry) => !isRetired(entry))
const cells = offered.flatMap((entry) => {
  const plan = PLANS[entry.auth.kind]
  return 'why' in plan ? [] : cellsOf(entry, plan)
})

beforeAll(async () => {
  await bundledCli()
}, 60_000)

afterAll(() => {
  const kinds = [...new Set(cells.map(({ kind }) => kind))].map((kind) => {
    const ofKind = cells.filter((cell) => cell.kind === kind)
    return `${kind} ${new Set(ofKind.map(({ id }) => id)).size} × ${new Set(ofKind.map(({ scenario }) => scenario)).size}`
  })
  console.info(`sign-in matrix: ${new Set(cells.map(({ id }) => id)).size} entries, ${cells.length} cells (${kinds.join(', ')})`)
})

describe('every sign-in of the catalogue', () => {
  it.each(cells)('$id: $scenario', ({ run }) => run(), 60_000)

  it('is rehearsed, but for those whose tests are elsewhere', () => {
    const rehearsed = new Set(cells.map(({ id }) => id))
    const missing = offered.filter(({ id }) => !rehearsed.has(id))
    expect(missing.map(({ id, auth }) => [id, auth.kind])).toEqual(missing.map(({ id }) => [id, 'workload_identity']))
    expect(rehearsed.size).toBeGreaterThan(0)
  })
})
