import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import { arrange, problemsOf } from './arrange.ts'

describe('without any file', () => {
  it('everything has its default and the paths are those of XDG', async () => {
    const { read, home, stateDir, repository } = await arrange()
    const { config, error, trust } = await read()
    expect({ ...config, values: undefined, origins: undefined }).toEqual({
      aliases: new Map(),
      tiers: new Map(),
      providers: new Map(),
      enabled: [],
      store: { backend: 'file', leaseMs: 40_000, waitMs: 60_000, requestTimeoutMs: 15_000, boundToMachine: false, followSymlink: false },
      network: {},
      refresh: {},
      prompt: {},
      paths: { userFile: join(home, '.config/claw/config.toml'), projectFile: null, projectRoot: repository, stateDir },
      projectModels: [],
      notes: [],
      values: undefined,
      origins: undefined,
    })
    expect([error, trust]).toEqual([undefined, 'none'])
  })

  it('a machine without a home has no paths and environment settings go on working', async () => {
    const { request } = await arrange()
    const config = await loadConfig({ ...request({ variables: { CLAW_MODEL: 'openai' } }), machine: { home: undefined, cwd: '/' } })
    expect([config.paths, config.defaultModel]).toEqual([
      { userFile: null, projectFile: null, projectRoot: null, stateDir: null },
      'openai',
    ])
  })
})

const SPEC = `
[aliases]
cheap = "zai-coding/glm-5.2"

[tiers.default]
model = "moonshot"
auth_mode = "auto"
prefer = "api_key"
profile = "ci"
fallback = ["tier:fast"]
[tiers.fast]
model = "openai/gpt-5.4-mini"
[tiers.local]
model = "ollama/llama3"
[local_providers.lab]
protocol = "openai-chat"
base_url = "http://127.0.0.1:8000/v1"

[providers.openai]
api_key = "file:/run/secrets/openai"
expect = { kind = "api_key" }

[providers.anthropic]
auth_token = "cmd:[\\"op\\",\\"read\\",\\"op://ci/anthropic/token\\"]"
[providers.anthropic.auth.oauth]
enabled = true
[providers.anthropic.auth.ci]
method = "identity"
subject_token = "oidc:github?audience=https://api.anthropic.com"
federation_rule_id = "fdrl_1"
organization_id = "org"

[providers.acme]
protocol = "openai-chat"
base_url = "https://llm.acme.example/v1"
models = ["acme-large"]
headers = { "X-Team" = "ci" }
user_agent = "acme-ci/1"
[providers.acme.auth.sso]
method = "device"
issuer = "https://sso.acme.example/realms/main"
client_id = "claw"
scope = "openid offline_access"

[store]
backend = "file"
key = "file:/run/secrets/claw-store-key"
lease = "40s"
wait = "60s"
request_timeout = "15s"
[network]
proxy = "http://proxy.example:3128"
ca_file = "/etc/ssl/corp.pem"

[refresh]
min_remaining = "5m"
[prompt]
timeout = "10m"
retries = 3
`

