import { describe, expect, it } from 'vitest'
import { sandboxed } from '../support/sandboxed.ts'

const refreshes = (journal: readonly Record<string, unknown>[]) => journal.filter(({ grantType }) => grantType === 'refresh_token')

describe('a rotating grant shared by processes', () => {
  it('R-13 16 processes with one expired grant refresh it once, and all succeed', async () => {
    await using world = await sandboxed()
    await world.claw('auth', '--device', 'moonshot')
    world.expireAccess()
    const all = await Promise.all(Array.from({ length: 16 }, () => world.claw('token', 'moonshot')))
    expect(all.map(({ exitCode }) => exitCode)).toEqual(Array(16).fill(0))
    expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(1)
    expect(refreshes(world.journal())).toHaveLength(1)
  })

  it('R-09 32 processes that store 32 providers lose none', async () => {
    await using world = await sandboxed()
    const ids = Array.from({ length: 32 }, (_, n) => `acme-${n}`)
    const config = await world.write(
      'many.toml',
      ids.map((id) => `[providers.${id}]\nprotocol = "openai-chat"\nbase_url = "${world.origin}/v1"\nmodels = ["m"]\n`).join('\n'),
    )
    const stored = await Promise.all(
      ids.map((id) =>
        world.claw({ env: { CLAW_CONFIG: config }, stdin: `sk-sandbox-${id}-0123456789` }, 'auth', '--api-key', id, '--stdin'),
      ),
    )
    expect(stored.map(({ exitCode }) => exitCode)).toEqual(Array(32).fill(0))
    const status = await world.claw({ env: { CLAW_CONFIG: config } }, 'auth', 'status', '--json')
    const credentials = status.result?.credentials as { provider: string }[]
    expect(credentials.map(({ provider }) => provider).sort()).toEqual([...ids].sort())
  })
})

describe('R-03 the holder is killed in the middle of a refresh', () => {
  const safe = ['refresh.lease-taken', 'refresh.connected', 'refresh.answer-saved', 'refresh.committed']
  it.each(safe)('at %s: no caller fails and nothing is reused', async (point) => {
    await using world = await sandboxed()
    await world.claw('auth', '--device', 'moonshot')
    world.expireAccess()
    await world.killAt(point, 'token', 'moonshot')
    const next = await world.claw('token', 'moonshot')
    expect({ exitCode: next.exitCode, stderr: next.exitCode === 0 ? '' : next.stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(refreshes(world.journal()).filter(({ note }) => note === 'reuse')).toEqual([])
    expect((await world.claw('auth', 'refresh', 'moonshot')).exitCode).toBe(0)
  })

  const lossy = ['refresh.intent-written', 'refresh.answer-received']
  it.each(lossy)('at %s: at most one request more, the record stays whole', async (point) => {
    await using world = await sandboxed({ requestTimeout: '1s' })
    await world.claw('auth', '--device', 'moonshot')
    world.expireAccess()
    await world.killAt(point, 'token', 'moonshot')
    const next = await world.claw('token', 'moonshot', '--json')
    const sent = refreshes(world.journal())
    if (point === 'refresh.intent-written') {
      expect({ exitCode: next.exitCode, requests: sent.length }).toEqual({ exitCode: 0, requests: 1 })
    } else {
      expect({ exitCode: next.exitCode, requests: sent.length }).toEqual({ exitCode: 77, requests: 2 })
    }
    const status = await world.claw('auth', 'status', 'moonshot', '--json')
    expect(status.exitCode).toBe(0)
    expect(status.result).toMatchObject({ credentials: [{ provider: 'moonshot' }] })
    const after = await world.claw('token', 'moonshot')
    expect(after.exitCode).toBe(next.exitCode)
    expect(refreshes(world.journal())).toHaveLength(sent.length)
  })
})
