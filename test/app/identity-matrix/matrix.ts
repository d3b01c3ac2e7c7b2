import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundledCli } from '../../support/rehearsed.ts'
import { SOURCES } from './sources.ts'
import { type Stage, staged, type StageOptions } from './stage.ts'
import { NO_EXCHANGE, VENDORS } from './vendors.ts'

interface MatrixOptions extends StageOptions {
  /** By id; absent = all. */
  readonly vendors?: readonly string[]
}

/** Every exchange of the catalogue with every source of tokens, in one scenario. */
export function matrix(scenario: string, run: (stage: Stage) => Promise<void>, { vendors: ids, ...options }: MatrixOptions = {}): void {
  const vendors = VENDORS.filter(({ id }) => ids === undefined || ids.includes(id))
  const cells = vendors.flatMap((vendor) => SOURCES.map((source) => ({ vendor, source, vendorId: vendor.id, sourceId: source.id })))

  beforeAll(async () => {
    await bundledCli()
  }, 60_000)

  afterAll(() => {
    const left = Object.entries(NO_EXCHANGE).map(([id, why]) => `${id}: ${why}`)
    console.info(
      `identity matrix, ${scenario}: ${vendors.length} vendors × ${SOURCES.length} sources = ${cells.length} cells (without ${left.join(', ')})`,
    )
  })

  describe(`the identity of a job, ${scenario}`, () => {
    it.each(cells)('$vendorId: $sourceId', async ({ vendor, source }) => {
      await using stage = await staged(vendor, source, options)
      await run(stage)
    })

    it('leaves out nothing but what has no exchange, and says why', () => {
      expect(NO_EXCHANGE).toEqual({ 'bedrock/federation': 'it is not built; use a `cmd:` reference to the token generator of AWS' })
      expect(vendors).toHaveLength(ids?.length ?? VENDORS.length)
      expect(SOURCES.length).toBeGreaterThan(0)
    })
  })
}
