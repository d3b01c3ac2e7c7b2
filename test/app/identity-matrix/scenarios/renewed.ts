import { expect } from 'vitest'
import { secretsIn } from '../../sign-in-matrix/judge.ts'
import { expectNothingShown, granted } from '../judge.ts'
import type { Stage } from '../stage.ts'

/** Before its end a token is renewed where there is another one of the job; where there is none it serves to its end. */
export async function renewed(stage: Stage): Promise<void> {
  const { vendor, source, world, given } = stage
  const isFresh = source.freshness === 'fresh'
  const lifeS = vendor.lifeS(source.lifeS)
  const marginMs = Math.min(vendor.marginS, lifeS * 0.2) * 1_000
  const use = () => stage.claw('token', vendor.route)
  await use()
  expect(stage.exchanges()).toEqual(granted(stage, given.at(-1)))
  const [first] = await secretsIn(world)

  // At the edge it serves, and nobody is asked.
  await world.clock.advance(lifeS * 1_000 - marginMs - 1)
  const before = await use()
  expect([before.exitCode, before.stdout, before.stderr]).toEqual([0, `${first}\n`, ''])
  expect([stage.exchanges(), given.length]).toEqual([[], 1])

  // Inside the margin a renewal that fails fails nobody.
  await world.clock.advance(2)
  if (isFresh) world.sandbox.identity.failNext('rate_limit')
  const failing = await use()
  expect([failing.exitCode, failing.stdout]).toEqual([0, `${first}\n`])
  // That a fixed token is the same as before is no failure of a renewal.
  expect(failing.stderr).toMatch(isFresh ? /^warning: the identity could not be exchanged anew, and its token still serves: .+\n$/ : /^$/)
  expect(stage.exchanges().map(({ note }) => note)).toEqual(isFresh ? ['rate limited'] : [])

  // With another token of the job there is another one of the vendor, once.
  await stage.play.rotate()
  const after = await use()
  expect([after.exitCode, after.stderr, after.stdout === before.stdout]).toEqual([0, '', false])
  expect(stage.exchanges()).toEqual(granted(stage, given.at(-1)))
  const again = await use()
  expect([again.exitCode, again.stdout]).toEqual([0, after.stdout])
  expect(stage.exchanges()).toEqual([])

  // When it has ended there is no going without.
  await world.clock.advance(lifeS * 1_000)
  await stage.play.rotate()
  const last = await use()
  expect([last.exitCode, last.stderr]).toEqual([0, ''])
  expect(stage.exchanges()).toEqual(granted(stage, given.at(-1)))
  const all = [before, failing, after, again, last].map((ended) => ({ ...ended, stdout: '' }))
  await expectNothingShown(stage, ...all)
}
