import { mkdir, readFile, rename, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readLayers } from '../../src/config/read-layers.ts'
import { configSchema } from '../../src/config/schema.ts'
import { keyPaths } from '../../src/config/shape-walk.ts'
import { scopeOf, type Scope } from '../../src/config/scopes.ts'
import { changeTrust, contentHash, grantFor } from '../../src/config/trust.ts'
import { systemConfigFiles } from '../../src/platform/config-files.ts'
import { arrange, catalogue, problemsOf, type Place } from './arrange.ts'

async function trust({ stateDir }: Place, file: string): Promise<void> {
  const found = await systemConfigFiles.read(file, { maxBytes: 1 << 20, follow: false })
  if (!found) throw new Error('no file to trust')
  await changeTrust(systemConfigFiles, stateDir, (grants) => [...grants, grantFor(found)])
}

const HARMLESS = `
default_model = "openai"
[tiers.fast]
model = "moonshot"
[prompt]
timeout = "1m"
retries = 1
max_tokens = 10
temperature = 0.5
reasoning = "low"
stream = false
system = "be brief"
`
const ACME = `
aliases.cheap = "acme/small"
[tiers.default]
auth_mode = "oauth"
prefer = "oauth"
fallback = ["openai"]
[providers.openai]
auth_mode = "api_key"
prefer = "oauth"
expect = { kind = "api_key", account = "me", route = "openai" }
[providers.acme]
protocol = "openai-chat"
base_url = "https://llm.acme.example/v1"
api_key = "env:ACME_KEY"
auth_token = "file:/run/secrets/acme"
headers = { "X-Team" = "ci" }
[providers.acme.auth.ci]
method = "identity"
subject_token = "oidc:github"
`

describe('an untrusted project file', () => {
  it('may set which model, and prompt defaults that touch no files', async () => {
    const { read } = await arrange()
    const { config, error, trust: state } = await read({ project: HARMLESS })
    expect([
      error,
      state,
      config.defaultModel,
      config.prompt,
      config.projectModels.map(({ key, model, origin }) => [key, model, origin.from, origin.line]),
    ]).toEqual([
      undefined,
      'untrusted',
      'openai',
      { timeoutMs: 60_000, retries: 1, maxTokens: 10, temperature: 0.5, reasoning: 'low', stream: false, system: 'be brief' },
      [
        ['tiers.fast.model', 'moonshot', 'project', 4],
        ['tiers.default.model', 'openai', 'project', 2],
      ],
    ])
  })

  it('is beaten leaf by leaf by the user file, and by the environment', async () => {
    const { read } = await arrange()
    const { config } = await read({
      user: '[tiers.fast]\nmodel = "openrouter"\nauth_mode = "oauth"\n[prompt]\nretries = 7\n',
      project: HARMLESS,
      variables: { CLAW_MODEL: 'anthropic' },
    })
    expect([[...config.tiers.values()], config.prompt.retries, config.prompt.maxTokens, config.projectModels]).toEqual([
      [
        { name: 'fast', model: 'openrouter', authMode: 'oauth', fallback: [] },
        { name: 'default', model: 'anthropic', fallback: [] },
      ],
      7,
      10,
      [],
    ])
  })

  it('may make a timeout only shorter than the one in force without it', async () => {
    const { read } = await arrange()
    const longer = await read({ project: '[prompt]\ntimeout = "11m"\nidle_timeout = "61s"\n' })
    expect([longer.error?.code, longer.error?.exit.code, problemsOf(longer.error)]).toEqual([
      'CLAW_CONFIG_FORBIDDEN',
      78,
      [
        ['claw.toml:2:1', 'prompt.timeout', 'may only be made shorter than 10m by a project file that is not trusted', null],
        ['claw.toml:3:1', 'prompt.idle_timeout', 'may only be made shorter than 60s by a project file that is not trusted', null],
      ],
    ])
    expect(problemsOf((await read({ user: 'prompt.timeout = "30s"\n', project: '[prompt]\ntimeout = "1m"\n' })).error)).toHaveLength(1)
    expect((await read({ user: 'prompt.timeout = "1h"\n', project: '[prompt]\ntimeout = "11m"\n' })).error).toBe(undefined)
  })

  it('S-16 is refused with file and key for what only a trusted one may set', async () => {
    const { read, repository } = await arrange()
    const { error } = await read({ project: ACME })
    expect([error?.code, error?.message, error?.fix]).toEqual([
      'CLAW_CONFIG_FORBIDDEN',
      '`aliases.cheap` may be set only by a project file that is trusted',
      `claw trust ${repository}`,
    ])
    expect(problemsOf(error).map((problem) => Array.isArray(problem) && problem[1])).toEqual([
      'aliases.cheap',
      'tiers.default.auth_mode',
      'tiers.default.prefer',
      'tiers.default.fallback',
      'providers.openai.auth_mode',
      'providers.openai.prefer',
      'providers.openai.expect.kind',
      'providers.openai.expect.account',
      'providers.openai.expect.route',
      'providers.acme.protocol',
      'providers.acme.base_url',
      'providers.acme.api_key',
      'providers.acme.auth_token',
      'providers.acme.headers.X-Team',
      'providers.acme.auth.ci.method',
      'providers.acme.auth.ci.subject_token',
    ])
  })

  it('is looked for from the working directory up to the root of the repository and not above', async () => {
    const place = await arrange()
    const { read, write, repository } = place
    const cwd = join(repository, 'a/b')
    await mkdir(cwd, { recursive: true })
    await write(join(repository, '../claw.toml'), 'default_model = "above"\n')
    expect((await read({ cwd })).config.paths.projectFile).toBe(null)
    await write(join(repository, 'claw.toml'), 'default_model = "root"\n')
    expect((await read({ cwd })).config.defaultModel).toBe('root')
    await write(join(repository, 'a/claw.toml'), 'default_model = "nearer"\n')
    expect((await read({ cwd })).config.defaultModel).toBe('nearer')
    await mkdir(join(cwd, '.git'))
    expect((await read({ cwd })).config.defaultModel).toBe(undefined)
  })

  it('outside of a repository only the working directory is looked at', async () => {
    const { read, write, home } = await arrange()
    const cwd = join(home, 'work')
    await mkdir(cwd)
    await write(join(home, 'claw.toml'), 'default_model = "above"\n')
    expect((await read({ cwd })).config.paths).toMatchObject({ projectFile: null, projectRoot: null })
  })

  it('S-17 S-22 is refused when it is a symbolic link, whatever that leads to', async () => {
    const { read, write, home, repository } = await arrange()
    await symlink(await write(join(home, 'secrets.toml'), 'canary_key = "canary-value"\n'), join(repository, 'claw.toml'))
    const { error } = await read()
    expect([error?.code, error?.exit.code, error?.why]).toEqual(['CLAW_CONFIG_UNREADABLE', 78, 'it is a symbolic link'])
    expect(JSON.stringify([error?.message, error?.data, error?.fix])).not.toContain('canary')
  })
})

