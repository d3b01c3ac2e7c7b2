import { afterEach, describe, expect, it } from 'vitest'
import { baseUrlOf } from '../../src/app/catalogue/base-url.ts'
import { buildCatalogue } from '../../src/app/catalogue/catalogue.ts'
import { deviceHeaders, dialectOf, routeHeaders } from '../../src/app/access/route-headers.ts'
import { credentialWorld, type TestWorld } from '../support/credential-world.ts'
import { failureOf } from '../support/failure.ts'

const worlds: TestWorld[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((each) => each.remove()))
})

describe('names', () => {
  it('lead a provider to its routes, and a route to itself', async () => {
    const { catalogue } = await world()
    const meaning = (name: string) => {
      const { name: canonical, provider, routes } = catalogue.find(name)
      return [canonical, provider, routes.map(({ id }) => id)]
    }
    expect(meaning('moonshot')).toEqual(['moonshot', 'moonshot', ['moonshot', 'kimi-code']])
    expect(meaning('kimi-code')).toEqual(['kimi-code', 'moonshot', ['kimi-code']])
    expect(meaning('kimi')).toEqual(['kimi-code', 'moonshot', ['kimi-code']])
    expect(meaning('claude')).toEqual(['anthropic', 'anthropic', ['anthropic']])
  })

  it('that are unknown are exit 66 with the nearest', async () => {
    const { catalogue } = await world()
    expect(await failureOf(() => catalogue.find('monshot'))).toEqual({
      code: 'CLAW_PROVIDER_UNKNOWN',
      what: 'there is no provider `monshot`',
      why: 'the nearest name is `moonshot`',
      fix: 'see `claw auth list` for every provider',
      data: { nearest: ['moonshot'] },
    })
    expect(await failureOf(() => catalogue.find('constructor'))).toMatchObject({ code: 'CLAW_PROVIDER_UNKNOWN' })
    expect(await failureOf(() => catalogue.find('x\u001b[31m'))).toMatchObject({ what: 'there is no provider `x\\x1b[31m`' })
    expect([catalogue.knows('kimi'), catalogue.knows('__proto__')]).toEqual([true, false])
  })

  it('of routes that only their own name reaches are not part of their provider', () => {
    const plain = {
      terms: 'ok',
      protocols: ['openai-chat'],
      baseUrl: 'https://a.example/v1',
      trustedHosts: ['a.example'],
      auth: [],
      models: [],
      sources: {},
    } as const
    const catalogue = buildCatalogue(
      { providers: new Map(), enabled: [] },
      new Map([
        [
          'a',
          {
            ...plain,
            id: 'a',
            name: 'A',
            routes: [
              { to: 'b', auth: [], namedOnly: true },
              { to: 'gone', auth: [] },
            ],
          },
        ],
        ['b', { ...plain, id: 'b', name: 'B' }],
      ]),
    )
    expect(catalogue.find('a').routes.map(({ id }) => id)).toEqual(['a'])
    expect([catalogue.find('b').provider, catalogue.find('b').routes.map(({ id }) => id)]).toEqual(['a', ['b']])
  })
})

describe('base URLs', () => {
  it.each([
    ['anthropic', '', 'https://api.anthropic.com'],
    ['openai', '', 'https://api.openai.com/v1'],
    ['kimi-code', '', 'https://api.kimi.com/coding'],
    ['kimi-code', '[providers.kimi-code]\nprotocol = "openai-chat"', 'https://api.kimi.com/coding/v1'],
    ['kimi-code', '[providers.kimi-code]\nregion = "global"', 'https://api.kimi.ai/coding'],
    ['kimi-code', '[providers.kimi-code]\nregion = "global"\nprotocol = "openai-chat"', 'https://api.kimi.ai/coding/v1'],
    ['kimi-code', '[providers.kimi-code]\nregion = "global"\nbase_url = "https://gateway.example/x/"', 'https://gateway.example/x'],
    ['moonshot', '[providers.moonshot]\nregion = "china"', 'https://api.moonshot.cn/v1'],
    ['moonshot', '[providers.moonshot]\nprotocol = "anthropic-messages"', 'https://api.moonshot.ai/anthropic'],
    ['acme', '[providers.acme]\nprotocol = "openai-chat"\nbase_url = "https://llm.acme.example/v1"', 'https://llm.acme.example/v1'],
  ])('of %s with %j', async (name, toml, expected) => {
    const { catalogue } = await world(toml)
    expect(baseUrlOf(catalogue.route(name))).toBe(expected)
  })

  it('are exit 78 where none is known', async () => {
    const { catalogue } = await world('[providers.moonshot]\nregion = "china"\nprotocol = "anthropic-messages"\n')
    expect(await failureOf(() => baseUrlOf(catalogue.route('moonshot')))).toEqual({
      code: 'CLAW_CONFIG_INVALID',
      what: 'no address is known where `moonshot` speaks `anthropic-messages`',
      why: 'in the region `china`',
      fix: 'set `base_url` in [providers.moonshot]',
      data: {},
    })
  })

  it('know no other regions than those of the entry', async () => {
    expect(await failureOf(() => world('[providers.kimi-code]\nregion = "mars"\n'))).toEqual({
      code: 'CLAW_CONFIG_INVALID',
      what: '`providers.kimi-code.region` is `mars`, which is no region of `kimi-code`',
      why: 'its regions are `china`, `global`',
      fix: 'correct `region` in [providers.kimi-code]',
      data: {},
    })
  })
})

