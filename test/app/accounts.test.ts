import { afterEach, describe, expect, it } from 'vitest'
import { credentialStatus } from '../../src/app/credential/credential-status.ts'
import { runDoctor } from '../../src/app/doctor/run-doctor.ts'
import { findCredential } from '../../src/app/credential/find-credential.ts'
import { signOut } from '../../src/app/sign-out/sign-out.ts'
import type { Kind } from '../../src/core/vocabulary.ts'
import { sessionOf } from '../support/credential-session.ts'
import { credentialWorld, type TestWorld } from '../support/credential-world.ts'

const DAY_MS = 86_400_000

const worlds: TestWorld[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((each) => each.remove()))
})

async function world(...given: Parameters<typeof credentialWorld>): Promise<TestWorld> {
  const here = await credentialWorld(...given)
  worlds.push(here)
  return here
}

/** Every kind that anthropic and moonshot can hold side by side, under two profiles. */
const SLOTS: readonly { provider?: string; route: string; kind: Kind; profile: string }[] = [
  { route: 'anthropic', kind: 'api_key', profile: 'default' },
  { route: 'anthropic', kind: 'token', profile: 'default' },
  { route: 'anthropic', kind: 'oauth', profile: 'default' },
  { route: 'anthropic', kind: 'api_key', profile: 'ci' },
  { provider: 'moonshot', route: 'moonshot', kind: 'api_key', profile: 'default' },
  { provider: 'moonshot', route: 'kimi-code', kind: 'api_key', profile: 'default' },
  { provider: 'moonshot', route: 'kimi-code', kind: 'oauth', profile: 'default' },
  { provider: 'moonshot', route: 'kimi-code', kind: 'oauth', profile: 'ci' },
]

async function filled(...given: Parameters<typeof credentialWorld>): Promise<TestWorld> {
  const here = await world(...given)
  for (const slot of SLOTS) await here.signIn(slot)
  return here
}

async function kept(here: TestWorld): Promise<string[]> {
  const { records } = await here.store.read()
  return records
    .filter(({ state }) => state !== 'logged_out')
    .map(({ route, kind, profile }) => `${route} ${kind} ${profile}`)
    .sort()
}

const ALL = SLOTS.map(({ route, kind, profile }) => `${route} ${kind} ${profile}`).sort()

describe('a key, a token and a grant of several routes and profiles', () => {
  it('stand side by side, whatever is stored last', async () => {
    const here = await filled()
    for (const slot of [...SLOTS].reverse()) await here.signIn(slot, { token: 'another-value-of-it' })
    expect(await kept(here)).toEqual(ALL)
  })

  it('are all listed, of every profile', async () => {
    const here = await filled()
    const { credentials } = await credentialStatus(sessionOf(here), undefined)
    expect(credentials.map(({ route, kind, profile }) => `${route} ${kind} ${profile}`).sort()).toEqual(ALL)
  })

  it.each([
    [{ name: 'anthropic', profile: 'ci' }, ['anthropic api_key ci']],
    [{ name: 'anthropic', kind: 'token' as const }, ['anthropic token default']],
    [{ name: 'moonshot', profile: 'ci' }, ['kimi-code oauth ci']],
    [{ name: 'moonshot', route: 'kimi-code', profile: 'default' }, ['kimi-code api_key default', 'kimi-code oauth default']],
    [{ name: 'kimi-code', kind: 'oauth' as const, profile: 'default' }, ['kimi-code oauth default']],
    [{ profile: 'ci' }, ['anthropic api_key ci', 'kimi-code oauth ci']],
  ])('are signed out one by one: %j', async (filter, gone) => {
    const here = await filled()
    await signOut(sessionOf(here), filter, false)
    expect(await kept(here)).toEqual(ALL.filter((slot) => !gone.includes(slot)))
  })

  it.each([
    [undefined, undefined, 'default'],
    ['ci', undefined, 'ci'],
    [undefined, 'ci', 'ci'],
    ['default', 'ci', 'default'],
  ])('are chosen by --profile %s and CLAW_PROFILE %s: %s', async (flag, variable, profile) => {
    const here = await filled('', variable === undefined ? {} : { CLAW_PROFILE: variable }, {}, flag)
    const chosen = await findCredential(here, { named: here.catalogue.find('kimi-code'), model: null })
    expect([chosen.profile, chosen.record?.profile]).toEqual([profile, profile])
  })
})

describe('the end of a token that only a person can renew', () => {
  const setup = async (lifetimeMs: number, agedMs: number) => {
    const here = await world('', { CLAW_ENABLE: 'anthropic/setup-token' })
    await here.signIn({ route: 'anthropic', kind: 'token', profile: 'default' }, { auth: 'setup-token', lifetimeMs })
    await here.clock.advance(agedMs)
    const session = sessionOf(here)
    const options = {
      offline: true,
      probe: false,
      mayRefresh: false,
      only: ['credential.anthropic.fresh'],
      skip: [],
      failOn: 'error',
      fix: false,
    } as const
    const { checks } = await runDoctor(session, options)
    const fresh = checks.find(({ id }) => id === 'credential.anthropic.fresh')
    const { warnings } = await credentialStatus(session, 'anthropic')
    return { status: fresh?.status, fix: fresh?.fix?.command, warnings: warnings.map(({ code }) => code) }
  }
  const quiet = { status: 'pass', fix: undefined, warnings: [] }
  const told = { status: 'warn', fix: 'claw auth --token anthropic --stdin', warnings: ['ends_soon'] }

  it.each([
    ['a year, one second before the last 14 days', 365 * DAY_MS, 351 * DAY_MS - 1_000, quiet],
    ['a year, in the last 14 days', 365 * DAY_MS, 351 * DAY_MS, told],
    ['30 days, before the last fifth of it', 30 * DAY_MS, 24 * DAY_MS - 1_000, quiet],
    ['30 days, in the last fifth of it', 30 * DAY_MS, 24 * DAY_MS, told],
    ['an hour, which has just begun', 3_600_000, 60_000, quiet],
  ])('is told of %s', async (_, lifetimeMs, agedMs, expected) => {
    expect(await setup(lifetimeMs, agedMs)).toEqual(expected)
  })

  it('is no warning once it is over: that is a failure', async () => {
    expect(await setup(365 * DAY_MS, 365 * DAY_MS)).toEqual({ status: undefined, fix: undefined, warnings: [] })
  })

  it('names what to type in the status', async () => {
    const here = await world()
    await here.signIn({ route: 'anthropic', kind: 'token', profile: 'ci' }, { lifetimeMs: 10 * DAY_MS })
    await here.clock.advance(9 * DAY_MS)
    const end = new Date(here.clock.wall() + DAY_MS).toISOString()
    expect((await credentialStatus(sessionOf(here), undefined)).warnings).toEqual([
      {
        code: 'ends_soon',
        message: `the token of \`anthropic@ci\` ends ${end}, and only a person can renew it: claw auth --token anthropic --stdin --profile ci`,
      },
    ])
  })
})