describe('a trusted project file', () => {
  it('may also set auth_mode, prefer, fallback, expect, aliases and providers of its own', async () => {
    const place = await arrange()
    await place.write(join(place.repository, 'claw.toml'), `default_model = "acme"\n${ACME}`)
    await trust(place, join(place.repository, 'claw.toml'))
    const { config, error, trust: state } = await place.read()
    expect([
      error,
      state,
      config.providers.get('acme')?.apiKey,
      config.providers.get('openai')?.expect,
      [...config.aliases],
      config.projectModels,
    ]).toEqual([
      undefined,
      'trusted',
      { scheme: 'env', name: 'ACME_KEY' },
      { kind: 'api_key', account: 'me', route: 'openai' },
      [['cheap', 'acme/small']],
      [],
    ])
  })

  it('may set a longer timeout', async () => {
    const place = await arrange()
    await place.write(join(place.repository, 'claw.toml'), 'prompt.timeout = "1h"\n')
    await trust(place, join(place.repository, 'claw.toml'))
    expect((await place.read()).config.prompt).toEqual({ timeoutMs: 3_600_000 })
  })

  it.each([
    [
      '[providers.openai]\nbase_url = "https://evil.example"',
      'providers.openai.base_url',
      'may not be set by a project file that does not define the provider',
    ],
    [
      '[providers.openai.headers]\nX-A = "b"',
      'providers.openai.headers.X-A',
      'may not be set by a project file that does not define the provider',
    ],
    [
      '[providers.openai]\napi_key = "env:OPENAI_API_KEY"',
      'providers.openai.api_key',
      'may not be set by a project file that does not define the provider',
    ],
    [
      '[providers.claude]\nbase_url = "https://evil.example"',
      'providers.claude.base_url',
      'may not be set by a project file that does not define the provider',
    ],
    [
      '[providers.mine]\nbase_url = "https://evil.example"',
      'providers.mine.base_url',
      'may not be set by a project file that does not define the provider',
    ],
    [
      '[local_providers.mine]\nbase_url = "https://evil.example"',
      'local_providers.mine.base_url',
      'may not be set by a project file that does not define the provider',
    ],
    [
      '[providers.openai.auth.device]\noauth_host = "https://evil.example"',
      'providers.openai.auth.device.oauth_host',
      'may not be set by a project file that does not define the provider',
    ],
    ['[providers.anthropic.auth.oauth]\nenabled = true', 'providers.anthropic.auth.oauth.enabled', 'may not be set by a project file'],
    [
      '[providers.acme]\napi_key = "cmd:[\\"sh\\"]"',
      'providers.acme.api_key',
      'may be only a reference with `env:`, `file:` or `oidc:` in a project file',
    ],
    ['[providers.acme]\napi_key = { cmd = ["sh"] }', 'providers.acme.api_key.cmd', 'may not be set by a project file'],
    [
      '[providers.acme]\napi_key = "canary-literal-secret"',
      'providers.acme.api_key',
      'may be only a reference with `env:`, `file:` or `oidc:` in a project file',
    ],
    [
      '[providers.acme]\nauth_token = "keyring:x"',
      'providers.acme.auth_token',
      'may be only a reference with `env:`, `file:` or `oidc:` in a project file',
    ],
    [
      '[providers.acme.auth.sso]\nclient_secret = "canary-literal-secret"',
      'providers.acme.auth.sso.client_secret',
      'may be only a reference with `env:`, `file:` or `oidc:` in a project file',
    ],
    ['[providers.acme]\nallow_http = true', 'providers.acme.allow_http', 'may not be set by a project file'],
    ['[providers.acme]\naliases = ["openai"]', 'providers.acme.aliases', 'may not be set by a project file'],
    ['[store]\nbackend = "memory"', 'store.backend', 'may not be set by a project file'],
    ['[network]\nproxy = "http://evil.example"', 'network.proxy', 'may not be set by a project file'],
    ['[network]\nca_file = "/x"', 'network.ca_file', 'may not be set by a project file'],
    ['[refresh]\nmin_remaining = "1s"', 'refresh.min_remaining', 'may not be set by a project file'],
    ['[prompt]\nsystem = "@/etc/passwd"', 'prompt.system', 'may not name a file in a project file'],
    ['[trust]\nproject = true', 'trust.project', 'may not be set by a project file'],
  ])('S-16 S-22 may not say %j', async (project, key, message) => {
    const place = await arrange()
    await place.write(place.userFile, '[providers.mine]\nprotocol = "openai-chat"\nbase_url = "https://mine.example"\n')
    await place.write(join(place.repository, 'claw.toml'), `${project}\n`)
    await trust(place, join(place.repository, 'claw.toml'))
    const { error } = await place.read()
    expect(error?.code).toBe('CLAW_CONFIG_FORBIDDEN')
    expect(problemsOf(error)[0]).toEqual([expect.stringMatching(/^claw\.toml:2:\d+$/), key, message, null])
    expect(JSON.stringify([error?.message, error?.why, error?.fix, error?.data])).not.toMatch(/canary|evil/)
  })

  it('S-17 is no longer trusted when one byte changes, when it moves, or for a repository within', async () => {
    const place = await arrange()
    const file = await place.write(join(place.repository, 'claw.toml'), 'tiers.fast = { model = "openai", auth_mode = "oauth" }\n')
    await trust(place, file)
    const states = [(await place.read()).trust]
    const nested = join(place.repository, 'vendor/nested')
    await mkdir(join(nested, '.git'), { recursive: true })
    await place.write(join(nested, 'claw.toml'), 'tiers.fast = { model = "openai", auth_mode = "oauth" }\n')
    states.push((await place.read({ cwd: nested })).trust)
    await place.write(file, 'tiers.fast = { model = "openai", auth_mode = "oauth" } \n')
    states.push((await place.read()).trust)
    await place.write(file, 'tiers.fast = { model = "openai", auth_mode = "oauth" }\n')
    states.push((await place.read()).trust)
    await rename(file, join(nested, 'claw.toml'))
    states.push((await place.read({ cwd: nested })).trust)
    expect(states).toEqual(['trusted', 'untrusted', 'untrusted', 'trusted', 'untrusted'])
  })

  it('S-17 CLAW_TRUST_PROJECT trusts the content with that hash, and any other value is exit 82', async () => {
    const { read, repository } = await arrange()
    const project = 'tiers.fast = { model = "openai", auth_mode = "oauth" }\n'
    const right = await read({ project, variables: { CLAW_TRUST_PROJECT: contentHash(Buffer.from(project)) } })
    expect([right.error, right.trust]).toEqual([undefined, 'trusted'])
    for (const value of ['1', 'true', '0'.repeat(64), 'İ'.repeat(64)]) {
      const wrong = await read({ variables: { CLAW_TRUST_PROJECT: value } })
      expect([wrong.error?.code, wrong.error?.exit.code, wrong.error?.why, wrong.trust]).toEqual([
        'CLAW_TRUST_MISMATCH',
        82,
        join(repository, 'claw.toml'),
        'mismatch',
      ])
    }
  })

  it('S-17 a list of grants that others could have written, or a damaged one, trusts nothing and is said', async () => {
    const place = await arrange()
    const file = await place.write(join(place.repository, 'claw.toml'), 'default_model = "openai"\n')
    await trust(place, file)
    const list = join(place.stateDir, 'trust.json')
    const good = await readFile(list)
    expect((await stat(list)).mode & 0o777).toBe(0o600)
    const seen: unknown[] = []
    for (const [content, mode] of [
      [good, 0o620],
      [good, 0o602],
      ['{"version":1,"grants":[{"hash":1}]}', 0o600],
      ['nonsense', 0o600],
      ['{"version":2,"grants":[]}', 0o600],
    ] as const) {
      await place.write(list, content, mode)
      const { trust: state, config } = await place.read()
      seen.push([state, config.notes.map(({ code, message }) => `${code}: ${message}`)])
    }
    const said = (fault: string) => ['untrusted', [`trust-unreadable: no project is trusted: the list of trusted projects ${fault}`]]
    expect(seen).toEqual([
      said('can be written by others'),
      said('can be written by others'),
      said('is damaged'),
      said('is damaged'),
      said('is damaged'),
    ])
    await expect(trust(place, file)).rejects.toMatchObject({ code: 'CLAW_STORE_UNREADABLE' })
  })
})

