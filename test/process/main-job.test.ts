import { describe, expect, it } from 'vitest'
import { sandboxed } from '../support/sandboxed.ts'

describe('the main job, as a user does it', () => {
  it('signs in by device code, prompts, and the doctor passes, with nothing in between', async () => {
    await using world = await sandboxed()
    const before = await world.claw('doctor', '--provider', 'moonshot', '--json')
    expect(before.exitCode).toBe(1)

    const signIn = await world.claw('auth', '--device', 'moonshot', '--json')
    expect(signIn.stderr).toContain('Kimi Code is for personal, interactive coding')
    expect(signIn.events.map(({ type }) => type).filter((type) => type !== 'pending')).toEqual(['device_code', 'result'])
    expect(signIn.result).toMatchObject({
      schema: 'claw.auth/1',
      provider: 'moonshot',
      route: 'kimi-code',
      profile: 'default',
      method: 'device',
      kind: 'oauth',
      store: 'file',
      changed: true,
      check: { status: 'pass', evidence: 'accepted' },
    })
    expect(signIn.exitCode).toBe(0)

    const prompt = await world.claw('prompt', '-m', 'moonshot', 'hi')
    expect({ ...prompt, stderr: '' }).toMatchObject({ exitCode: 0, stdout: 'hi\n', stderr: '' })

    const doctor = await world.claw('doctor', '--json')
    expect(doctor.exitCode).toBe(0)
    expect(doctor.result).toMatchObject({ schema: 'claw.doctor/1', ok: true, summary: { fail: 0 } })
  })

  it('finds the grant under the name of its route and of its provider', async () => {
    await using world = await sandboxed()
    await world.claw('auth', '--device', 'moonshot')
    for (const name of ['moonshot', 'kimi-code', 'kimi']) {
      const token = await world.claw('token', name)
      expect(token.exitCode).toBe(0)
      expect(token.stdout).toMatch(/^\S+\n$/)
    }
    const prompt = await world.claw('prompt', '-m', 'kimi-code/k3', '--json', 'hi')
    expect(prompt.result).toMatchObject({
      text: 'hi',
      provider: 'moonshot',
      route: 'kimi-code',
      credential: { source: 'store:file', kind: 'oauth', profile: 'default' },
    })
  })

  it('goes on with a sign-in that another process started', async () => {
    await using world = await sandboxed()
    const started = await world.claw('auth', '--device', 'moonshot', '--no-wait', '--json')
    expect(started.exitCode).toBe(83)
    expect(started.events.map(({ type }) => type)).toEqual(['device_code', 'result'])
    expect(started.result).toMatchObject({ state: 'pending', route: 'kimi-code' })
    const listed = await world.claw('auth', 'status', '--json')
    expect(listed.result).toMatchObject({ pending: [{ provider: 'moonshot', route: 'kimi-code', method: 'device' }] })
    const waited = await world.claw('auth', 'wait', 'kimi-code', '--json')
    expect(waited.result).toMatchObject({ schema: 'claw.auth/1', route: 'kimi-code', kind: 'oauth' })
    expect(waited.exitCode).toBe(0)
    const again = await world.claw('auth', 'wait', 'moonshot', '--json')
    expect({ exitCode: again.exitCode, changed: again.result?.changed }).toEqual({ exitCode: 0, changed: false })
    expect(world.journal().filter(({ path }) => String(path).endsWith('device_authorization'))).toHaveLength(1)
  })

  it('says what is signed in, refreshes it and signs out', async () => {
    await using world = await sandboxed()
    await world.claw('auth', '--device', 'moonshot')
    const refreshed = await world.claw('auth', 'refresh', 'moonshot', '--json')
    expect(refreshed.result).toMatchObject({ items: [{ provider: 'moonshot', route: 'kimi-code', kind: 'oauth', outcome: 'refreshed' }] })
    const out = await world.claw('auth', 'logout', 'moonshot', '--json')
    expect(out.result).toMatchObject({ items: [{ provider: 'moonshot', route: 'kimi-code', kind: 'oauth', outcome: 'removed' }] })
    const again = await world.claw('auth', 'logout', 'moonshot', '--json')
    expect(again.exitCode).toBe(0)
    expect(again.result).toMatchObject({
      items: [{ provider: 'moonshot', route: 'moonshot', profile: 'default', kind: null, outcome: 'absent' }],
    })
    const token = await world.claw('token', 'moonshot')
    expect(token.exitCode).toBe(77)
  })

  it('hands a job a bundle that holds no refresh token and is never refreshed', async () => {
    await using world = await sandboxed()
    await world.claw('auth', '--device', 'moonshot')
    const bundle = await world.claw('token', 'moonshot', '--bundle', '-')
    const parsed: unknown = JSON.parse(bundle.stdout)
    expect(parsed).toMatchObject({ schema: 'claw.bundle/1', provider: 'moonshot', route: 'kimi-code', kind: 'oauth', tokenType: 'Bearer' })
    expect(Object.keys(parsed as object).sort()).toEqual([
      'account',
      'baseUrl',
      'expiresAt',
      'hosts',
      'kind',
      'provider',
      'route',
      'schema',
      'token',
      'tokenType',
    ])
    const file = await world.write('bundle.json', bundle.stdout)
    await using job = world.fresh()
    const prompt = await job.claw({ env: { CLAW_BUNDLE_FILE: file } }, 'prompt', '-m', 'moonshot', '--json', 'hi')
    expect(prompt.result).toMatchObject({ text: 'hi', credential: { source: 'bundle' } })
  })
})
