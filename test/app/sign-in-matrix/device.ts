import { expect } from 'vitest'
import { rehearsed, type RehearsalMachine } from '../../support/rehearsed.ts'
import { afterwards } from './afterwards.ts'
import { type Entry, enabling, endpointPath, probePath } from './entry.ts'
import { ending, leaks, secretsIn, steps, stored, storedGrant } from './judge.ts'
import type { Plan } from './plan.ts'

/** What the sandbox is told for each scenario of a device sign-in. */
const SCRIPTS: Readonly<Record<string, string | undefined>> = {
  happy: undefined,
  denied: 'denied',
  expired: 'expired',
  slow_down: 'slow_down',
  'server error': 'token-busy',
  malformed: 'token-malformed',
  resumed: undefined,
}

/** Signing in with a code that somebody approves elsewhere. */
export const device: Plan = {
  scenarios: ({ route }) => [...Object.keys(SCRIPTS), ...otherRegions(route).map((name) => `region ${name}`)],
  async run(entry, scenario) {
    const [, region] = /^region (.+)$/.exec(scenario) ?? []
    if (region !== undefined) return inRegion(entry, region)
    await using world = await rehearsed({ enable: enabling(entry), scenario: SCRIPTS[scenario] })
    await SCENARIOS[scenario]?.(entry, world)
  },
}

/** The regions that have a sign-in of their own, but for the one that is tested anyway. */
function otherRegions({ region, entry }: Entry['route']): string[] {
  return Object.entries(entry.regions ?? {}).flatMap(([name, { oauthHost }]) => (oauthHost === undefined || name === region ? [] : [name]))
}

/** Everything of a sign-in stays in the region that was chosen, and the credential is bound to it. */
async function inRegion(entry: Entry, name: string): Promise<void> {
  const { id, entry: provider } = entry.route
  await using world = await rehearsed({ enable: enabling(entry), region: { provider: id, name } })
  expect(ending(await signIn(entry, world))).toEqual({ exitCode: 0, said: 'result' })
  const host = new URL(provider.regions?.[name]?.oauthHost ?? '').host
  const posted = world.asked().filter(({ method }) => method === 'POST')
  expect(posted.filter(({ path }) => !path.startsWith(`/${host}/`))).toEqual([])
  expect(posted.map(({ note }) => note)).toEqual([undefined, 'authorization_pending', 'granted'])
  const { records } = await world.stored()
  expect(records.map(({ region }) => region)).toEqual([name])
  await world.claw(['auth', 'refresh', id, '--json'])
  expect(steps(world.asked())).toEqual([expect.stringMatching(`^POST /${host}/\\S+ granted$`)])
}

const DENIED = { exitCode: 79, said: 'CLAW_DENIED' }

const signIn = ({ route }: Entry, world: RehearsalMachine) => world.claw(['auth', '--device', route.id, '--json'])