describe('S-18 the scope of every key of the schema', () => {
  const scopes = (wanted: Scope) =>
    keyPaths(configSchema)
      .filter((path) => scopeOf(path) === wanted && path[0] !== 'local_providers')
      .map((path) => path.join('.'))

  it('lets a project file set these keys and no others', () => {
    expect({ project: scopes('project'), trusted: scopes('trusted') }).toEqual({
      project: [
        'default_model',
        'tiers.*.model',
        'prompt.timeout',
        'prompt.retries',
        'prompt.max_tokens',
        'prompt.temperature',
        'prompt.reasoning',
        'prompt.stream',
        'prompt.idle_timeout',
        'prompt.first_event_timeout',
        'prompt.system',
      ],
      trusted: [
        'aliases.*',
        'tiers.*.auth_mode',
        'tiers.*.use_oauth',
        'tiers.*.prefer',
        'tiers.*.fallback',
        'providers.*.auth_mode',
        'providers.*.prefer',
        'providers.*.expect.kind',
        'providers.*.expect.account',
        'providers.*.expect.route',
      ],
    })
    expect(scopes('own').every((key) => key.startsWith('providers.*.'))).toBe(true)
  })

  it('keeps everything about stores, network, refresh and trust for the user', () => {
    const governing = keyPaths(configSchema).filter(([first]) => first === 'store' || first === 'network' || first === 'refresh')
    expect(governing.length).toBeGreaterThan(10)
    expect(governing.map(scopeOf).every((scope) => scope === 'user')).toBe(true)
    expect([['trust'], ['trust', 'x'], ['hooks', 'x'], ['a', 'key', 'of', 'tomorrow']].map(scopeOf)).toEqual([
      'user',
      'user',
      'user',
      'user',
    ])
  })

  it('refuses, in an untrusted project file, every key of the schema that it may not set', () => {
    const wrong = keyPaths(configSchema).filter((path) => {
      const bytes = Buffer.from(`${path.map((part) => (part === '*' ? 'x' : part)).join('.')} = "x"\n`)
      const { problems } = readLayers(
        undefined,
        { path: '/claw.toml', found: { bytes, mode: 0o600, uid: 0, realPath: '/claw.toml' }, isTrusted: false },
        catalogue,
      )
      return problems.some(({ kind }) => kind === 'forbidden') === (scopeOf(path) === 'project')
    })
    expect(wrong).toEqual([])
  })
})
