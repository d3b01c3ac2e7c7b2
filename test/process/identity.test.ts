import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { SANDBOX_IDS } from '../../src/sandbox/identity/known-ids.ts'
import { sandboxed, type Sandboxed } from '../support/sandboxed.ts'

const { federation_rule_id, organization_id } = SANDBOX_IDS.anthropic
const IDS = {
  ANTHROPIC_FEDERATION_RULE_ID: federation_rule_id,
  ANTHROPIC_ORGANIZATION_ID: organization_id,
  ANTHROPIC_WORKSPACE_ID: SANDBOX_IDS.anthropic.workspace_id,
  ANTHROPIC_SERVICE_ACCOUNT_ID: SANDBOX_IDS.anthropic.service_account_id,
}

let box: Sandboxed
afterEach(() => box[Symbol.asyncDispose]())

/** A job with a token that stays the same, whose `jti` the vendor takes once. */
const fixed = () => ({ ...IDS, ANTHROPIC_IDENTITY_TOKEN: box.identity.mint() })
/** A job that gets another token each time it asks. */
const fresh = () => ({ ...IDS, ...box.identity.githubEnvironment(), CLAW_CONFIG: join(box.home, 'fresh.toml') })

async function withFreshSource(): Promise<void> {
  const toml = box.toml.replace(
    '[providers.anthropic.auth.federation]\n',
    '[providers.anthropic.auth.federation]\nsubject_token = "oidc:github"\n',
  )
  await box.write('fresh.toml', toml)
}

/** What became of every token that was posted. */
const exchanges = () =>
  box
    .journal()
    .filter(({ method, path }) => method === 'POST' && String(path).endsWith('/v1/oauth/token'))
    .map(({ note }) => note)

describe('the identity of a job shared by processes', () => {
  it('32 with one fixed token whose `jti` is taken once exchange it once, and all get the same credential', async () => {
    box = await sandboxed()
    const env = fixed()
    const all = await Promise.all(Array.from({ length: 32 }, () => box.claw({ env }, 'token', 'anthropic')))
    expect(all.map(({ exitCode, stderr }) => [exitCode, exitCode === 0 ? '' : stderr])).toEqual(Array(32).fill([0, '']))
    expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(1)
    expect(exchanges()).toEqual(['granted'])
  })

  it('32 with a source that gives another token each time exchange once', async () => {
    box = await sandboxed()
    await withFreshSource()
    const env = fresh()
    const all = await Promise.all(Array.from({ length: 32 }, () => box.claw({ env }, 'token', 'anthropic')))
    expect(all.map(({ exitCode, stderr }) => [exitCode, exitCode === 0 ? '' : stderr])).toEqual(Array(32).fill([0, '']))
    expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(1)
    expect(exchanges()).toEqual(['granted'])
  })

  it('8 with tokens of their own share what the first of them was given', async () => {
    box = await sandboxed()
    const all = await Promise.all(Array.from({ length: 8 }, () => box.claw({ env: fixed() }, 'token', 'anthropic')))
    expect(all.map(({ exitCode }) => exitCode)).toEqual(Array(8).fill(0))
    expect(exchanges()).toEqual(['granted'])
  })
})

describe('one token for two sets of ids', () => {
  it('is posted once where the vendor takes it once, and the second is told before it would burn', async () => {
    box = await sandboxed()
    const env = fixed()
    expect((await box.claw({ env }, 'token', 'anthropic')).exitCode).toBe(0)
    const second = await box.claw({ env: { ...env, ANTHROPIC_FEDERATION_RULE_ID: 'fdrl_another' } }, 'token', 'anthropic')
    expect([second.exitCode, second.stderr.split('\n')[0]]).toEqual([
      77,
      'error[CLAW_IDENTITY_SPENT]: the identity token for `anthropic` has been used up',
    ])
    expect(exchanges()).toEqual(['granted'])
  })
})

