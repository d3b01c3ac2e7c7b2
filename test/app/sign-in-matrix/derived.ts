import { expect } from 'vitest'
import { rehearsed, type Rehearsed, type RehearsalMachine } from '../../support/rehearsed.ts'
import { type Entry, enabling, endpointPath } from './entry.ts'
import { ending, leaks, secretsIn, steps, stored, storedGrant } from './judge.ts'
import type { Plan } from './plan.ts'

/** What the sandbox is told for each scenario of an exchange. */
const SCRIPTS: Readonly<Record<string, string | undefined>> = {
  happy: undefined,
  denied: 'no-exchange',
  'no seat': 'no-seat',
  'foreign host': 'evil-host',
}

/** A credential that is minted from the one of another method whenever it ends: it has no sign-in of its own. */
export const derived: Plan = {
  scenarios: () => Object.keys(SCRIPTS),
  async run(entry, scenario) {
    await using world = await rehearsed({ enable: enabling(entry), scenario: SCRIPTS[scenario] })
    const source = entry.route.entry.auth.find(({ id }) => id === entry.auth.needs)
    if (!source) throw new Error(`${entry.id} needs a method that there is not`)
    const signedIn = await world.claw(['auth', '--device', entry.route.id, '--no-check', '--json'])
    expect(ending(signedIn)).toEqual({ exitCode: 0, said: 'result' })
    const record = { ...storedGrant({ ...entry, id: `${entry.route.id}/${source.id}`, auth: source }), account: [] }
    expect(await stored(world)).toEqual({ records: [record], pending: 0 })
    world.asked()
    await SCENARIOS[scenario]?.(entry, world)
  },
}

const SCENARIOS: Readonly<Record<string, (entry: Entry, world: RehearsalMachine) => Promise<void>>> = {
  async happy(entry, world) {
    const first = await handedOut(entry, world)
    expect(first).toEqual({ exitCode: 0, isMinted: true, asked: [`GET ${endpointPath(entry.auth.exchangeUrl)} 200`] })
    // The one that is there is good until it ends, and then there is one more.
    expect(await handedOut(entry, world)).toEqual({ ...first, asked: [] })
    await world.clock.advance((entry.auth.accessTtlS ?? 0) * 1_000)
    expect(await handedOut(entry, world)).toEqual(first)
    const out = await world.claw(['auth', 'logout', entry.route.id, '--json'])
    expect(ending(out)).toEqual({ exitCode: 0, said: 'result' })
    expect(await stored(world)).toEqual({ records: [], pending: 0 })
    expect(await secretsIn(world)).toEqual([])
  },

  async denied(entry, world) {
    await refuses(entry, world, { exitCode: 79, said: 'CLAW_CLIENT_NOT_ALLOWED' }, 403)
  },

  async 'no seat'(entry, world) {
    await refuses(entry, world, { exitCode: 79, said: 'CLAW_FORBIDDEN' }, 403)
  },

  async 'foreign host'(entry, world) {
    await refuses(entry, world, { exitCode: 76, said: 'CLAW_PROTOCOL' }, 200)
  },
}

/** What `claw token` prints is no secret of the sign-in, but what was minted from it. */
async function handedOut({ route }: Entry, world: RehearsalMachine) {
  const { exitCode, stdout } = await world.claw(['token', route.id])
  const { records } = await world.stored()
  const signedIn = records.map(({ secrets }) => secrets?.access.reveal())
  return { exitCode, isMinted: stdout.trim() !== '' && !signedIn.includes(stdout.trim()), asked: steps(world.asked()) }
}

async function refuses({ route, auth }: Entry, world: RehearsalMachine, as: ReturnType<typeof ending>, status: number): Promise<void> {
  const ended: Rehearsed = await world.claw(['token', route.id, '--json'])
  expect(ending(ended)).toEqual(as)
  expect(steps(world.asked())).toEqual([`GET ${endpointPath(auth.exchangeUrl)} ${status}`])
  // Nobody is signed out by it.
  expect((await stored(world)).records).toHaveLength(1)
  expect(leaks(ended.stdout + ended.stderr, await secretsIn(world))).toEqual([])
}
