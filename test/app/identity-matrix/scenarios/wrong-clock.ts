import { expect } from 'vitest'
import { expectNothingShown, granted } from '../judge.ts'
import type { Stage } from '../stage.ts'

export const WRONG_BY_MS = 600_000
/** A token this far out of time is not (Anthropic's reference, 2026). */
const SKEW_MS = 30_000

/** Ten minutes that the clock of the job is ahead or behind cost nothing: neither a good token nor one exchange more. */
export function wrongClock(aheadMs: number): (stage: Stage) => Promise<void> {
  return async (stage) => {
    const { vendor, source, world, given } = stage
    const lifeMs = vendor.lifeS(source.lifeS) * 1_000
    const first = await stage.claw('auth', '--identity', vendor.route, '--no-check', '--json')
    const expiresAt = new Date(world.clock.wall() + aheadMs + lifeMs).toISOString()
    expect({ exitCode: first.exitCode, expiresAt: first.result.expiresAt }).toEqual({ exitCode: 0, expiresAt })
    const asked = world.asked()
    expect(asked.filter(({ path }) => path === '/').map(({ method }) => method)).toEqual(looksOutOfTime(stage, aheadMs) ? ['GET'] : [])
    expect(asked.filter(({ dialect }) => vendor.dialects.includes(dialect)).map(({ note }) => note)).toEqual(
      granted(stage, given.at(-1)).map(({ note }) => note),
    )

    // What came lives as long as it does by any clock.
    await world.clock.advance(lifeMs / 2)
    const half = await stage.claw('token', vendor.route)
    expect([half.exitCode, half.stderr, stage.exchanges()]).toEqual([0, '', []])
    await world.clock.advance(lifeMs / 2)
    await stage.play.rotate()
    const over = await stage.claw('token', vendor.route)
    expect([over.exitCode, over.stderr]).toEqual([0, ''])
    expect(stage.exchanges()).toEqual(granted(stage, given.at(-1)))
    await expectNothingShown(stage, first, { ...half, stdout: '' }, { ...over, stdout: '' })
  }
}

/** A source that is asked for a token dates it; what lies somewhere or a program wrote may be of any age. */
function looksOutOfTime({ source }: Stage, aheadMs: number): boolean {
  const isDated = source.freshness === 'fresh' && source.way.kind !== 'command'
  return !isDated && (aheadMs < 0 || source.lifeS * 1_000 + SKEW_MS <= aheadMs)
}
