import { expect } from 'vitest'
import { KIND_OF } from '../../../src/providers/auth-kinds.ts'
import type { RehearsalMachine } from '../../support/rehearsed.ts'
import { type Entry, endpointPath } from './entry.ts'
import { ending, leaks, pairIn, secretsIn, steps, stored, storedGrant } from './judge.ts'

/** What a grant is good for once it is there: handed out, renewed by one request, listed, and signed out of. */
export async function afterwards(entry: Entry, world: RehearsalMachine): Promise<void> {
  const { route, auth } = entry
  const isRefreshable = storedGrant(entry).refreshable === true
  const before = await secretsIn(world)
  const handedOut = await world.claw(['token', route.id])
  expect({ exitCode: handedOut.exitCode, isStored: before.includes(handedOut.stdout.trim()) }).toEqual({ exitCode: 0, isStored: true })
  expect(world.asked()).toEqual([])

  // Later than any server says that a refresh is welcome.
  await world.clock.advance(600_000)
  const refreshed = await world.claw(['auth', 'refresh', route.id, '--json'])
  if (isRefreshable) {
    expect({ ...ending(refreshed), items: refreshed.result.items }).toEqual({
      exitCode: 0,
      said: 'result',
      items: [{ provider: route.provider, route: route.id, profile: 'default', kind: KIND_OF[auth.kind], outcome: 'refreshed' }],
    })
    expect(steps(world.asked())).toEqual([`POST ${endpointPath(auth.tokenUrl)} granted`])
    // A new pair, and nothing of the old one is kept.
    expect((await pairIn(world)).filter((secret) => before.includes(secret))).toEqual([])
  }
  world.asked()
  const status = await world.claw(['auth', 'status', '--json'])
  expect(status.result).toMatchObject({
    credentials: [{ provider: route.provider, route: route.id, kind: KIND_OF[auth.kind], state: 'wins', refreshable: isRefreshable }],
    pending: [],
    warnings: [],
  })
  const secrets = [...before, ...(await secretsIn(world))]
  const out = await world.claw(['auth', 'logout', route.id, '--revoke', '--json'])
  const isRevoked = auth.revocationUrl !== undefined
  expect({ ...ending(out), items: out.result.items }).toEqual({
    exitCode: 0,
    said: 'result',
    items: [
      {
        provider: route.provider,
        route: route.id,
        profile: 'default',
        kind: KIND_OF[auth.kind],
        outcome: isRevoked ? 'revoked' : 'not_supported',
      },
    ],
  })
  // The refresh token, and then the access token.
  const revocation = isRevoked ? [`POST ${endpointPath(auth.revocationUrl)} revocation`] : []
  expect(steps(world.asked())).toEqual([...revocation, ...revocation])
  expect(await stored(world)).toEqual({ records: [], pending: 0 })
  const shown = [refreshed, status, out].map(({ stdout, stderr }) => stdout + stderr).join('') + handedOut.stderr
  expect(leaks(shown, secrets)).toEqual([])
}
