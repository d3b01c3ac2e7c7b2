import { describe, expect, it } from 'vitest'
import { renderProviders } from '../../src/cli/render-providers.ts'
import type { ProviderRow } from '../../src/app/catalogue/list-providers.ts'
import type { FakeShellOptions } from '../support/fake-shell.ts'
import { testHome } from '../support/home.ts'
import { loopbackServer } from '../support/loopback-server.ts'

const usage = (provider: string, why: string, fix: string) => ({
  exitCode: 2,
  stdout: '',
  stderr: `error[CLAW_USAGE]: say how to sign in to \`${provider}\`\n  why: ${why}\n  fix: ${fix}\n`,
})
const IN_CI = 'claw chooses no device code in CI, where others read the log'
const ALONE = 'claw chooses no device code where nobody reads a terminal'
const KIMI = 'it has `--device`, `--api-key`'
const KIMI_KEY = 'KIMI_API_KEY in the environment needs no sign-in'

const sso = (method: string) =>
  `[providers.corp]\nprotocol = "openai-chat"\nbase_url = "https://llm.corp.example/v1"\n[providers.corp.auth.sso]\nmethod = "${method}"\nissuer = "https://sso.corp.example"\nclient_id = "claw"\n`

describe('a sign-in for which no method is named', () => {
  it.each<[string, FakeShellOptions, ReturnType<typeof usage>]>([
    ['kimi-code', { vendor: 'github' }, usage('kimi-code', `${KIMI}; ${IN_CI}; ${KIMI_KEY}`, 'claw auth --api-key kimi-code --stdin')],
    [
      'kimi-code',
      { vendor: 'github', isTTY: true },
      usage('kimi-code', `${KIMI}; ${IN_CI}; ${KIMI_KEY}`, 'claw auth --api-key kimi-code --stdin'),
    ],
    ['kimi-code', {}, usage('kimi-code', `${KIMI}; ${ALONE}; ${KIMI_KEY}`, 'claw auth --api-key kimi-code --stdin')],
    [
      'openrouter',
      {},
      usage(
        'openrouter',
        'it has `--api-key`, `--browser`, `--paste`, `--identity`; a key is handed over by somebody; `--browser` and `--paste` need somebody at a browser; no identity is set up here for `--identity`; OPENROUTER_API_KEY in the environment needs no sign-in',
        'claw auth --api-key openrouter --stdin',
      ),
    ],
    [
      'openai-chatgpt',
      {},
      usage(
        'openai-chatgpt',
        'it has `--browser`, `--paste`; `--browser` and `--paste` need somebody at a browser',
        'claw auth --paste openai-chatgpt',
      ),
    ],
    ['ollama', { vendor: 'github' }, { exitCode: 0, stdout: '', stderr: '`ollama` needs no credential\n' }],
  ])('S-45 chooses no device code by itself and says what there is: %s %j', async (provider, options, expected) => {
    await using server = await loopbackServer(() => ({ status: 500 }))
    await using home = await testHome(`[providers.kimi-code.auth.device]\noauth_host = "${server.origin}"\n`)
    const ended = await home.claw(['auth', provider], { ...options, env: { NO_COLOR: '1' } })
    expect(ended).toEqual(expected)
    expect(server.requests).toEqual([])
  })

  it.each([
    ['openai-codex', '', 'claw auth --device openai-codex', 'claw auth --device openai-codex', undefined],
    ['corp', sso('device'), 'claw auth --device corp', 'claw auth --device corp', undefined],
    ['corp', sso('pkce'), 'claw auth --paste corp', 'claw auth --paste corp', undefined],
    // A doctor names the variable of a key, and beside it the sign-in that needs no key.
    ['moonshot', '', 'claw auth --api-key moonshot --stdin', 'set MOONSHOT_API_KEY', 'claw auth --device moonshot'],
  ])('is advised alike by each command: %s', async (provider, toml, command, firstRemedy, besideVariable) => {
    await using home = await testHome(toml)
    const auth = await home.json(['auth', provider])
    const token = await home.json(['token', provider])
    const { checks } = await home.json(['doctor', '--offline', '--provider', provider])
    const { providers } = await home.json(['auth', 'list'])
    const row = (providers as ProviderRow[]).find(({ id, routes }) => id === provider || routes.includes(provider))
    const present = (checks as { id: string; fix: { command?: string } }[]).find(({ id }) => id === `credential.${provider}.present`)
    expect([auth.fix, token.fix, present?.fix.command]).toEqual([command, firstRemedy, besideVariable ?? command])
    const listed = row?.methods.filter(({ recommended, route }) => recommended && route === provider).map(({ method }) => method)
    // In a list, a route is marked with its provider.
    if (provider !== 'openai-codex')
      expect(listed).toEqual([{ '--device': 'device', '--paste': 'pkce', '--api-key': 'api_key' }[command.split(' ')[2] ?? '']])
  })

  it('is by a device code at a terminal, and says why', async () => {
    await using server = await loopbackServer(() => ({ status: 400, body: '{"error":"access_denied"}' }))
    await using home = await testHome(`[providers.kimi-code.auth.device]\noauth_host = "${server.origin}"\n`)
    const { stderr } = await home.claw(['auth', 'kimi-code'], { isTTY: true, env: { NO_COLOR: '1' } })
    expect(stderr.split('\n')[0]).toBe(
      'no method was named: a device code, which can be approved on any other machine; --api-key chooses another method',
    )
    expect(server.requests.map(({ path }) => path)).toEqual(['/api/oauth/device_authorization'])
  })

  it('S-45 prints the code in CI where --device was said, with the host to sign in on and a warning', async () => {
    await using server = await loopbackServer(({ headers }) => ({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        device_code: 'dc-CANARY',
        user_code: 'ABCD-EFGH',
        verification_uri: `http://${headers.host}/device`,
        expires_in: 900,
      }),
    }))
    await using home = await testHome(`[providers.kimi-code.auth.device]\noauth_host = "${server.origin}"\n`)
    const ended = await home.claw(['auth', '--device', 'kimi-code', '--no-wait', '--quiet'], { vendor: 'github', env: { NO_COLOR: '1' } })
    const [first, page, warning] = ended.stderr.split('\n')
    expect({ exitCode: ended.exitCode, stdout: ended.stdout, first, page }).toEqual({
      exitCode: 83,
      stdout: '',
      first: 'to let this machine use Kimi Code (Kimi For Coding), open this page on any device and enter the code ABCD-EFGH',
      page: `  ${server.origin}/device`,
    })
    expect(warning).toMatch(/^only continue if you started this; you sign in on 127\.0\.0\.1, and the code ends /)
    expect(ended.stderr).not.toContain('CANARY')
  })

  it('has nothing to do where a variable is there already, in CI too', async () => {
    await using home = await testHome()
    const options = { vendor: 'github', env: { MOONSHOT_API_KEY: 'sk-CANARY-0123456789' } }
    expect(await home.claw(['auth', 'moonshot'], options)).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'already there: api_key from env:MOONSHOT_API_KEY for moonshot; --force signs in all the same\n',
    })
    expect(await home.json(['auth', 'moonshot'], options)).toEqual({
      type: 'result',
      schema: 'claw.auth/1',
      provider: 'moonshot',
      route: 'moonshot',
      profile: 'default',
      method: 'api_key',
      kind: 'api_key',
      account: null,
      plan: null,
      expiresAt: null,
      store: null,
      changed: false,
      check: null,
      source: 'env:MOONSHOT_API_KEY',
    })
    expect((await home.claw(['auth', 'moonshot', '--force'], options)).exitCode).toBe(2)
  })

  it('has nothing to do where one is stored under the profile that is meant', async () => {
    await using home = await testHome()
    await home.claw(['auth', '--api-key', 'openrouter', '--stdin', '--profile', 'ci'], { stdin: 'sk-or-v1-0123456789' })
    expect((await home.claw(['auth', 'openrouter', '--profile', 'ci'])).stderr).toBe(
      'already there: api_key from store:file for openrouter@ci; --force signs in all the same\n',
    )
    const { exitCode, stderr } = await home.claw(['auth', 'openrouter', '--profile', 'other'])
    expect([exitCode, stderr.split('\n')[2]]).toEqual([2, '  fix: claw auth --api-key openrouter --stdin --profile other'])
  })

  it('stores the value that is handed over', async () => {
    await using home = await testHome()
    expect(await home.claw(['auth', 'openrouter', '--stdin'], { stdin: 'sk-or-v1-0123456789' })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'stored for openrouter\n',
    })
  })
})

