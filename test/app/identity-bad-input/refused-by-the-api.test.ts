import { describe, expect, it } from 'vitest'
import { SOURCES } from '../identity-matrix/sources.ts'
import { expectNothingShown, granted } from '../identity-matrix/judge.ts'
import { type Stage, staged } from '../identity-matrix/stage.ts'
import { VENDORS } from '../identity-matrix/vendors.ts'

/** Whoever can be prompted. */
const PROMPTED = VENDORS.flatMap((vendor) =>
  vendor.model === null ? [] : [{ id: vendor.id, vendor, model: `${vendor.route}/${vendor.model}` }],
)
const [FRESH, FIXED] = ['github', 'gitlab'].map((id) => SOURCES.find((source) => source.id === id))

/** A job whose minted token serves by every clock, and is refused by the API. */
async function revoked(vendor: (typeof VENDORS)[number], source: typeof FRESH): Promise<Stage> {
  if (!source) throw new Error('there is no such source')
  const stage = await staged(vendor, source)
  expect((await stage.claw('token', vendor.route)).exitCode).toBe(0)
  stage.world.sandbox.expireAccess()
  stage.world.asked()
  return stage
}

/** What was asked, exchanges and prompts. */
function steps({ vendor, world }: Stage): string[] {
  return world
    .asked()
    .filter(({ method }) => method === 'POST')
    .map(({ dialect, status, note }) => (vendor.dialects.includes(dialect) ? `exchange ${note}` : `prompt ${status}`))
}

describe('a minted token that the API refuses', () => {
  it.each(PROMPTED)(
    'is exchanged once more at $id by a job that can have another token, and the prompt is sent again',
    async ({ vendor, model }) => {
      await using stage = await revoked(vendor, FRESH)
      const { exitCode, result } = await stage.claw('prompt', '-m', model, '--json', 'say: here')
      expect({ exitCode, text: result.text, attempts: result.attempts }).toEqual({
        exitCode: 0,
        text: 'here',
        attempts: [{ provider: vendor.route, status: 401 }],
      })
      expect(steps(stage)).toEqual(['prompt 401', 'exchange granted', 'prompt 200'])
      expect(new Set(stage.given).size).toBe(2)
      expect(granted(stage, ...stage.given)).toHaveLength(2 * vendor.dialects.length)
    },
  )

  it.each(PROMPTED)(
    'is the end of it at $id where the token of the job stays the same: it is not posted again',
    async ({ vendor, model }) => {
      await using stage = await revoked(vendor, FIXED)
      const ended = await stage.claw('prompt', '-m', model, '--json', 'say: here')
      expect({ exitCode: ended.exitCode, result: ended.result }).toEqual({
        exitCode: 77,
        result: {
          type: 'error',
          code: 'CLAW_IDENTITY_SPENT',
          exit: { code: 77, name: 'AUTH' },
          message: `the identity token for \`${vendor.route}\` has been used up`,
          why: 'the provider refused what it was exchanged for, and `env:JOB_TOKEN` still gives the same token',
          fix: 'mint a new identity token (`env:JOB_TOKEN` gives the same one until it is replaced), then run the command again',
          attempts: [],
        },
      })
      expect(steps(stage)).toEqual(['prompt 401'])
      await expectNothingShown(stage, ended)

      await stage.play.rotate()
      expect((await stage.claw('prompt', '-m', model, 'say: here')).stdout).toBe('here\n')
      expect(steps(stage)).toEqual(['prompt 401', 'exchange granted', 'prompt 200'])
    },
  )
})
