import { expect } from 'vitest'
import { secretsIn } from '../../sign-in-matrix/judge.ts'
import { claimsOf, expectNothingShown, granted } from '../judge.ts'
import type { Stage } from '../stage.ts'

/** One exchange, whatever is done with what it brings. */
export async function happy(stage: Stage): Promise<void> {
  const { vendor, source, world, given, name } = stage
  const at = world.clock.wall()
  const first = await stage.claw('auth', '--identity', vendor.route, '--json')
  const token = given.at(-1)
  const result = resultOf(stage, at)
  const lines = first.stderr.split('\n').slice(0, -1)
  expect({ exitCode: first.exitCode, lines, result: first.result }).toEqual({ exitCode: 0, lines: beside(stage), result })
  expect(stage.exchanges()).toEqual(granted(stage, token))
  expect(given).toHaveLength(1)

  const [minted] = await secretsIn(world)
  const handedOut = await stage.claw('token', vendor.route)
  expect({ ...handedOut, events: [], result: {} }).toEqual({ exitCode: 0, stdout: `${minted}\n`, stderr: '', events: [], result: {} })
  expect(given).toHaveLength(1)

  const again = await stage.claw('auth', '--identity', vendor.route, '--json')
  expect({ exitCode: again.exitCode, result: again.result }).toEqual({
    exitCode: 0,
    result: { ...result, changed: false, check: null, claims: claimsOf(given.at(-1)) },
  })
  expect(given).toHaveLength(source.freshness === 'fresh' ? 2 : 1)

  const prompted = vendor.model === null ? [] : [await stage.claw('prompt', '-m', `${vendor.route}/${vendor.model}`, '--json', 'say: here')]
  expect(prompted.map(({ exitCode, result: { text, credential } }) => ({ exitCode, text, credential }))).toEqual(
    vendor.model === null ? [] : [{ exitCode: 0, text: 'here', credential: { source: name, kind: 'identity', profile: 'default' } }],
  )
  expect(stage.exchanges()).toEqual([])
  await expectNothingShown(stage, first, again, ...prompted, { ...handedOut, stdout: '' })
}

function resultOf({ vendor, name, audience, given }: Stage, at: number) {
  const claims = claimsOf(given.at(-1))
  return {
    type: 'result',
    schema: 'claw.auth/1',
    provider: vendor.provider,
    route: vendor.route,
    profile: 'default',
    method: 'identity',
    kind: 'identity',
    account: vendor.account,
    plan: vendor.plan,
    expiresAt: new Date(at + vendor.lifeS(Number(claims.exp) - at / 1_000) * 1_000).toISOString(),
    store: 'memory',
    changed: true,
    check: { status: 'pass', evidence: vendor.isProvable ? 'accepted' : 'resolved', detail: expect.any(String) },
    source: name,
    audience,
    claims,
    rules: { ...vendor.claimRules, ...(audience !== null && { aud: expect.stringContaining(audience) }) },
  }
}

/** What a person is told beside the result. A token for somebody else than is usual is shown as that where nobody can say that it is meant. */
function beside({ audience, given, vendor }: Stage): string[] {
  const { aud } = claimsOf(given.at(-1))
  const held: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const isMeant = audience === null || held.includes(audience)
  return [
    ...(isMeant ? [] : [`warning: the identity token is for \`${held.join('')}\`, not for \`${audience}\``]),
    ...(vendor.model === null ? [expect.stringMatching(/^this version of claw cannot prompt /)] : []),
  ]
}
