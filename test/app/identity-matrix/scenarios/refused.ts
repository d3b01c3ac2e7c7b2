import { expect } from 'vitest'
import { shortHash } from '../../../../src/sandbox/journal.ts'
import { claimsOf, expectNothingShown, failure } from '../judge.ts'
import type { Stage } from '../stage.ts'

/** What the rule of the vendor does not know is refused by the vendor, once, and the reason is where the vendor has it. */
export async function refused(stage: Stage): Promise<void> {
  const { changes } = stage
  changes.claims = { sub: 'repo:somebody-else/app:ref:refs/heads/main' }
  await stage.play.rotate()
  await refuses(stage, 'sub is not that of the rule')
  delete changes.claims
  changes.audience = 'https://somebody-else.example'
  await stage.play.rotate()
  await refuses(stage, 'aud is not that of the rule')
}

async function refuses(stage: Stage, reason: string): Promise<void> {
  const { vendor, source, given, world } = stage
  const ended = await stage.claw('auth', '--identity', vendor.route, '--json')
  const claims = claimsOf(given.at(-1))
  expect({ ...failure(ended), claims: ended.result.claims }).toEqual({
    exitCode: 77,
    code: 'CLAW_CREDENTIAL_REJECTED',
    message: `\`${world.sandbox.origin}\` refused the identity token`,
    fix: vendor.hint,
    claims,
  })
  const [dialect] = vendor.dialects
  expect(stage.exchanges()).toEqual([
    { dialect, status: expect.toSatisfy((status) => status === 400 || status === 401), token: shortHash(given.at(-1) ?? ''), note: reason },
  ])
  const { records } = await world.stored()
  expect(records.map(({ state, secrets }) => ({ state, secrets }))).toEqual([{ state: 'logged_out', secrets: null }])

  // Nobody asks again with what was refused, and who has another one may.
  const again = await stage.claw('token', vendor.route, '--json')
  expect(again.exitCode).toBe(77)
  expect(stage.exchanges().map(({ token, note }) => ({ token, note }))).toEqual(
    source.freshness === 'fixed' ? [] : [{ token: shortHash(given.at(-1) ?? ''), note: reason }],
  )
  await expectNothingShown(stage, ended, again)
}