describe('the user file over the catalogue', () => {
  it.each([
    ['', 'https://auth.kimi.com'],
    ['[providers.kimi-code]\nregion = "global"\n', 'https://auth.kimi.ai'],
    [
      '[providers.kimi-code]\nregion = "global"\n[providers.kimi-code.auth.device]\noauth_host = "http://127.0.0.1:9"\n',
      'http://127.0.0.1:9',
    ],
  ])('takes the sign-in host of the auth entry before the region before the entry: %j', async (toml, host) => {
    const { catalogue } = await world(toml)
    const [device] = catalogue.route('kimi-code').entry.auth
    expect([device?.oauthHost, device?.deviceUrl, device?.tokenUrl]).toEqual([
      host,
      `${host}/api/oauth/device_authorization`,
      `${host}/api/oauth/token`,
    ])
  })

  it('pins the hosts that it sets, and keeps those of the catalogue', async () => {
    const { catalogue } = await world(
      '[providers.kimi-code]\nbase_url = "http://127.0.0.1:8/coding"\n[providers.kimi-code.auth.device]\noauth_host = "http://127.0.0.1:9"\n',
    )
    const { trustedHosts, authHosts } = catalogue.route('kimi-code').entry
    expect([trustedHosts, authHosts]).toEqual([
      ['api.kimi.com', 'api.kimi.ai', '127.0.0.1:8'],
      ['auth.kimi.com', 'auth.kimi.ai', '127.0.0.1:9'],
    ])
  })

  it('adds to tables and replaces lists', async () => {
    const { catalogue } = await world(
      '[providers.openai]\ndefault_model = "gpt-9"\nheaders = { "X-Team" = "ci" }\nmodels = ["gpt-5.4-mini", { id = "gpt-9", context = 9 }]\n[providers.openai.dialect]\nstream_usage = false\n',
    )
    const { defaultModel, headers, dialect, models } = catalogue.route('openai').entry
    expect({ defaultModel, headers, dialect }).toMatchObject({
      defaultModel: 'gpt-9',
      headers: { 'X-Team': 'ci' },
      dialect: { streamUsage: false, maxTokensField: 'max_completion_tokens' },
    })
    expect(models.map(({ id, contextTokens, reasoning }) => [id, contextTokens, reasoning])).toEqual([
      ['gpt-5.4-mini', 400_000, true],
      ['gpt-9', 9, false],
    ])
  })

  it('switches a method on by itself or by CLAW_ENABLE', async () => {
    const isOn = ({ catalogue }: TestWorld) =>
      catalogue
        .route('anthropic')
        .entry.auth.filter(({ enabled }) => !enabled)
        .map(({ id }) => id)
    expect(isOn(await world())).toEqual(['setup-token', 'oauth'])
    expect(isOn(await world('[providers.anthropic.auth.oauth]\nenabled = true\n'))).toEqual(['setup-token'])
    expect(isOn(await world('', { CLAW_ENABLE: 'claude/oauth,anthropic/setup-token' }))).toEqual([])
    expect(await failureOf(() => world('', { CLAW_ENABLE: 'claude/oath' }))).toMatchObject({
      code: 'CLAW_CONFIG_INVALID',
      what: '`CLAW_ENABLE` names a method that does not exist: `claude/oath`',
    })
  })

  it("makes a provider of one's own a full entry", async () => {
    const { catalogue } = await world(
      '[providers.acme]\nprotocol = "openai-chat"\nbase_url = "https://llm.acme.example/v1"\nmodels = ["acme-large"]\nheaders = { "X-Team" = "ci" }\nuser_agent = "acme-ci/1"\n[providers.acme.auth.sso]\nmethod = "device"\nissuer = "https://sso.acme.example/realms/main"\nclient_id = "claw"\nscope = "openid offline_access"\n',
    )
    const { entry, provider, protocol } = catalogue.route('acme')
    expect([provider, protocol, entry.trustedHosts, entry.authHosts, entry.userAgent, entry.models.map(({ id }) => id)]).toEqual([
      'acme',
      'openai-chat',
      ['llm.acme.example'],
      ['sso.acme.example'],
      'acme-ci/1',
      ['acme-large'],
    ])
    expect(entry.auth.find(({ id }) => id === 'sso')).toEqual({
      id: 'sso',
      kind: 'oauth_device',
      headless: true,
      enabled: true,
      status: 'inferred',
      header: 'authorization',
      scheme: 'Bearer',
      issuer: 'https://sso.acme.example/realms/main',
      clientId: 'claw',
      scopes: ['openid', 'offline_access'],
    })
  })

  it("gives an identity method of another name every field of the provider's own", async () => {
    const { catalogue } = await world(
      '[providers.anthropic.auth.ci]\nmethod = "identity"\nsubject_token = "oidc:github?audience=https://api.anthropic.com"\nfederation_rule_id = "fdrl_1"\norganization_id = "o-1"\n',
    )
    const auth = catalogue.route('anthropic').entry.auth.find(({ id }) => id === 'ci')
    expect([auth?.kind, auth?.federation?.tokenUrl, auth?.ids, auth?.subjectToken]).toEqual([
      'workload_identity',
      'https://api.anthropic.com/v1/oauth/token',
      { federation_rule_id: 'fdrl_1', organization_id: 'o-1' },
      { scheme: 'oidc', source: 'github', audience: 'https://api.anthropic.com' },
    ])
  })

  it("has an identity method of another name exchange where the provider's own does, with ids of its own", async () => {
    const { catalogue } = await world(
      '[providers.anthropic.auth.federation]\ntoken_url = "http://127.0.0.1:1/token"\nfederation_rule_id = "fdrl_1"\nenabled = false\n[providers.anthropic.auth.ci]\nmethod = "identity"\n',
    )
    const auth = catalogue.route('anthropic').entry.auth.find(({ id }) => id === 'ci')
    expect([auth?.federation?.tokenUrl, auth?.federation?.exchangeHosts, auth?.ids, auth?.enabled]).toEqual([
      'http://127.0.0.1:1/token',
      ['api.anthropic.com', '127.0.0.1:1'],
      undefined,
      true,
    ])
  })
})