describe('a process that is killed in the middle of an exchange', () => {
  it.each(['exchange.lease-taken'])('at %s has posted nothing, and another one exchanges', async (point) => {
    box = await sandboxed()
    const env = fixed()
    await box.killAt(point, { env }, 'token', 'anthropic')
    expect((await box.claw({ env }, 'token', 'anthropic')).exitCode).toBe(0)
    expect(exchanges()).toEqual(['granted'])
  })

  it.each([
    ['exchange.noted', []],
    ['exchange.answer-received', ['granted']],
  ])('at %s leaves a fixed token that nobody posts again', async (point, before) => {
    box = await sandboxed()
    const env = fixed()
    await box.killAt(point, { env }, 'token', 'anthropic')
    const next = await box.claw({ env }, 'token', 'anthropic')
    expect({ exitCode: next.exitCode, stderr: next.stderr }).toEqual({
      exitCode: 77,
      stderr: `error[CLAW_IDENTITY_SPENT]: the identity token for \`anthropic\` has been used up
  why: \`env:ANTHROPIC_IDENTITY_TOKEN\` still gives the token that was posted before, and what it was exchanged for is not there, or has ended
  fix: mint a new identity token (\`env:ANTHROPIC_IDENTITY_TOKEN\` gives the same one until it is replaced), then run the command again
`,
    })
    expect(exchanges()).toEqual(before)
    expect((await box.claw({ env: fixed() }, 'token', 'anthropic')).exitCode).toBe(0)
    expect(exchanges()).toEqual([...before, 'granted'])
  })

  it('with a source that gives another token each time costs nothing but that token', async () => {
    box = await sandboxed()
    await withFreshSource()
    await box.killAt('exchange.answer-received', { env: fresh() }, 'token', 'anthropic')
    expect((await box.claw({ env: fresh() }, 'token', 'anthropic')).exitCode).toBe(0)
    expect(exchanges()).toEqual(['granted', 'granted'])
  })

  it('after what came was stored has lost nothing', async () => {
    box = await sandboxed()
    const env = fixed()
    await box.killAt('exchange.stored', { env }, 'token', 'anthropic')
    expect((await box.claw({ env }, 'token', 'anthropic')).exitCode).toBe(0)
    expect(exchanges()).toEqual(['granted'])
  })
})

describe('a process that is told to stop in the middle of an exchange', () => {
  it('finishes what it has posted, and keeps what comes', async () => {
    box = await sandboxed({ scenario: 'exchange-slow' })
    const env = fixed()
    const stopped = await box.claw(
      {
        env,
        onStart: (child) => {
          const timer = setInterval(() => {
            if (exchanges().length === 0) return
            clearInterval(timer)
            child.kill('SIGTERM')
          }, 20)
        },
      },
      'token',
      'anthropic',
    )
    expect({ signal: stopped.signal, stdout: stopped.stdout }).toEqual({ signal: 'SIGTERM', stdout: '' })
    expect((await box.claw({ env }, 'token', 'anthropic')).exitCode).toBe(0)
    expect(exchanges()).toEqual(['granted'])
  })
})

describe('a store that cannot be written', () => {
  it('keeps nobody from working whose source gives another token each time, and is said where it does not', async () => {
    box = await sandboxed()
    await withFreshSource()
    box.mountReadOnly(join(box.home, 'state'))
    const lucky = await box.claw({ env: fresh() }, 'token', 'anthropic')
    expect({ exitCode: lucky.exitCode, stderr: lucky.stderr }).toEqual({
      exitCode: 0,
      stderr: `warning: what the identity was exchanged for serves this command alone: the credential store \`${join(box.home, 'state', 'credentials.json')}\` cannot be written\n`,
    })
    const unlucky = await box.claw({ env: fixed() }, 'token', 'anthropic')
    expect(unlucky.exitCode).toBe(73)
    expect(exchanges()).toEqual(['granted'])
    expect((await box.claw({ env: { ...fixed(), CLAW_STORE: 'memory' } }, 'token', 'anthropic')).exitCode).toBe(0)
    box.unmount(join(box.home, 'state'))
    rmSync(join(box.home, 'state'), { recursive: true, force: true })
  })
})
