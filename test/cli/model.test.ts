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

  it.each([
    [
      ['--live', 'copilot'],
      '`--live` and a model do not go together',
      '`claw model copilot` sets it; `claw model --live --diff copilot` lists',
    ],
    [
      ['--live', '--diff', 'kimi', 'copilot/gpt-4.1'],
      '`--live` and `--diff` and a model do not go together',
      '`claw model copilot/gpt-4.1` sets it; `claw model --live --diff kimi` lists',
    ],
    [['--usable', 'kimi'], '`--usable` and a model do not go together', '`claw model kimi` sets it; `claw model --usable` lists'],
    [
      ['--live', '--usable', '--diff', 'kimi'],
      '`--usable` and `--diff` do not go together',
      '`claw model --live --usable` lists; `claw model --live --diff kimi` compares',
    ],
    [['--tier', 'fast'], '`--tier` sets the model of a tier, and no model is named', 'claw model MODEL --tier TIER'],
  ])('%j is refused with the commands that may be meant, and sets nothing', async (argv, what, fix) => {
    await using home = await testHome()
    const { exitCode, stderr } = await home.claw(['model', ...argv])
    expect({ exitCode, said: [what, fix].map((part) => stderr.includes(part)) }).toEqual({ exitCode: 2, said: [true, true] })
    expect((await home.json(['model'])).default).toBe(null)
  })

  it('--usable leaves out what this version cannot prompt', async () => {
    const own = 'base_url = "https://own.example/v1"\nmodels = ["large"]\napi_key = "env:OWN_KEY"'
    const responses = `[providers.own]\nprotocol = "openai-responses"\n${own}\n`
    await using home = await testHome(`${responses}[providers.spoken]\nprotocol = "openai-chat"\n${own}\n`)
    const env = { OWN_KEY: 'a-key-CANARY' }
    const { models } = await home.json(['model', '--usable'], { env })
    const { models: all } = await home.json(['model'], { env })
    const paid = (rows: unknown) => [
      ...new Set(
        (rows as { route: string; credential: object | null }[])
          .filter((row) => row.credential && row.route.match(/^(?:own|spoken)$/))
          .map(({ route }) => route),
      ),
    ]
    expect({ usable: paid(models), all: paid(all) }).toEqual({ usable: ['spoken'], all: ['own', 'spoken'] })
  })

  it('says that a server on this machine needs no credential', async () => {
    await using home = await testHome('[providers.vllm]\nmodels = ["llama3"]\n')
    expect((await home.claw(['model'])).stdout).toMatch(/vllm\/llama3 .*no credential needed/)
  })

  it('says what the signs of a difference mean', async () => {
    const { server, home } = await world(listing({ id: 'k9' }), 'models = ["k4"]\n')
    await using _home = home
    await using _server = server
    const { stdout, stderr } = await home.claw(['model', '--live', '--diff', 'kimi'], KEY)
    expect({ stdout, stderr }).toEqual({
      stdout: '+ kimi-code/k9\n- kimi-code/k4\n',
      stderr: '+ the account lists it, and it is not known here; - it is known here, and the account does not list it\n',
    })
  })
})
