import { expect } from 'vitest'
import { rehearsed } from '../../support/rehearsed.ts'
import { ending, stored } from './judge.ts'
import type { Plan } from './plan.ts'

/** A server that asks for nothing: there is nothing to sign in with, and prompts go out without a credential. */
export const none: Plan = {
  scenarios: () => ['nothing needed'],
  async run({ route }) {
    await using world = await rehearsed()
    const asked = await world.claw(['auth', route.id])
    expect({ ...asked, events: [], result: {} }).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: `\`${route.id}\` needs no credential\n`,
      events: [],
      result: {},
    })
    expect({ ...(await stored(world)), asked: world.asked() }).toEqual({ records: [], pending: 0, asked: [] })
    const prompted = await world.claw(['prompt', '-m', `${route.id}/llama3`, 'say: here', '--json'])
    expect({ ...ending(prompted), text: prompted.result.text, kind: credentialKind(prompted.result.credential) }).toEqual({
      exitCode: 0,
      said: 'result',
      text: 'here',
      kind: 'none',
    })
    expect(world.asked().map(({ status }) => status)).toEqual([200])
  },
}

function credentialKind(credential: unknown): unknown {
  return typeof credential === 'object' && credential !== null && 'kind' in credential ? credential.kind : undefined
}