describe('a user file', () => {
  it('the file of the contract becomes a typed configuration', async () => {
    const { read, userFile } = await arrange()
    const { config, error } = await read({ user: SPEC })
    const origin = (line: number) => ({ from: 'user', name: userFile, line })
    expect(error).toBe(undefined)
    expect({
      defaultModel: config.defaultModel,
      aliases: [...config.aliases],
      tiers: [...config.tiers.values()],
      providers: [...config.providers.values()],
      store: config.store,
      network: config.network,
      refresh: config.refresh,
      prompt: config.prompt,
      notes: config.notes,
    }).toEqual({
      defaultModel: 'moonshot',
      aliases: [['cheap', 'zai-coding/glm-5.2']],
      tiers: [
        { name: 'default', model: 'moonshot', authMode: 'auto', prefer: 'api_key', profile: 'ci', fallback: ['tier:fast'] },
        { name: 'fast', model: 'openai/gpt-5.4-mini', fallback: [] },
        { name: 'local', model: 'ollama/llama3', fallback: [] },
      ],
      providers: [
        {
          id: 'openai',
          local: false,
          apiKey: { scheme: 'file', path: '/run/secrets/openai' },
          expect: { kind: 'api_key' },
          overrides: {},
          auth: {},
          origin: origin(19),
        },
        {
          id: 'anthropic',
          local: false,
          authToken: { scheme: 'cmd', argv: ['op', 'read', 'op://ci/anthropic/token'], env: [] },
          overrides: {},
          auth: {
            oauth: { enabled: true },
            ci: {
              method: 'identity',
              subjectToken: { scheme: 'oidc', source: 'github', audience: 'https://api.anthropic.com' },
              ids: { federation_rule_id: 'fdrl_1', organization_id: 'org' },
            },
          },
          origin: origin(23),
        },
        {
          id: 'acme',
          local: false,
          protocol: 'openai-chat',
          baseUrl: 'https://llm.acme.example/v1',
          overrides: { models: [{ id: 'acme-large' }], headers: { 'X-Team': 'ci' }, userAgent: 'acme-ci/1' },
          auth: {
            sso: {
              method: 'device',
              issuer: 'https://sso.acme.example/realms/main',
              clientId: 'claw',
              scopes: ['openid', 'offline_access'],
            },
          },
          origin: origin(33),
        },
        {
          id: 'lab',
          local: true,
          protocol: 'openai-chat',
          baseUrl: 'http://127.0.0.1:8000/v1',
          overrides: {},
          auth: {},
          origin: origin(15),
        },
      ],
      store: {
        backend: 'file',
        key: { scheme: 'file', path: '/run/secrets/claw-store-key' },
        leaseMs: 40_000,
        waitMs: 60_000,
        requestTimeoutMs: 15_000,
        boundToMachine: false,
        followSymlink: false,
      },
      network: { proxy: 'http://proxy.example:3128', caFile: '/etc/ssl/corp.pem' },
      refresh: { minRemainingMs: 300_000 },
      prompt: { timeoutMs: 600_000, retries: 3 },
      notes: [],
    })
  })

  it('default_model is short for tiers.default.model, and both set are a fault', async () => {
    const { read } = await arrange()
    const short = await read({ user: 'default_model = "openai"\n[tiers.default]\nauth_mode = "oauth"\n' })
    expect([short.config.defaultModel, short.config.tiers.get('default')]).toEqual([
      'openai',
      { name: 'default', model: 'openai', authMode: 'oauth', fallback: [] },
    ])
    const both = await read({ user: 'default_model = "openai"\ntiers.default.model = "moonshot"\n' })
    expect([both.error?.code, both.error?.fix, problemsOf(both.error)]).toEqual([
      'CLAW_CONFIG_INVALID',
      'remove one of the two lines',
      [['config.toml:1:1', 'default_model', 'is short for `tiers.default.model`, and both are set', null]],
    ])
  })

  it('use_oauth = true is read as oauth only when auth_mode is absent', async () => {
    const { read } = await arrange()
    const { config } = await read({
      user: '[tiers.a]\nmodel = "openai"\nuse_oauth = true\n[tiers.b]\nmodel = "openai"\nuse_oauth = true\nauth_mode = "api_key"\n[tiers.c]\nmodel = "openai"\nuse_oauth = false\n',
    })
    expect([...config.tiers.values()].map(({ name, authMode }) => [name, authMode])).toEqual([
      ['a', 'oauth'],
      ['b', 'api_key'],
      ['c', undefined],
    ])
  })

  it('every field of a catalogue entry can be overridden under its name, sign-in fields included', async () => {
    const { read } = await arrange()
    const { config, error } = await read({
      user: `
[providers.kimi-code]
default_model = "k3"
region = "global"
openai_base_url = "https://api.kimi.example/v1"
feed = "any"
regions = { china = "https://api.kimi.cn.example" , global = { base_url = "https://a.example", oauth_host = "https://b.example" } }
models = ["k3", { id = "k4", context = 100, output_tokens = 7, dialect = { think_tags = true } }]
limits = { requests_per_5h = [1, 2], max_concurrent = 3 }
[providers.kimi-code.dialect]
max_tokens_field = "max_tokens"
extra_body = { enable_thinking = true }
[providers.kimi-code.auth.device]
oauth_host = "http://127.0.0.1:9"
extra_headers = { "X-Msh-Platform" = "claw" }
default_interval_s = 1
[providers.anthropic.auth.federation]
default_audience = "https://x.example"
token_endpoint = "https://x.example/token"
`,
    })
    const { overrides, auth, feed, region } = config.providers.get('kimi-code') ?? {}
    expect([error, overrides, auth, feed, region, config.providers.get('anthropic')?.auth]).toEqual([
      undefined,
      {
        defaultModel: 'k3',
        baseUrls: { 'openai-chat': 'https://api.kimi.example/v1' },
        regions: {
          china: { baseUrl: 'https://api.kimi.cn.example' },
          global: { baseUrl: 'https://a.example', oauthHost: 'https://b.example' },
        },
        models: [{ id: 'k3' }, { id: 'k4', contextTokens: 100, outputTokens: 7, dialect: { thinkTags: true } }],
        limits: { requestsPer5h: [1, 2], maxConcurrent: 3 },
        dialect: { maxTokensField: 'max_tokens', extraBody: { enable_thinking: true } },
      },
      { device: { oauthHost: 'http://127.0.0.1:9', extraHeaders: { 'X-Msh-Platform': 'claw' }, defaultIntervalS: 1 } },
      'any',
      'global',
      { federation: { method: 'identity', federation: { defaultAudience: 'https://x.example', tokenUrl: 'https://x.example/token' } } },
    ])
  })

  it('a missing default file is no fault, a missing file that was named is', async () => {
    const { read, home } = await arrange()
    const byFlag = await read({ flags: { configFile: 'nowhere.toml' } })
    const byVariable = await read({ variables: { CLAW_CONFIG: join(home, 'nowhere.toml') } })
    expect([byFlag.error?.code, byFlag.error?.message, byVariable.error?.code, byVariable.error?.message]).toEqual([
      'CLAW_FILE_UNREADABLE',
      'the configuration file that `--config` names does not exist',
      'CLAW_FILE_UNREADABLE',
      'the configuration file that `CLAW_CONFIG` names does not exist',
    ])
  })

  it('CLAW_CONFIG beats CLAW_HOME, which moves both the file and the state, and --config beats all', async () => {
    const { read, write, home } = await arrange()
    const moved = join(home, 'moved')
    await write(join(moved, 'config.toml'), 'default_model = "moved"\n')
    const other = await write(join(home, 'other.toml'), 'default_model = "other"\n')
    const flagged = await write(join(home, 'flagged.toml'), 'default_model = "flagged"\n')
    const variables = { CLAW_HOME: moved }
    const seen = [
      await read({ variables }),
      await read({ variables: { ...variables, CLAW_CONFIG: other } }),
      await read({ variables: { ...variables, CLAW_CONFIG: other }, flags: { configFile: flagged } }),
      await read({ variables: { XDG_CONFIG_HOME: join(home, 'c'), XDG_STATE_HOME: join(home, 's') } }),
    ]
    expect(seen.map(({ config }) => [config.defaultModel, config.paths.userFile, config.paths.stateDir])).toEqual([
      ['moved', join(moved, 'config.toml'), join(moved, 'state')],
      ['other', other, join(moved, 'state')],
      ['flagged', flagged, join(moved, 'state')],
      [undefined, join(home, 'c/claw/config.toml'), join(home, 's/claw')],
    ])
  })

  it('a literal secret is accepted in a file of mode 0600 with a note, and refused in any other', async () => {
    const { read, write, userFile } = await arrange()
    const user = '[providers.openai]\napi_key = "sk-canary-0123456789"\n'
    const kept = await read({ user })
    expect([kept.error, kept.config.providers.get('openai')?.apiKey?.scheme, kept.config.notes]).toEqual([
      undefined,
      'literal',
      [{ code: 'literal-secret', message: `\`providers.openai.api_key\` holds a secret written out in ${userFile}` }],
    ])
    await write(userFile, user, 0o640)
    const open = await read()
    expect([open.error?.code, open.error?.fix, problemsOf(open.error)]).toEqual([
      'CLAW_CONFIG_INVALID',
      `chmod 600 ${userFile}`,
      [
        [
          'config.toml:2:1',
          'providers.openai.api_key',
          'is a secret written out, in a file that others can read (its mode must be 0600)',
          null,
        ],
      ],
    ])
  })

  it('a password in a proxy or store address counts as a literal secret', async () => {
    const { read, write, userFile } = await arrange()
    const user =
      '[network]\nproxy = "http://user:canary-password@proxy.example:3128"\n[store]\nbackend = "redis"\nurl = "rediss://:canary-password@redis.example"\nkey = "env:K"\n'
    await write(userFile, user, 0o644)
    expect(problemsOf((await read()).error).map((problem) => Array.isArray(problem) && problem[1])).toEqual(['store.url', 'network.proxy'])
    const kept = await read({ user })
    expect([kept.error, kept.config.notes.map(({ code }) => code)]).toEqual([undefined, ['literal-secret', 'literal-secret']])
  })

  it('a file that everybody may write is refused', async () => {
    const { read, write, userFile } = await arrange()
    await write(userFile, '', 0o666)
    expect((await read()).error).toMatchObject({
      code: 'CLAW_INSECURE',
      message: 'the configuration file can be written by everybody',
      fix: `chmod 600 ${userFile}`,
    })
  })
})

