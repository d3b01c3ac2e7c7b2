import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundledCli } from '../../support/rehearsed.ts'
import { happy } from './scenarios/happy.ts'
import { lost } from './scenarios/lost.ts'
import { refused } from './scenarios/refused.ts'
import { renewed } from './scenarios/renewed.ts'
import { spent } from './scenarios/spent.ts'
import { WRONG_BY_MS, wrongClock } from './scenarios/wrong-clock.ts'
import { SOURCES } from './sources.ts'
import { type Stage, staged, type StageOptions } from './stage.ts'
import { NO_EXCHANGE, VENDORS } from './vendors.ts'

interface Scenario extends StageOptions {
  readonly name: string
  run(stage: Stage): Promise<void>
  /** By id; absent = all. */
  readonly vendors?: readonly string[]
}

/** Those whose answers say each in another way when a token ends: a duration, an instant, the instant of a second step, and a short one. */
const DATED_DIFFERENTLY = ['anthropic', 'openai', 'google-vertex', 'openrouter']

const SCENARIOS: readonly Scenario[] = [
  { name: 'happy', run: happy },
  { name: 'refused', run: refused },
  { name: 'spent', run: spent },
  { name: 'renewed', run: renewed },
  { name: 'lost', run: lost },
  { name: 'a clock that is ahead', run: wrongClock(WRONG_BY_MS), aheadMs: WRONG_BY_MS, vendors: DATED_DIFFERENTLY },
  { name: 'a clock that is behind', run: wrongClock(-WRONG_BY_MS), aheadMs: -WRONG_BY_MS, vendors: DATED_DIFFERENTLY },
]

/** Every exchange of the catalogue with every source of tokens. */
const tables = SCENARIOS.map(({ name, run, vendors: ids, ...options }) => {
  const vendors = VENDORS.filter(({ id }) => ids === undefined || ids.includes(id))
  const cells = vendors.flatMap((vendor) =>
    SOURCES.map((source) => ({
      vendorId: vendor.id,
      sourceId: source.id,
      async run() {
        await using stage = await staged(vendor, source, options)
        await run(stage)
      },
    })),
  )
  return { name, cells, vendors, wanted: ids?.length ?? VENDORS.length }
})

beforeAll(async () => {
  await bundledCli()
}, 60_000)

afterAll(() => {
  const all = tables.reduce((sum, { cells }) => sum + cells.length, 0)
  const parts = tables.map(({ name, vendors }) => `${name} ${vendors.length} × ${SOURCES.length}`)
  console.info(`identity matrix: ${VENDORS.length} exchanges, ${SOURCES.length} sources, ${all} cells (${parts.join(', ')})`)
})

describe.each(tables)('the identity of a job: $name', ({ cells }) => {
  it.each(cells)('$vendorId: $sourceId', ({ run }) => run())
})

describe('the identity of a job', () => {
  it('has every exchange that there is in the table, and is told why another one is not', () => {
    expect(NO_EXCHANGE).toEqual({ 'bedrock/federation': 'it is not built; use a `cmd:` reference to the token generator of AWS' })
    expect(tables.map(({ vendors }) => vendors.length)).toEqual(tables.map(({ wanted }) => wanted))
    expect(SOURCES.length).toBeGreaterThan(0)
  })
})
