import { writeFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sandboxed } from '../support/sandboxed.ts'

describe('bad input gets one clear error and the right exit code', () => {
  it('names the nearest providers for an unknown one', async () => {
    await using world = await sandboxed()
    const wrong = await world.claw('auth', '--device', 'moonshott')
    expect(wrong.exitCode).toBe(66)
    expect(wrong.stdout).toBe('')
    expect(wrong.stderr).toContain('`moonshot`')
    expect(wrong.stderr.match(/error\[/g)).toHaveLength(1)
  })

  it('says which methods a provider has when it lacks the one asked for', async () => {
    await using world = await sandboxed()
    const wrong = await world.claw('auth', '--device', 'anthropic', '--json')
    expect(wrong.exitCode).toBe(2)
    expect(wrong.result).toMatchObject({ type: 'error', code: 'CLAW_METHOD_UNSUPPORTED', exit: { code: 2, name: 'USAGE' } })
    expect(JSON.stringify(wrong.result)).toContain('--api-key')
  })

  it('points at file, line, column and the nearest key of a typo in the configuration, and never at a value', async () => {
    await using world = await sandboxed()
    const file = await world.write('broken.toml', '[tiers.default]\nmodel = "moonshot"\nauth_mod = "CANARY-auto"\n')
    const wrong = await world.claw({ env: { CLAW_CONFIG: file } }, 'prompt', 'hi', '--json')
    expect(wrong.exitCode).toBe(78)
    expect(wrong.result).toMatchObject({ problems: [{ file, line: 3, column: 1, key: 'tiers.default.auth_mod', nearest: 'auth_mode' }] })
    expect(wrong.stdout + wrong.stderr).not.toContain('CANARY')
  })

  it('names a corrupt store, leaves it where it is, and salvages it with doctor --fix', async () => {
    await using world = await sandboxed()
    await world.claw('auth', '--device', 'moonshot')
    const file = join(world.home, 'state', 'credentials.json')
    const whole = readFileSync(file, 'utf8')
    const torn = `${whole.slice(0, -3)}`
    writeFileSync(file, torn)
    for (const args of [
      ['token', 'moonshot'],
      ['auth', '--device', 'moonshot', '--force'],
      ['auth', 'logout', 'moonshot'],
    ]) {
      const wrong = await world.claw(...args)
      expect({ args, exitCode: wrong.exitCode }).toEqual({ args, exitCode: 73 })
      expect(wrong.stderr).toContain(file)
      expect(readFileSync(file, 'utf8')).toBe(torn)
    }
    const doctor = await world.claw('doctor', '--json')
    expect(doctor.exitCode).toBe(1)
    const fixed = await world.claw('doctor', '--fix', '--json')
    expect(fixed.exitCode).toBe(0)
    expect((await world.claw('token', 'moonshot')).exitCode).toBe(0)
  })

  it.each([
    ['an empty key', '', 'empty'],
    ['a key of several lines', 'sk-sandbox-one-000000\nsk-sandbox-two-000000\n', 'line'],
    ['a key with a control character', 'sk-sandbox-\u0007-000000000', 'character'],
  ])('refuses %s on stdin', async (_, stdin, word) => {
    await using world = await sandboxed()
    const wrong = await world.claw({ stdin }, 'auth', '--api-key', 'openai', '--stdin')
    expect(wrong.exitCode).toBe(65)
    expect(wrong.stderr).toContain(word)
    expect(wrong.stdout + wrong.stderr).not.toContain('sk-sandbox')
  })

  it.each([
    ['an answer that breaks the RFC', 'token-html', 76],
    ['a code that somebody denies', 'denied', 79],
    ['a code that nobody approves', 'expired', 80],
  ])('ends with the exit code of %s', async (_, scenario, exitCode) => {
    await using world = await sandboxed({ scenario })
    const wrong = await world.claw('auth', '--device', 'moonshot', '--json')
    expect({ exitCode: wrong.exitCode, type: wrong.result?.type }).toEqual({ exitCode, type: 'error' })
  })

  it('says that the network is away', async () => {
    await using world = await sandboxed()
    await world.stop()
    const wrong = await world.claw('auth', '--device', 'moonshot', '--json')
    expect(wrong.result).toMatchObject({ code: 'CLAW_NETWORK', exit: { code: 69, name: 'UNAVAILABLE' } })
  })

  it('says which sources were looked at when there is no credential', async () => {
    await using world = await sandboxed()
    const wrong = await world.claw('prompt', '-m', 'anthropic', 'hi', '--json')
    expect(wrong.exitCode).toBe(77)
    expect(wrong.result).toMatchObject({ type: 'error', code: 'CLAW_NO_CREDENTIAL' })
    expect(JSON.stringify(wrong.result)).toContain('ANTHROPIC_API_KEY')
  })

  it('refuses a project file that sets what none may set, before anything is read', async () => {
    await using world = await sandboxed()
    const project = join(world.home, 'checkout')
    mkdirSync(project)
    writeFileSync(join(project, 'claw.toml'), '[providers.openai]\nbase_url = "https://CANARY.example/v1"\n')
    const wrong = await world.claw({ cwd: project }, 'prompt', '-m', 'openai', 'hi')
    expect(wrong.exitCode).toBe(78)
    expect(wrong.stderr).toContain('providers.openai.base_url')
    expect(wrong.stderr).not.toContain('CANARY')
  })
})
