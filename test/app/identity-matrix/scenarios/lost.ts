import { expect } from 'vitest'
import { shortHash } from '../../../../src/sandbox/journal.ts'
import { expectNothingShown, failure } from '../judge.ts'
import type { Stage } from '../stage.ts'

/** The exchange was done, and its answer lost: a job that can have another token asks with that once, and another waits for one. */
export async function lost(stage: Stage): Promise<void> {
  const { vendor, source, world, given } = stage
  const { identity } = world.sandbox
  identity.failNext('lost')
  const ended = await stage.claw('token', vendor.route, '--json')
  if (source.freshness === 'fresh') {
    expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(posted(stage)).toEqual([
      [shortHash(given[0] ?? ''), 'answer lost'],
      [shortHash(given[1] ?? ''), 'granted'],
    ])
    expect(new Set(given).size).toBe(2)
    await stage.claw('auth', 'logout', vendor.route)
    await losesTwo(stage)
    return
  }
  expect(failure(ended)).toEqual({
    exitCode: 77,
    code: 'CLAW_IDENTITY_SPENT',
    message: `the answer to the exchange of \`${vendor.route}\` was lost, and its identity token with it`,
    fix: expect.stringContaining('mint a new identity token'),
  })
  expect(posted(stage)).toEqual([[shortHash(given[0] ?? ''), 'answer lost']])
  const again = await stage.claw('token', vendor.route, '--json')
  expect(failure(again)).toMatchObject({ exitCode: 77, code: 'CLAW_IDENTITY_SPENT' })
  expect(posted(stage)).toEqual([])
  await stage.play.rotate()
  expect((await stage.claw('token', vendor.route)).exitCode).toBe(0)
  expect(posted(stage)).toEqual([[shortHash(given[1] ?? ''), 'granted']])
  await expectNothingShown(stage, ended, again)
}

/** Two lost answers are enough for one command. */
async function losesTwo(stage: Stage): Promise<void> {
  const { vendor, world, given } = stage
  world.sandbox.identity.failNext('lost', 'lost')
  const ended = await stage.claw('token', vendor.route, '--json')
  expect({ exitCode: ended.exitCode, code: ended.result.code }).toEqual({ exitCode: 69, code: 'CLAW_NETWORK' })
  expect(posted(stage)).toEqual(given.slice(-2).map((token) => [shortHash(token), 'answer lost']))
  expect((await stage.claw('token', vendor.route)).exitCode).toBe(0)
  expect(posted(stage)).toEqual([[shortHash(given.at(-1) ?? ''), 'granted']])
  await expectNothingShown(stage, ended)
}

/** What was posted, and what became of it. */
function posted(stage: Stage): unknown[] {
  const [first] = stage.vendor.dialects
  return stage
    .exchanges()
    .filter(({ dialect }) => dialect === first)
    .map(({ token, note }) => [token, note])
}
