import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sandboxed } from '../support/sandboxed.ts'

const KEY = 'sk-sandbox-0123456789abcdef'

describe('what went wrong once', () => {
  it.each([
    ['doctor', '--fix'],
    ['auth', '--api-key', 'openai', '--stdin'],
  ])('%s turned for ever where a file system makes no directories', async (...args) => {
    await using world = await sandboxed()
    const ended = await world.claw({ env: { CLAW_HOME: '/proc/nothing' }, stdin: KEY }, ...args)
    expect({ exitCode: ended.exitCode, signal: ended.signal }).toEqual({ exitCode: args[0] === 'doctor' ? 1 : 73, signal: null })
  })

  it('a store that was to be encrypted was written in clear', async () => {
    await using world = await sandboxed()
    const ended = await world.claw({ env: { CLAW_STORE_KEY: 'any' }, stdin: KEY }, 'auth', '--api-key', 'openai', '--stdin', '--json')
    expect({ exitCode: ended.exitCode, code: ended.result?.code }).toEqual({ exitCode: 78, code: 'CLAW_CONFIG_INVALID' })
  })

  it('a store bound to its machine was used on another one', async () => {
    await using world = await sandboxed()
    await world.claw({ stdin: KEY }, 'auth', '--api-key', 'openai', '--stdin')
    const file = join(world.home, 'state', 'credentials.json')
    const document = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...document, machine: { ...document.machine, hash: 'f'.repeat(64) } }), { mode: 0o600 })
    const config = readFileSync(join(world.home, 'config.toml'), 'utf8')
    const bound = await world.write('bound.toml', `${config}\n[store]\nbound_to_machine = true\n`)
    const ended = await world.claw({ env: { CLAW_CONFIG: bound } }, 'token', 'openai', '--json')
    expect({ exitCode: ended.exitCode, code: ended.result?.code }).toEqual({ exitCode: 73, code: 'CLAW_STORE_COPIED' })
  })

  it('a model was asked before the file for its answer was seen to be impossible', async () => {
    await using world = await sandboxed()
    await world.claw({ stdin: KEY }, 'auth', '--api-key', 'openai', '--stdin')
    const asked = world.journal().length
    const ended = await world.claw('prompt', '-m', 'openai', '--out', '/nonexistent/answer', '--json', 'hi')
    expect(ended.exitCode).toBe(74)
    expect(ended.result).toMatchObject({ type: 'error', code: 'CLAW_OUTPUT', path: '/nonexistent/answer' })
    expect(world.journal()).toHaveLength(asked)
  })

  it('text after -- was lost', async () => {
    await using world = await sandboxed()
    await world.claw({ stdin: KEY }, 'auth', '--api-key', 'openai', '--stdin')
    const ended = await world.claw('prompt', '-m', 'openai', '--', '--help')
    expect({ ...ended, events: [], result: null }).toMatchObject({ exitCode: 0, stdout: '--help\n', stderr: '' })
  })

  it('a code could not be taken back, by a sign-out or by a new one', async () => {
    await using world = await sandboxed()
    const first = await world.claw('auth', '--device', 'moonshot', '--no-wait', '--json')
    const second = await world.claw('auth', '--device', 'moonshot', '--no-wait', '--force', '--json')
    expect(second.result?.userCode).not.toBe(first.result?.userCode)
    const out = await world.claw('auth', 'logout', 'moonshot', '--json')
    expect(out.result).toMatchObject({ items: [{ provider: 'moonshot', route: 'kimi-code', kind: 'oauth', outcome: 'removed' }] })
    const waited = await world.claw('auth', 'wait', 'moonshot', '--json')
    expect({ exitCode: waited.exitCode, code: waited.result?.code }).toEqual({ exitCode: 66, code: 'CLAW_NOTHING_PENDING' })
  })

  it('a typing error in --route passed for a sign-out', async () => {
    await using world = await sandboxed()
    const ended = await world.claw('auth', 'logout', 'openai', '--route', 'openay')
    expect(ended.exitCode).toBe(66)
  })

  it('a profile that a variable names and nobody has was passed over', async () => {
    await using world = await sandboxed()
    const ended = await world.claw({ env: { CLAW_PROFILE: 'nope', OPENAI_API_KEY: KEY } }, 'token', 'openai', '--json')
    expect({ exitCode: ended.exitCode, code: ended.result?.code }).toEqual({ exitCode: 66, code: 'CLAW_PROFILE_UNKNOWN' })
  })
})
