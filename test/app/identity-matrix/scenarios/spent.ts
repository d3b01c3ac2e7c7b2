import { expect } from 'vitest'
import { expectNothingShown, failure, granted } from '../judge.ts'
import type { Stage } from '../stage.ts'

/** A token that was posted is never posted again: where there is another one that is taken, else somebody must bring it. */
export async function spent(stage: Stage): Promise<void> {
  const { vendor, source, world, given } = stage
  expect((await stage.claw('token', vendor.route)).exitCode).toBe(0)
  expect(stage.exchanges()).toEqual(granted(stage, given.at(-1)))

  await world.clock.advance(vendor.lifeS(source.lifeS) * 1_000)
  const over = await stage.claw('token', vendor.route, '--json')
  await judge(stage, over)

  expect((await stage.claw('auth', 'logout', vendor.route, '--json')).exitCode).toBe(0)
  const signedOut = await stage.claw('auth', '--identity', vendor.route, '--no-check', '--json')
  await judge(stage, signedOut)

  const posted = given.length
  await stage.play.rotate()
  const replaced = await stage.claw('token', vendor.route, '--json')
  expect({ exitCode: replaced.exitCode, stderr: replaced.stderr }).toEqual({ exitCode: 0, stderr: '' })
  // A fresh source has given what is in force.
  expect(stage.exchanges()).toEqual(source.freshness === 'fixed' ? granted(stage, given.at(-1)) : [])
  expect(given.length - posted).toBe(source.freshness === 'fixed' ? 1 : 0)
  await expectNothingShown(stage, over, signedOut)
}

async function judge(stage: Stage, ended: Awaited<ReturnType<Stage['claw']>>): Promise<void> {
  const { vendor, source, given, name } = stage
  if (source.freshness === 'fresh') {
    expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toEqual({ exitCode: 0, stderr: expect.any(String) })
    expect(stage.exchanges()).toEqual(granted(stage, given.at(-1)))
    return
  }
  const origin = name.replace('identity:', '')
  expect({ ...failure(ended), why: ended.result.why }).toEqual({
    exitCode: 77,
    code: 'CLAW_IDENTITY_SPENT',
    message: `the identity token for \`${vendor.route}\` has been used up`,
    why: `\`${origin}\` still gives the token that was posted before, and what it was exchanged for is not there, or has ended`,
    fix: `mint a new identity token (\`${origin}\` gives the same one until it is replaced), then run the command again`,
  })
  expect(stage.exchanges()).toEqual([])
}