describe('the list of providers', () => {
  it('tells every method, what is off and why, the variables, the page for keys, and what is there of every profile', async () => {
    await using home = await testHome()
    await home.claw(['auth', '--api-key', 'anthropic', '--stdin', '--profile', 'ci'], { stdin: 'sk-ant-api03-0123456789' })
    const { providers } = await home.json(['auth', 'list'], { env: { ANTHROPIC_AUTH_TOKEN: 'a-gateway-token-0123' } })
    const row = (providers as ProviderRow[]).find(({ id }) => id === 'anthropic')
    const method = { headless: true, route: 'anthropic', enabled: true, recommended: false, terms: 'ok', reason: null }
    const barred = {
      enabled: false,
      terms: 'forbidden',
      reason: 'Anthropic allows the sign-in of a subscription to its own tools only, and its servers refuse others',
    }
    expect({ ...row, methods: row?.methods.filter(({ method: name }) => name !== 'pkce' && name !== 'identity') }).toEqual({
      id: 'anthropic',
      name: 'Anthropic',
      aliases: ['claude'],
      routes: ['anthropic'],
      methods: [
        { ...method, id: 'api-key', method: 'api_key', recommended: true },
        { ...method, id: 'auth-token', method: 'token' },
        { ...method, id: 'setup-token', method: 'token', ...barred },
      ],
      env: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'],
      keyUrl: 'https://platform.claude.com/settings/keys',
      terms: 'ok',
      note: null,
      credentials: [
        { source: 'env:ANTHROPIC_AUTH_TOKEN', kind: 'token', route: 'anthropic', profile: 'default', state: 'wins' },
        { source: 'store:file', kind: 'api_key', route: 'anthropic', profile: 'ci', state: 'shadowed' },
      ],
    })
  })

  it.each([
    [{ isTTY: true }, 'device kimi-code'],
    [{}, 'api_key moonshot'],
    [{ isTTY: true, vendor: 'gitlab' }, 'api_key moonshot'],
  ])('marks the method that would be chosen or advised here: %j', async (options, expected) => {
    await using home = await testHome()
    const { providers } = await home.json(['auth', 'list'], options)
    const marked = (providers as ProviderRow[]).find(({ id }) => id === 'moonshot')?.methods.filter(({ recommended }) => recommended)
    expect(marked?.map(({ method, route }) => `${method} ${route}`)).toEqual([expected])
  })

  it('names routes that have only their own name under their provider', async () => {
    await using home = await testHome()
    const { providers } = await home.json(['auth', 'list'])
    const routes = (providers as ProviderRow[]).find(({ id }) => id === 'openai')?.routes
    expect(routes).toEqual(['openai', 'openai-codex', 'openai-chatgpt'])
  })

  it('tells two entries of one flag apart', async () => {
    await using home = await testHome()
    const { stdout } = await home.claw(['auth', 'list'])
    const [, signIn] = /^minimax .*\n {2}sign in +(.*)$/m.exec(stdout) ?? []
    expect(signIn).toBe('*--api-key (api-key), --api-key (plan-key), --device')
  })

  it('goes on where the store cannot be read', async () => {
    await using home = await testHome()
    const { exitCode } = await home.claw(['auth', 'list'], {
      env: { CLAW_HOME: '/dev/null/nowhere', CLAW_CONFIG: `${home.dir}/config.toml` },
    })
    expect(exitCode).toBe(0)
  })

  it('fits into 80 columns, on stderr with exit 2 where nothing was asked', async () => {
    await using home = await testHome()
    const listed = await home.claw(['auth', 'list'])
    const asked = await home.claw(['auth'])
    expect(listed.stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect({ ...asked, stderr: `${asked.stderr}` }).toEqual({ exitCode: 2, stdout: '', stderr: listed.stdout })
  })

  it('reads as a block for each provider', () => {
    const method = { headless: true, enabled: true, recommended: false, terms: 'ok', reason: null }
    const row: ProviderRow = {
      id: 'acme',
      name: 'Acme',
      aliases: ['ac'],
      routes: ['acme', 'acme-plan'],
      methods: [
        { ...method, id: 'api-key', method: 'api_key', route: 'acme', recommended: true },
        { ...method, id: 'device', method: 'device', route: 'acme-plan' },
        { ...method, id: 'old', method: 'pkce', route: 'acme', enabled: false, terms: 'forbidden', reason: 'Acme says no' },
        { ...method, id: 'older', method: 'device', route: 'acme', enabled: false, terms: 'retired', reason: 'it ended' },
      ],
      env: ['ACME_API_KEY'],
      keyUrl: 'https://acme.example/keys',
      terms: 'ok',
      note: null,
      credentials: [
        { source: 'store:file', kind: 'oauth', route: 'acme-plan', profile: 'ci', state: 'wins' },
        { source: 'store:file', kind: 'oauth', route: 'acme', profile: 'new', state: 'pending' },
      ],
    }
    expect(
      renderProviders([row, { ...row, id: 'none', aliases: [], methods: [], env: [], keyUrl: null, note: 'why', credentials: [] }]),
    ).toBe(
      `acme  Acme, also ac
  sign in   *--api-key, --device (acme-plan)
  variable  ACME_API_KEY
  keys      https://acme.example/keys
  off       --browser or --paste (acme/old): Acme says no; CLAW_ENABLE=acme/old
            switches it on
  off       --device (acme/older): it ended
  here      oauth from store:file for acme-plan@ci (wins)
  here      a sign-in waits for acme@new

none  Acme
  sign in   nothing that is on: why

* = what \`claw auth PROVIDER\` chooses or advises here`,
    )
  })
})

describe('two variables of one provider with different keys', () => {
  it.each([
    [['-v'], 'env:GEMINI_API_KEY is used; env:GOOGLE_API_KEY holds another value\n'],
    [[], ''],
  ])('are told of with -v only: %j', async (flags, stderr) => {
    await using home = await testHome()
    const env = { GEMINI_API_KEY: 'AQ.CANARY-0123456789', GOOGLE_API_KEY: 'AQ.CANARY-9876543210' }
    expect(await home.claw(['token', 'google', ...flags], { env })).toEqual({ exitCode: 0, stdout: 'AQ.CANARY-0123456789\n', stderr })
  })
})