describe('headers of a route', () => {
  const facts = {
    version: '1.2.3',
    machine: { hostname: 'büro-пк-7', platform: 'linux', arch: 'x64', osVersion: 'Linux 6.1' },
    installationId: 'a-uuid',
  }

  it('name this installation in ASCII', async () => {
    const { catalogue } = await world()
    expect(deviceHeaders(catalogue.route('kimi-code'), facts)).toEqual({
      'x-msh-platform': 'claw',
      'x-msh-version': '1.2.3',
      'x-msh-device-name': 'bro--7',
      'x-msh-device-model': 'linux-x64',
      'x-msh-os-version': 'Linux 6.1',
      'x-msh-device-id': 'a-uuid',
    })
    expect(
      deviceHeaders(catalogue.route('kimi-code'), { ...facts, machine: { ...facts.machine, hostname: 'пк' } })['x-msh-device-name'],
    ).toBe('unknown')
  })

  it('are the fixed ones, the user agent and none that is empty', async () => {
    const { catalogue } = await world(
      '[providers.acme]\nprotocol = "openai-chat"\nbase_url = "https://a.example/v1"\nuser_agent = "acme-ci/1"\n',
    )
    expect(routeHeaders(catalogue.route('anthropic'), facts)).toEqual({ 'user-agent': 'claw/1.2.3', 'anthropic-version': '2023-06-01' })
    expect(routeHeaders(catalogue.route('openrouter'), facts)).toEqual({ 'user-agent': 'claw/1.2.3', 'x-openrouter-title': 'claw' })
    expect(routeHeaders(catalogue.route('acme'), facts)).toEqual({ 'user-agent': 'acme-ci/1' })
  })

  it('of Anthropic go only where its protocol is spoken', async () => {
    const { catalogue } = await world('[providers.kimi-code]\nprotocol = "openai-chat"\n')
    expect(Object.keys(routeHeaders(catalogue.route('kimi-code'), facts)).filter((name) => name.startsWith('anthropic'))).toEqual([])
  })

  it('the dialect of a model is that of its route and what it differs in', async () => {
    const { catalogue } = await world()
    const route = catalogue.route('kimi-code')
    const k3 = route.entry.models.find(({ id }) => id === 'k3') ?? null
    expect([
      dialectOf(route, null).effort,
      dialectOf(route, k3).effort,
      dialectOf(route, k3).toolChoice,
      dialectOf(route, k3).sampling,
    ]).toEqual(['none', 'reasoning_effort', 'autoOnly', false])
  })
})

async function world(...given: Parameters<typeof credentialWorld>): Promise<TestWorld> {
  const made = await credentialWorld(...given)
  worlds.push(made)
  return made
}
