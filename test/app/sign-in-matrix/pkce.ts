import { expect } from 'vitest'
import { rehearsed, type Rehearsed, type RehearsalMachine } from '../../support/rehearsed.ts'
import { afterwards } from './afterwards.ts'
import { copied, decideAt, follow } from './browser.ts'
import { type Entry, enabling, endpointPath, probePath } from './entry.ts'
import { ending, leaks, secretsIn, steps, stored, storedGrant } from './judge.ts'
import type { Plan } from './plan.ts'

/** What the sandbox is told for each scenario of a sign-in in a browser. */
const SCRIPTS: Readonly<Record<string, string | undefined>> = {
  happy: undefined,
  denied: 'denied',
  expired: undefined,
  'server error': 'token-busy',
  malformed: 'token-malformed',
  resumed: undefined,
}

/** Signing in with an authorization code, by callback or by paste. */
export const pkce: Plan = {
  scenarios: () => Object.keys(SCRIPTS),
  async run(entry, scenario) {
    await using world = await rehearsed({ enable: enabling(entry), scenario: SCRIPTS[scenario] })
    await SCENARIOS[scenario]?.(entry, world)
  },
}

const SCENARIOS: Readonly<Record<string, (entry: Entry, world: RehearsalMachine) => Promise<void>>> = {
  async happy(entry, world) {
    const signedIn = await signIn(entry, world)
    expect(signedIn.map(ending)).toEqual([...begun(entry), { exitCode: 0, said: 'result' }])
    expect(claws(entry, world)).toEqual([...redeeming(entry, 'granted'), ...proving(entry)])
    expect(await stored(world)).toEqual({ records: [storedGrant(entry)], pending: 0 })
    expect(leaks(shown(signedIn), await secretsIn(world))).toEqual([])
    await afterwards(entry, world)
  },

  async denied(entry, world) {
    const ended = await signIn(entry, world, 'deny')
    expect(ended.map(ending)).toEqual([...begun(entry), { exitCode: 79, said: 'CLAW_DENIED' }])
    expect(claws(entry, world)).toEqual([])
    expect(await stored(world)).toEqual({ records: [], pending: 0 })
  },

  async expired(entry, world) {
    const ended = hasFreePort(entry)
      ? [await world.claw(['auth', '--browser', entry.route.id, '--json'])]
      : [await world.claw(['auth', '--paste', entry.route.id, '--json']), await muchLater(entry, world)]
    expect(ended.map(ending)).toEqual([...begun(entry), { exitCode: 80, said: 'CLAW_CODE_EXPIRED' }])
    expect(claws(entry, world)).toEqual([])
    expect((await stored(world)).records).toEqual([])
  },

  async 'server error'(entry, world) {
    const signedIn = await signIn(entry, world)
    expect(signedIn.map(ending)).toEqual([...begun(entry), { exitCode: 0, said: 'result' }])
    // The server did not look at the code, so it is asked again.
    expect(claws(entry, world)).toEqual([...redeeming(entry, 'out'), ...redeeming(entry, 'granted').slice(-1), ...proving(entry)])
    expect(await stored(world)).toEqual({ records: [storedGrant(entry)], pending: 0 })
  },

  async malformed(entry, world) {
    const ended = await signIn(entry, world)
    expect(ended.map(ending)).toEqual([...begun(entry), { exitCode: 76, said: 'CLAW_PROTOCOL' }])
    expect(claws(entry, world)).toEqual(redeeming(entry, 'granted'))
    expect((await stored(world)).records).toEqual([])
    expect(leaks(shown(ended), [])).toEqual([])
  },

  async resumed(entry, world) {
    const first = await world.claw(['auth', '--paste', entry.route.id, '--json'])
    expect(ending(first)).toEqual({ exitCode: 83, said: 'pending' })
    expect(await stored(world)).toEqual({ records: [], pending: 1 })
    const waiting = await secretsIn(world)
    const done = await complete(entry, world, first, 'approve')
    expect(ending(done)).toEqual({ exitCode: 0, said: 'result' })
    expect(claws(entry, world)).toEqual([...redeeming(entry, 'granted'), ...proving(entry)])
    expect(await stored(world)).toEqual({ records: [storedGrant(entry)], pending: 0 })
    // The state is in the address that a person opens, and protects nobody there.
    const secret = waiting.filter((each) => !String(first.result.verificationUri).includes(encodeURIComponent(each)))
    expect(leaks(shown([first, done]), [...secret, ...(await secretsIn(world))])).toEqual([])
  },
}

/** By callback where any port will do; where the vendor has registered one, which another program may hold, by paste. */
async function signIn(entry: Entry, world: RehearsalMachine, action: 'approve' | 'deny' = 'approve'): Promise<[Rehearsed, ...Rehearsed[]]> {
  if (!hasFreePort(entry)) {
    const first = await world.claw(['auth', '--paste', entry.route.id, '--json'])
    return [first, await complete(entry, world, first, action)]
  }
  const onEvent = async ({ type, url }: Readonly<Record<string, unknown>>) => {
    if (type === 'authorization_url') await follow(await decideAt(String(url), action))
  }
  return [await world.claw(['auth', '--browser', entry.route.id, '--json'], { onEvent })]
}

async function complete(
  { route, auth }: Entry,
  world: RehearsalMachine,
  { result }: Rehearsed,
  action: 'approve' | 'deny',
): Promise<Rehearsed> {
  const pasted = await copied(
    await decideAt(String(result.verificationUri), action),
    auth.pasteRedirectUri !== undefined && action === 'approve',
  )
  return world.claw(['auth', 'complete', route.id, '--stdin', '--json'], { stdin: pasted })
}

async function muchLater({ route }: Entry, world: RehearsalMachine): Promise<Rehearsed> {
  await world.clock.advance(86_400_000)
  return world.claw(['auth', 'complete', route.id, '--stdin', '--json'], { stdin: 'http://127.0.0.1:1455/auth/callback?code=c&state=s' })
}

function hasFreePort({ auth }: Entry): boolean {
  return auth.redirectUris?.every((uri) => uri.includes('{port}')) ?? true
}

/** What came before the end, where it took two commands. */
function begun(entry: Entry): ReturnType<typeof ending>[] {
  return hasFreePort(entry) ? [] : [{ exitCode: 83, said: 'pending' }]
}

/** What claw asked; the browser's own requests are the person's. */
function claws({ auth }: Entry, world: RehearsalMachine): string[] {
  const pages = [auth.authorizeUrl, auth.pasteRedirectUri].flatMap((url) => (url === undefined ? [] : [endpointPath(url)]))
  return steps(world.asked().filter(({ path }) => !pages.includes(path)))
}

function redeeming({ auth }: Entry, note: string): string[] {
  return [`POST ${endpointPath(auth.tokenUrl)} ${note}`]
}

function proving(entry: Entry): string[] {
  const path = probePath(entry)
  return path === null ? [] : [`GET ${path} 200`]
}

function shown(ended: readonly Rehearsed[]): string {
  return ended.map(({ stdout, stderr }) => stdout + stderr).join('')
}
