import { describe, expect, it } from 'vitest'
import { sandboxed, type Sandboxed } from '../support/sandboxed.ts'

type Row = Readonly<Record<string, unknown>>
const acceptance = async (world: Sandboxed, route: string) => {
  const { exitCode, result } = await world.claw('doctor', '--provider', route, '--json')
  const row = ((result?.checks ?? []) as Row[]).find(({ id }) => id === `provider.${route}.accepts`)
  return [exitCode, row?.status, row?.evidence, row?.detail]
}
const credentials = async (world: Sandboxed) => {
  const { result } = await world.claw('auth', 'status', '--json')
  return ((result?.credentials ?? []) as Row[]).map(({ route, account, plan, state }) => [route, account, plan, state])
}

describe('the built program with a grant that is bound to an account', () => {
  it('of Copilot signs in, prompts, lists, proves, refreshes and signs out', async () => {
    await using world = await sandboxed({ scenario: 'short-lived' })
    const signedIn = await world.claw('auth', '--device', 'copilot')
    expect([signedIn.exitCode, signedIn.stdout]).toEqual([0, ''])
    expect(signedIn.stderr).toContain('\nsigned in to github-copilot (route github-copilot) as sandbox (plan individual)\n')
    expect(await credentials(world)).toEqual([['github-copilot', 'sandbox', 'individual', 'wins']])
    for (const model of ['claude-sonnet-5.5', 'gemini-3.8-flash']) {
      const { exitCode, stdout } = await world.claw('prompt', '-m', `copilot/${model}`, 'hello')
      expect([model, exitCode, stdout]).toEqual([model, 0, 'hello\n'])
    }
    const listed = await world.claw('model', '--live', '--diff', 'copilot', '--json')
    expect([listed.exitCode, listed.result?.added, listed.result?.removed]).toEqual([0, [], []])
    const detail =
      'the provider takes it for sandbox (plan individual); this proves the GitHub token and the seat, not the policy of a model'
    expect(await acceptance(world, 'github-copilot')).toEqual([0, 'pass', 'accepted', detail])
    const before = (await world.claw('token', 'copilot')).stdout
    const refreshed = await world.claw('auth', 'refresh', 'copilot')
    expect([refreshed.exitCode, refreshed.stdout + refreshed.stderr]).toEqual([0, 'github-copilot  refreshed\n'])
    const after = (await world.claw('token', 'copilot')).stdout
    expect([before.slice(0, 4), after.slice(0, 4), before === after]).toEqual(['ghu_', 'ghu_', false])
    const out = await world.claw('auth', 'logout', 'copilot', '--revoke')
    expect([out.exitCode, out.stdout, out.stderr]).toEqual([
      0,
      'github-copilot  oauth  not_supported\n',
      'github-copilot was removed here; its provider has no way to revoke it\n',
    ])
    expect((await world.claw('token', 'copilot')).exitCode).toBe(77)
  })

  it('of ChatGPT signs in under the name of its vendor, proves, refreshes and signs out', async () => {
    await using world = await sandboxed()
    const signedIn = await world.claw('auth', '--device', 'openai')
    expect([signedIn.exitCode, signedIn.stdout]).toEqual([0, ''])
    expect(signedIn.stderr).toContain('\nsigned in to openai (route openai-codex) as somebody@sandbox.example (plan plus)\n')
    const detail =
      'the provider takes it for somebody@sandbox.example (plan plus); this proves the token, its account and the plan, not that the plan has the model'
    expect(await acceptance(world, 'openai-codex')).toEqual([0, 'pass', 'accepted', detail])
    const refreshed = await world.claw('auth', 'refresh', 'codex')
    expect([refreshed.exitCode, refreshed.stdout + refreshed.stderr]).toEqual([0, 'openai-codex  refreshed\n'])
    expect(await credentials(world)).toEqual([['openai-codex', 'somebody@sandbox.example', 'plus', 'wins']])
    const token = await world.claw('token', 'codex')
    expect([token.exitCode, token.stdout.split('.').length]).toEqual([0, 3])
    const out = await world.claw('auth', 'logout', 'codex', '--revoke')
    expect([out.exitCode, out.stdout, out.stderr]).toEqual([0, 'openai-codex  oauth  revoked\n', ''])
    expect((await world.claw('token', 'codex')).exitCode).toBe(77)
  })
})
