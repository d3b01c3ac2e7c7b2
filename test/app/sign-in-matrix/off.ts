import { expect } from 'vitest'
import { METHOD_OF } from '../../../src/providers/auth-kinds.ts'
import { rehearsed } from '../../support/rehearsed.ts'
import type { Entry } from './entry.ts'
import { ending, leaks, stored } from './judge.ts'

const FLAGS: Readonly<Record<string, readonly string[]>> = {
  api_key: ['--api-key', '--stdin'],
  token: ['--token', '--stdin'],
  device: ['--device'],
  pkce: ['--paste'],
}

/** A method that is off says why, and what switches it on; nothing is asked, nothing is kept. */
export async function runOff({ id, route, auth }: Entry, prefix: string): Promise<void> {
  await using world = await rehearsed()
  const key = `${prefix}sandbox-0123456789`
  const ended = await world.claw(['auth', route.id, ...(FLAGS[METHOD_OF[auth.kind]] ?? []), '--json'], { stdin: key })
  expect({ ...ending(ended), method: ended.result.method, fix: String(ended.result.fix).includes(`CLAW_ENABLE=${id}`) }).toEqual({
    exitCode: 78,
    said: 'CLAW_METHOD_OFF',
    method: id,
    fix: true,
  })
  expect({ ...(await stored(world)), asked: world.asked() }).toEqual({ records: [], pending: 0, asked: [] })
  expect(leaks(ended.stdout + ended.stderr, [key])).toEqual([])
}