describe('the environment', () => {
  it('beats the file, and a flag beats both', async () => {
    const { read } = await arrange()
    const user = '[tiers.default]\nmodel = "openai"\nauth_mode = "api_key"\n[store]\nbackend = "keyring"\n'
    const variables = {
      CLAW_MODEL: 'moonshot',
      CLAW_AUTH_MODE: 'oauth',
      CLAW_AUTH_PREFER: 'oauth',
      CLAW_PROFILE: 'ci',
      CLAW_STORE: 'memory',
      CLAW_TIMEOUT: '90',
    }
    const { config } = await read({ user, variables })
    const flagged = await read({ user, variables, flags: { profile: 'mine' } })
    expect([
      config.defaultModel,
      config.tiers.get('default'),
      config.authMode,
      config.prefer,
      config.profile,
      config.store.backend,
      config.timeoutMs,
      flagged.config.profile,
    ]).toEqual([
      'moonshot',
      { name: 'default', model: 'moonshot', authMode: 'api_key', fallback: [] },
      'oauth',
      'oauth',
      'ci',
      'memory',
      90_000,
      'mine',
    ])
  })

  it('an empty variable is an unset one', async () => {
    const { read } = await arrange()
    const variables = {
      CLAW_MODEL: '',
      CLAW_AUTH_MODE: '',
      CLAW_STORE: '',
      CLAW_HOME: '',
      CLAW_CONFIG: '',
      CLAW_ENABLE: '',
      CLAW_TIMEOUT: '',
    }
    const { config, error } = await read({ variables })
    expect([error, config.defaultModel, config.authMode, config.enabled, config.store.backend]).toEqual([
      undefined,
      undefined,
      undefined,
      [],
      'file',
    ])
  })

  it('CLAW_ENABLE switches methods on by provider and id', async () => {
    const { read } = await arrange()
    expect((await read({ variables: { CLAW_ENABLE: 'anthropic/oauth, anthropic/setup-token' } })).config.enabled).toEqual([
      'anthropic/oauth',
      'anthropic/setup-token',
    ])
  })

  it('a store address stays in the environment, and so does a store key', async () => {
    const { read } = await arrange()
    const variables = { CLAW_STORE: 'postgres://claw:canary-password@db.example/claw', CLAW_STORE_KEY: 'Y2FuYXJ5' }
    const { config, error } = await read({ variables })
    expect([error, config.store.backend, config.store.url, config.store.key]).toEqual([
      undefined,
      'postgres',
      { scheme: 'env', name: 'CLAW_STORE' },
      { scheme: 'env', name: 'CLAW_STORE_KEY' },
    ])
    const file = await read({ variables: { CLAW_STORE_KEY_FILE: '/run/secrets/key' } })
    expect(file.config.store.key).toEqual({ scheme: 'file', path: '/run/secrets/key' })
  })

  it.each([
    [{ CLAW_STORE_KEY: 'a', CLAW_STORE_KEY_FILE: '/b' }, 'CLAW_STORE_KEY', 'and `CLAW_STORE_KEY_FILE` are both set', null],
    [{ CLAW_STORE_KEY_FILE: 'key' }, 'CLAW_STORE_KEY_FILE', 'must be an absolute path', null],
    [
      { CLAW_STORE: 'flie' },
      'CLAW_STORE',
      'must be `file`, `keyring`, `memory`, or an address that begins with `postgres://` or `rediss://`',
      'file',
    ],
    [
      { CLAW_STORE: 'mysql://x' },
      'CLAW_STORE',
      'must be `file`, `keyring`, `memory`, or an address that begins with `postgres://` or `rediss://`',
      null,
    ],
    [{ CLAW_AUTH_MODE: 'oatuh' }, 'CLAW_AUTH_MODE', 'must be `auto`, `api_key`, `oauth`', 'oauth'],
    [{ CLAW_AUTH_PREFER: 'always' }, 'CLAW_AUTH_PREFER', 'must be `api_key`, `oauth`', null],
    [{ CLAW_PROFILE: '../x' }, 'CLAW_PROFILE', 'is no name of a profile: lower-case letters, digits, `-` and `_`, at most 64', null],
    [{ CLAW_MODEL: 'a b' }, 'CLAW_MODEL', 'must be a model reference, as in `provider/model`', null],
    [{ CLAW_TIMEOUT: 'soon' }, 'CLAW_TIMEOUT', 'must be a duration, as in `30s`', null],
    [{ CLAW_TIMEOUT: '0' }, 'CLAW_TIMEOUT', 'must be a duration, as in `30s`', null],
    [
      { CLAW_ENABLE: 'anthropic' },
      'CLAW_ENABLE',
      'must list methods by provider and id, as in `anthropic/oauth,anthropic/setup-token`',
      null,
    ],
    [{ CLAW_ENABLE: 'anthropic/oath' }, 'CLAW_ENABLE', 'names a method that `anthropic` does not have', 'anthropic/oauth'],
  ])('%j is a fault of the environment', async (variables, key, message, meant) => {
    const { read } = await arrange()
    const { error } = await read({ variables: variables as Record<string, string> })
    expect([error?.code, error?.exit.code, problemsOf(error)]).toEqual([
      'CLAW_CONFIG_INVALID',
      78,
      [['environment:null:null', key, message, meant]],
    ])
  })
})

describe('a shared store', () => {
  it('needs an address and a key', async () => {
    const { read } = await arrange()
    expect(problemsOf((await read({ user: '[store]\nbackend = "postgres"\n' })).error)).toEqual([
      ['config.toml:2:1', 'store.backend', '`postgres` needs an address', null],
      ['config.toml:2:1', 'store.backend', '`postgres` needs a key that encrypts what leaves this process', null],
    ])
    expect((await read({ user: '[store]\nbackend = "redis"\nurl = "env:URL"\nkey = "env:KEY"\n' })).error).toBe(undefined)
  })

  it('waits longer than its lease unless told otherwise, and its lease is longer than a request', async () => {
    const { read } = await arrange()
    expect((await read({ user: 'store.lease = "2m"\n' })).config.store).toMatchObject({ leaseMs: 120_000, waitMs: 140_000 })
    expect(problemsOf((await read({ user: 'store.lease = "10s"\n' })).error)).toEqual([
      [
        'config.toml:1:7',
        'store.lease',
        'must be longer than `store.request_timeout`: a refresh is sent only under a lease that outlives it',
        null,
      ],
    ])
  })
})
