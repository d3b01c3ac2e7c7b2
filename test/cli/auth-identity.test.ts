import { expect, it } from 'vitest'
import { rehearsed } from '../support/rehearsed.ts'

it('S-61 a token of a thousand claims fills no log: 64 are shown, and how many more there are', async () => {
  await using world = await rehearsed({ job: () => ({ provider: 'anthropic', settings: { subject_token: 'env:JOB_TOKEN' } }) })
  const names = Array.from({ length: 1_000 }, (_, index) => `c${index}`)
  const claims = Object.fromEntries(names.map((name) => [name, 1]))
  const token = world.sandbox.identity.mint({ alg: 'ES256', audience: 'https://api.anthropic.com', claims })
  const ended = await world.claw(['auth', '--identity', 'anthropic', '--no-check'], { env: { JOB_TOKEN: token } })
  const shown = ended.stderr.split('\n').filter((line) => /^ {2}\S/.test(line))
  expect([ended.exitCode, shown.length, shown.at(-1)]).toEqual([0, 65, '  and 961 more; --json has them all'])
})

it('what is no token has no table', async () => {
  await using world = await rehearsed({ job: () => ({ provider: 'anthropic', settings: { subject_token: 'env:JOB_TOKEN' } }) })
  const ended = await world.claw(['auth', '--identity', 'anthropic'], { env: { JOB_TOKEN: 'no-token-at-all' } })
  expect([ended.exitCode, ended.stderr.split('\n')[0]]).toEqual([
    77,
    'error[CLAW_IDENTITY_UNFIT]: the identity token from `env:JOB_TOKEN` would be refused by `anthropic`, so it was not sent',
  ])
})

it('a gate on what is left passes before and after the first exchange, where the source gives a new token each time', async () => {
  await using world = await rehearsed({ job: 'anthropic' })
  const env = world.sandbox.identity.githubEnvironment()
  const gate = async () => (await world.claw(['auth', 'status', 'anthropic', '--min-ttl', '7d'], { env })).exitCode
  expect(await gate()).toBe(0)
  expect((await world.claw(['token', 'anthropic'], { env })).exitCode).toBe(0)
  expect(await gate()).toBe(0)
})

it('what has ended is shown once, as the identity that brings another', async () => {
  await using world = await rehearsed({ job: 'anthropic' })
  const env = world.sandbox.identity.githubEnvironment()
  expect((await world.claw(['token', 'anthropic'], { env })).exitCode).toBe(0)
  await world.clock.advance(86_400_000)
  const { result } = await world.claw(['auth', 'status', 'anthropic', '--json'], { env })
  expect(result.credentials).toEqual([
    expect.objectContaining({ source: 'identity:github', state: 'wins', expiresAt: null, refreshable: true }),
  ])
})

it('is not said to be used as it is by who would refresh it', async () => {
  await using world = await rehearsed({ job: 'anthropic' })
  const env = world.sandbox.identity.githubEnvironment()
  expect((await world.claw(['token', 'anthropic'], { env })).exitCode).toBe(0)
  const { exitCode, result } = await world.claw(['auth', 'refresh', 'anthropic', '--json'], { env })
  expect([exitCode, result.why, result.fix]).toEqual([
    2,
    'the identity is exchanged anew by whoever needs it; it ends 2026-01-01T00:10:00.000Z',
    'claw auth --identity anthropic --force',
  ])
})

it('the claims that a rule is made of are shown before there is a rule, and nothing is sent', async () => {
  await using world = await rehearsed({
    job: () => ({ provider: 'anthropic', settings: { subject_token: 'env:JOB_TOKEN', federation_rule_id: null } }),
  })
  const env = { JOB_TOKEN: world.sandbox.identity.mint({ alg: 'ES256' }) }
  const text = await world.claw(['auth', '--identity', 'anthropic'], { env })
  expect([text.exitCode, text.stderr.split('\n')[0]]).toEqual([
    78,
    'the identity token from env:JOB_TOKEN, as it would be presented to Anthropic; with what the rule there must say:',
  ])
  const { exitCode, result } = await world.claw(['auth', '--identity', 'anthropic', '--json'], { env })
  expect({ exitCode, why: result.why, claims: result.claims }).toEqual({
    exitCode: 78,
    why: 'there is `organization_id`, the identity token; missing: `federation_rule_id`; nothing was sent',
    claims: expect.objectContaining({ sub: 'repo:claw-sandbox@1001/app@2002:ref:refs/heads/main' }),
  })
  expect(world.asked().filter(({ method }) => method === 'POST')).toEqual([])
})

it('a second token of another job is not said to be presented while what the first one was exchanged for serves', async () => {
  await using world = await rehearsed({ job: () => ({ provider: 'anthropic', settings: { subject_token: 'env:JOB_TOKEN' } }) })
  const auth = () =>
    world.claw(['auth', '--identity', 'anthropic', '--no-check'], { env: { JOB_TOKEN: world.sandbox.identity.mint({ alg: 'ES256' }) } })
  await auth()
  expect((await auth()).stderr.split('\n')[0]).toBe(
    'the identity token from env:JOB_TOKEN, which is not presented: the token that Anthropic gave before is used; with what the rule there must say:',
  )
})

it('an API key that comes before the identity is told at the end', async () => {
  await using world = await rehearsed({ job: 'anthropic' })
  const env = { ...world.sandbox.identity.githubEnvironment(), ANTHROPIC_API_KEY: 'sk-ant-api03-sandbox' }
  const ended = await world.claw(['auth', '--identity', 'anthropic', '--no-check'], { env })
  expect([ended.exitCode, ended.stderr.trimEnd().split('\n').at(-1)]).toEqual([
    0,
    'warning: `env:ANTHROPIC_API_KEY` comes first: commands use that, and not this identity',
  ])
})
