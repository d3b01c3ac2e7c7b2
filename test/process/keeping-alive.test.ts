import { describe, expect, it } from 'vitest'
import { type Ended, sandboxed } from '../support/sandboxed.ts'

const refreshes = (journal: readonly Record<string, unknown>[]) => journal.filter(({ grantType }) => grantType === 'refresh_token')
const revocations = (journal: readonly Record<string, unknown>[]) => journal.filter(({ note }) => note === 'revocation')

const itemsOf = ({ result }: Ended) => (result?.items ?? []) as Record<string, unknown>[]

describe('grants that are kept alive', () => {
  it('of every dialect rotate, and all of them at once', async () => {
    await using world = await sandboxed({ scenario: 'short-lived' })
    const env = { CLAW_ENABLE: 'xai/device' }
    const routes = ['github-copilot', 'kimi-code', 'minimax', 'openai-codex', 'xai']
    for (const route of routes) {
      const signIn = await world.claw({ env }, 'auth', '--device', route, '--no-check')
      expect({ route, exitCode: signIn.exitCode, stderr: signIn.exitCode === 0 ? '' : signIn.stderr }).toEqual({
        route,
        exitCode: 0,
        stderr: '',
      })
    }
    for (let round = 1; round <= 2; round++) {
      const all = await world.claw({ env }, 'auth', 'refresh', '--all', '--json')
      expect(itemsOf(all).map(({ route, outcome, code }) => [route, outcome, code])).toEqual(
        routes.map((route) => [route, 'refreshed', undefined]),
      )
      expect(refreshes(world.journal())).toHaveLength(round * routes.length)
      expect(all.exitCode).toBe(0)
    }
    expect(refreshes(world.journal()).map(({ note }) => note)).toEqual(Array(10).fill('granted'))
  })

  it('R-25 with fewer scopes say so, on stderr and in JSON', async () => {
    await using world = await sandboxed({ scenario: 'refresh-narrowed' })
    await world.claw('auth', '--device', 'moonshot')
    const ended = await world.claw('auth', 'refresh', 'moonshot', '--json')
    const message = 'the provider no longer grants `kimi-code` to the grant of `kimi-code`'
    expect({ exitCode: ended.exitCode, stderr: ended.stderr, items: ended.result?.items }).toEqual({
      exitCode: 0,
      stderr: `warning: ${message}\n`,
      items: [
        {
          provider: 'moonshot',
          route: 'kimi-code',
          profile: 'default',
          kind: 'oauth',
          outcome: 'refreshed',
          warnings: [{ code: 'scope_reduced', message }],
        },
      ],
    })
  })

  it('that have enough left are left alone, and so is what was signed out', async () => {
    await using world = await sandboxed()
    await world.claw('auth', '--device', 'moonshot')
    await world.claw('auth', '--device', 'moonshot', '--profile', 'gone')
    await world.claw('auth', 'logout', 'moonshot', '--profile', 'gone')
    await world.claw('auth', '--device', 'openai-codex', '--no-check')
    const all = await world.claw('auth', 'refresh', '--all', '--min-ttl', '2h', '--json')
    expect(itemsOf(all).map(({ route, profile, outcome }) => [route, profile, outcome])).toEqual([
      ['kimi-code', 'default', 'refreshed'],
      ['openai-codex', 'default', 'refreshed'],
    ])
    const fresh = await world.claw('auth', 'refresh', '--all', '--min-ttl', '1m', '--json')
    expect(itemsOf(fresh).map(({ outcome }) => outcome)).toEqual(['fresh', 'fresh'])
  })

  it('S-49 are revoked at a provider that has a way, and only removed here at one without', async () => {
    await using world = await sandboxed()
    await world.claw('auth', '--device', 'openai-codex', '--no-check')
    await world.claw('auth', '--device', 'moonshot')
    const out = await world.claw('auth', 'logout', '--all', '--revoke')
    expect({ exitCode: out.exitCode, stdout: out.stdout, stderr: out.stderr }).toEqual({
      exitCode: 0,
      stdout: 'kimi-code  oauth  not_supported\nopenai-codex  oauth  revoked\n',
      stderr: 'kimi-code was removed here; its provider has no way to revoke it\n',
    })
    expect(revocations(world.journal())).toHaveLength(2)
  })

  it('S-49 are removed here when the provider is away, which is said', async () => {
    await using world = await sandboxed()
    await world.claw('auth', '--device', 'openai-codex', '--no-check')
    await world.stop()
    const out = await world.claw('auth', 'logout', 'openai-codex', '--revoke')
    expect([out.exitCode, out.stdout]).toEqual([0, 'openai-codex  oauth  failed\n'])
    expect(out.stderr).toMatch(/^warning: openai-codex was removed here, but not revoked at its provider: /)
    expect((await world.claw('token', 'openai-codex')).exitCode).toBe(77)
  })

  it('R-30 are not brought back by a refresh that was under way when somebody signed out', async () => {
    await using world = await sandboxed()
    await world.claw('auth', '--device', 'openai-codex', '--no-check')
    const [refresh, out] = await Promise.all([
      world.claw('auth', 'refresh', 'openai-codex', '--json'),
      world.claw('auth', 'logout', 'openai-codex', '--revoke', '--json'),
    ])
    expect(out.exitCode).toBe(0)
    // Whoever came first: nothing is left here, and nothing that could be refreshed there.
    expect([0, 77]).toContain(refresh.exitCode)
    expect((await world.claw('auth', 'status', '--json')).result).toMatchObject({ credentials: [] })
    expect((await world.claw('token', 'openai-codex')).exitCode).toBe(77)
  })
})