const SCENARIOS: Readonly<Record<string, (entry: Entry, world: RehearsalMachine) => Promise<void>>> = {
  async happy(entry, world) {
    const signedIn = await signIn(entry, world)
    expect(ending(signedIn)).toEqual({ exitCode: 0, said: 'result' })
    expect(steps(world.asked())).toEqual([...starting(entry), ...polling(entry, 'authorization_pending'), ...granting(entry)])
    expect(await stored(world)).toEqual({ records: [storedGrant(entry)], pending: 0 })
    expect(leaks(signedIn.stdout + signedIn.stderr, await secretsIn(world))).toEqual([])
    await afterwards(entry, world)
  },

  async denied(entry, world) {
    await fails(entry, world, DENIED)
    expect(steps(world.asked())).toEqual([...starting(entry), ...polling(entry, 'access_denied')])
  },

  async expired(entry, world) {
    await fails(entry, world, { exitCode: 80, said: 'CLAW_CODE_EXPIRED' })
  },

  async slow_down(entry, world) {
    const signedIn = await signIn(entry, world)
    expect(ending(signedIn)).toEqual({ exitCode: 0, said: 'result' })
    const asked = world.asked()
    expect(steps(asked)).toEqual([
      ...starting(entry),
      ...polling(entry, 'slow_down'),
      ...polling(entry, 'authorization_pending'),
      ...granting(entry),
    ])
    const [slowed, next] = asked.filter(({ note }) => note !== undefined).map(({ at }) => Date.parse(at) / 1_000)
    expect((next ?? 0) - (slowed ?? 0)).toBe(pauseAfterSlowDown(entry))
    expect(await stored(world)).toEqual({ records: [storedGrant(entry)], pending: 0 })
  },

  async 'server error'(entry, world) {
    const signedIn = await signIn(entry, world)
    expect(ending(signedIn)).toEqual({ exitCode: 0, said: 'result' })
    expect(steps(world.asked()).filter((step) => step.endsWith(' out'))).toHaveLength(1)
    expect(await stored(world)).toEqual({ records: [storedGrant(entry)], pending: 0 })
  },

  async malformed(entry, world) {
    const ended = await signIn(entry, world)
    expect(ending(ended)).toEqual({ exitCode: 76, said: 'CLAW_PROTOCOL' })
    // The code may be spent: nobody asks with it again, nor waits for it.
    expect(await stored(world)).toEqual({ records: [], pending: 0 })
    world.asked()
    const goneOn = await world.claw(['auth', 'wait', entry.route.id, '--json'])
    expect(ending(goneOn).said).toBe('CLAW_NOTHING_PENDING')
    expect(world.asked()).toEqual([])
    expect(leaks([ended, goneOn].map(({ stdout, stderr }) => stdout + stderr).join(''), [])).toEqual([])
  },

  async resumed(entry, world) {
    const begun = await world.claw(['auth', '--device', entry.route.id, '--no-wait', '--json'])
    expect(ending(begun)).toEqual({ exitCode: 83, said: 'pending' })
    expect(await stored(world)).toEqual({ records: [], pending: 1 })
    const waiting = await secretsIn(world)
    const done = await world.claw(['auth', 'wait', entry.route.id, '--json'])
    expect(ending(done)).toEqual({ exitCode: 0, said: 'result' })
    expect(steps(world.asked())).toEqual([...starting(entry), ...polling(entry, 'authorization_pending'), ...granting(entry)])
    expect(await stored(world)).toEqual({ records: [storedGrant(entry)], pending: 0 })
    expect(leaks([begun, done].map(({ stdout, stderr }) => stdout + stderr).join(''), [...waiting, ...(await secretsIn(world))])).toEqual(
      [],
    )
  },
}

async function fails(entry: Entry, world: RehearsalMachine, as: ReturnType<typeof ending>): Promise<void> {
  const ended = await signIn(entry, world)
  expect(ending(ended)).toEqual(as)
  expect(await stored(world)).toEqual({ records: [], pending: 0 })
  expect(leaks(ended.stdout + ended.stderr, [])).toEqual([])
}

/** From a poll that was told to slow down to the next one, s. */
function pauseAfterSlowDown({ auth }: Entry): number {
  // The vendor has no word for it: the pace stays the one that it named, or the slowest that it takes.
  if (auth.statusField !== undefined) return Math.max(1, (auth.minIntervalMs ?? 0) / 1_000)
  // Without an interval in the answer five seconds more (RFC 8628 section 3.5), else the two that the sandbox names.
  const named = auth.slowDownCodes === undefined ? 2 : 1 + 5
  return named + (auth.safetyMarginS ?? 0)
}

function starting({ auth }: Entry): string[] {
  return [`POST ${endpointPath(auth.usercodeUrl ?? auth.deviceUrl)} 200`]
}

function polling({ auth }: Entry, note: string): string[] {
  return [`POST ${endpointPath(auth.pollUrl ?? auth.tokenUrl)} ${note}`]
}

/** The poll that is granted, the exchange of its code where the vendor has one, and the request that proves what came. */
function granting(entry: Entry): string[] {
  const { auth } = entry
  const path = probePath(entry)
  const granted =
    auth.pollUrl === undefined ? polling(entry, 'granted') : [...polling(entry, 'approved'), `POST ${endpointPath(auth.tokenUrl)} granted`]
  return [...granted, ...(path === null ? [] : [`GET ${path} 200`])]
}
