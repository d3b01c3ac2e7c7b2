import { describe, expect, it } from 'vitest'
import { testHome } from '../support/home.ts'
import { loopbackServer } from '../support/loopback-server.ts'
import { rehearsed } from '../support/rehearsed.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const REFUSAL = '{"error":{"type":"authentication_error","message":"invalid x-api-key"}}'

describe('--check of a credential that is there already', () => {
  it('asks the provider about a grant, and is exit 1 where it is refused', async () => {
    await using world = await rehearsed()
    expect((await world.claw(['auth', '--device', 'kimi-code', '--no-check'])).exitCode).toBe(0)
    const good = await world.claw(['auth', '--device', 'kimi-code', '--check', '--json'])
    expect({ exitCode: good.exitCode, changed: good.result.changed, check: good.result.check }).toMatchObject({
      exitCode: 0,
      changed: false,
      check: { status: 'pass', evidence: 'accepted' },
    })
    world.sandbox.expireAccess()
    const refused = await world.claw(['auth', '--device', 'kimi-code', '--check', '--json'])
    expect({ exitCode: refused.exitCode, changed: refused.result.changed, check: refused.result.check }).toMatchObject({
      exitCode: 1,
      changed: false,
      check: { status: 'fail', evidence: 'reached' },
    })
    expect((await world.claw(['auth', '--device', 'kimi-code'])).exitCode).toBe(0)
    expect((await world.claw(['auth', 'kimi-code', '--check'])).exitCode).toBe(1)
    expect((await world.claw(['auth', 'kimi-code'])).exitCode).toBe(0)
  })

  it.each([
    [200, '{"data":[]}', 0, 'pass'],
    [401, REFUSAL, 1, 'fail'],
  ])('asks about a key that is kept: an answer of %i', async (status, body, exitCode, checked) => {
    await using server = await loopbackServer(() => ({ status, body, headers: JSON_TYPE }))
    await using home = await testHome(`[providers.anthropic]\nbase_url = "${server.origin}"\n`)
    await home.claw(['auth', '--api-key', 'anthropic', '--stdin'], { stdin: 'sk-ant-api03-0123456789abcdef' })
    expect(server.requests).toHaveLength(0)
    expect(await home.json(['auth', '--api-key', 'anthropic', '--check'])).toMatchObject({ changed: false, check: { status: checked } })
    const ended = await home.claw(['auth', '--api-key', 'anthropic', '--check'])
    expect({ exitCode: ended.exitCode, isWarned: ended.stderr.includes('warning: the credential is kept, but ') }).toEqual({
      exitCode,
      isWarned: exitCode === 1,
    })
    expect(server.requests.map(({ headers }) => headers['x-api-key'])).toEqual(Array(2).fill('sk-ant-api03-0123456789abcdef'))
    expect((await home.claw(['auth', '--api-key', 'anthropic'])).exitCode).toBe(0)
    expect(server.requests).toHaveLength(2)
  })
})

describe('a method that CLAW_ENABLE alone has switched on', () => {
  const keepOn = (name: string, auth: string) =>
    `keep it on: set enabled = true in [providers.${name}.auth.${auth}], or CLAW_ENABLE=${name}/${auth} in every run`

  it('is said to need it in every run, once a sign-in has brought something', async () => {
    await using world = await rehearsed({ enable: ['xai/device'] })
    const first = await world.claw(['auth', '--device', 'xai', '--no-check'])
    const again = await world.claw(['auth', '--device', 'xai', '--no-check'])
    expect([first, again].map(({ exitCode, stderr }) => [exitCode, stderr.split('\n').includes(keepOn('xai', 'device'))])).toEqual([
      [0, true],
      [0, false],
    ])
  })

  it('is carried by the command that goes on', async () => {
    await using world = await rehearsed({ enable: ['anthropic/oauth', 'xai/device'] })
    const last = async (...argv: string[]) => (await world.claw(argv)).stderr.trim().split('\n').at(-1)
    expect(await last('auth', '--paste', 'anthropic')).toBe('then: CLAW_ENABLE=anthropic/oauth claw auth complete anthropic --stdin')
    expect(await last('auth', '--device', 'xai', '--no-wait')).toBe('go on with: CLAW_ENABLE=xai/device claw auth wait xai')
    expect(await last('auth', '--device', 'kimi-code', '--no-wait')).toBe('go on with: claw auth wait kimi-code')
  })

  it.each([
    ['', true],
    ['[providers.anthropic.auth.setup-token]\nenabled = true\n', false],
  ])('and not by the configuration too: %j', async (toml, isSaid) => {
    await using home = await testHome(toml)
    const { exitCode, stderr } = await home.claw(['auth', '--token', 'anthropic', '--stdin'], {
      stdin: 'sk-ant-oat01-0123456789abcdef',
      env: { CLAW_ENABLE: 'anthropic/setup-token' },
    })
    expect([exitCode, stderr.includes(keepOn('anthropic', 'setup-token'))]).toEqual([0, isSaid])
  })
})
