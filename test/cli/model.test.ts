import { describe, expect, it } from 'vitest'
import { testHome } from '../support/home.ts'
import { type Answerer, loopbackServer } from '../support/loopback-server.ts'

const listing =
  (...models: readonly object[]): Answerer =>
  ({ path, headers }) =>
    headers.authorization === 'Bearer sk-kimi-CANARY-1' && path.endsWith('/v1/models')
      ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ data: models }) }
      : { status: 401, body: '{"error":{"message":"Invalid Authentication"}}' }

const KEY = { env: { KIMI_API_KEY: 'sk-kimi-CANARY-1' } }

/** A home where Kimi Code is a server of this test, which has the models of `known` besides. */
async function world(answer: Answerer, known = '') {
  const server = await loopbackServer(answer)
  const toml = `[providers.kimi-code]\nbase_url = "${server.origin}"\nmodels_endpoint = "/v1/models"\n${known}`
  return { server, home: await testHome(toml) }
}

describe('claw model', () => {
  it('--live shows what the account lists, with the facts that are known of it', async () => {
    const { server, home } = await world(listing({ id: 'k3', context_length: 5_000 }, { id: 'k9', display_name: 'K9' }))
    await using _home = home
    await using _server = server
    const { models, warnings } = await home.json(['model', '--live', '--usable'], KEY)
    const common = {
      provider: 'moonshot',
      route: 'kimi-code',
      credential: { source: 'env:KIMI_API_KEY', kind: 'api_key', state: 'wins' },
      retires: null,
    }
    expect({ models: (models as { route: string }[]).filter(({ route }) => route === 'kimi-code'), warnings }).toEqual({
      models: [
        {
          ...common,
          ref: 'kimi-code/k3',
          id: 'k3',
          name: 'Kimi K3',
          contextTokens: 5_000,
          outputTokens: 131_072,
          input: ['text', 'image'],
          tools: true,
          reasoning: true,
          listed: true,
        },
        {
          ...common,
          ref: 'kimi-code/k9',
          id: 'k9',
          name: 'K9',
          contextTokens: null,
          outputTokens: null,
          input: ['text'],
          tools: false,
          reasoning: false,
          listed: false,
        },
      ],
      warnings: [],
    })
  })

  it('--live shows what was known where a provider cannot be asked, and says so', async () => {
    const { server, home } = await world(() => ({ status: 503, body: '' }))
    await using _home = home
    await using _server = server
    const { stdout, stderr, exitCode } = await home.claw(['model', '--live', '--usable'], KEY)
    expect({ exitCode, known: stdout.includes('kimi-code/k3.1-pro') }).toEqual({ exitCode: 0, known: true })
    expect(stderr).toContain('warning: `kimi-code` is shown as it was known: `kimi-code` is overloaded: HTTP 503')
  })

  it.each([
    ['what came and what went', '["k3", "k4"]', { added: ['k9'], removed: ['k4'] }, 1],
    ['nothing where both are the same', '["k9", "k3"]', { added: [], removed: [] }, 0],
  ])('--live --diff shows %s', async (_name, known, difference, code) => {
    const { server, home } = await world(listing({ id: 'k3' }, { id: 'k9' }), `models = ${known}\n`)
    await using _home = home
    await using _server = server
    expect(await home.json(['model', '--live', '--diff', 'kimi'], KEY)).toEqual({
      type: 'result',
      schema: 'claw.models/1',
      models: [],
      default: null,
      route: 'kimi-code',
      ...difference,
    })
    expect((await home.claw(['model', '--live', '--diff', 'kimi'], KEY)).exitCode).toBe(code)
  })

  it('--diff alone, with a refused key, or where nothing is listed, is an error and no difference', async () => {
    const { server, home } = await world(listing())
    await using _home = home
    await using _server = server
    const codes = async (argv: string[], env: Record<string, string>) => (await home.claw(argv, { env })).exitCode
    expect(await codes(['model', '--diff', 'kimi'], KEY.env)).toBe(2)
    expect(await codes(['model', '--live', '--diff', 'kimi'], { KIMI_API_KEY: 'sk-kimi-CANARY-2' })).toBe(77)
    expect(await codes(['model', '--live', '--diff', 'zai'], { ZAI_API_KEY: 'a-key-of-zai' })).toBe(2)
    expect(await codes(['model', '--live', '--diff', 'kimi'], {})).toBe(77)
  })

  it('S-61 shows no control character of a list', async () => {
    const { server, home } = await world(listing({ id: 'k3\u001b[2J\n::error::x' }))
    await using _home = home
    await using _server = server
    const shown = [
      (await home.claw(['model', '--live', '--usable'], KEY)).stdout,
      (await home.claw(['model', '--live', '--diff', 'kimi'], KEY)).stdout,
    ].join('')
    expect([shown.includes('k3'), shown.includes('\u001b'), shown.includes('\n::error')]).toEqual([true, false, false])
  })

  it('shows the last day of a model that ends', async () => {
    await using home = await testHome()
    expect((await home.claw(['model'])).stdout).toMatch(/openai\/gpt-4\.1 .*ends 2027-01-14/)
  })
})
