import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sandboxed } from '../support/sandboxed.ts'

const ENABLED = { env: { CLAW_ENABLE: 'github-copilot/exchange' } }

describe('a token of Copilot shared by processes', () => {
  it('8 processes with one grant exchange it once, and all get the same token', async () => {
    await using world = await sandboxed()
    const signedIn = await world.claw(ENABLED, 'auth', '--device', 'copilot', '--no-check')
    expect({ exitCode: signedIn.exitCode, stderr: signedIn.exitCode === 0 ? '' : signedIn.stderr }).toEqual({ exitCode: 0, stderr: '' })
    const all = await Promise.all(Array.from({ length: 8 }, () => world.claw(ENABLED, 'token', 'copilot')))
    expect(all.map(({ exitCode, stdout }) => [exitCode, stdout.replace(/-[0-9a-f]+;exp=\d+/, '')])).toEqual(
      Array(8).fill([0, 'tid=sandbox;sku=sandbox\n']),
    )
    expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(1)
    expect(world.journal().filter(({ note }) => note === 'exchanged')).toHaveLength(1)
  })

  it('8 processes that were refused with it exchange once more, and all get the same new one', async () => {
    await using world = await sandboxed()
    await world.claw(ENABLED, 'auth', '--device', 'copilot', '--no-check')
    const refused = (await world.claw(ENABLED, 'token', 'copilot')).stdout.trim()
    const hash = createHash('sha256').update(refused).digest('hex')
    const all = await Promise.all(Array.from({ length: 8 }, () => world.claw(ENABLED, 'token', 'copilot', '--rejected', hash)))
    expect(all.map(({ exitCode }) => exitCode)).toEqual(Array(8).fill(0))
    const newer = new Set(all.map(({ stdout }) => stdout.trim()))
    expect([newer.size, newer.has(refused)]).toEqual([1, false])
    expect(world.journal().filter(({ note }) => note === 'exchanged')).toHaveLength(2)
  })

  it('answers a prompt with it, in the protocol of the model', async () => {
    await using world = await sandboxed()
    await world.claw(ENABLED, 'auth', '--device', 'copilot', '--no-check')
    for (const model of ['gemini-3.8-flash', 'claude-sonnet-5.5']) {
      const { exitCode, result, stderr } = await world.claw(ENABLED, 'prompt', '-m', `copilot/${model}`, '--json', 'hello')
      expect({ exitCode, route: result?.route, stderr: exitCode === 0 ? '' : stderr }).toEqual({
        exitCode: 0,
        route: 'github-copilot',
        stderr: '',
      })
    }
    expect(world.journal().filter(({ note }) => note === 'exchanged')).toHaveLength(1)
  })
})
