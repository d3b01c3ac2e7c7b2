import { execFileSync } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemConfigFiles } from '../../src/platform/config-files.ts'
import { readLayers } from '../../src/config/read-layers.ts'
import { arrange, catalogue, problemsOf } from './arrange.ts'

describe('a fault has file, line, column, key and the nearest known key', () => {
  it.each([
    ['defualt_model = "x"', [1, 1, 'defualt_model', 'is no key of the configuration', 'default_model']],
    ['[tiers.fast]\n  modle = "x"\nmodel = "openai"', [2, 3, 'tiers.fast.modle', 'is no key of the configuration', 'model']],
    ['[providers.openai]\nquux = 1', [2, 1, 'providers.openai.quux', 'is no key of the configuration', null]],
    ['[provider.openai]\napi_key = "env:A"', [1, 11, 'provider', 'is no key of the configuration', 'providers']],
    ['providers.openai = { api_kye = "env:A" }', [1, 22, 'providers.openai.api_kye', 'is no key of the configuration', 'api_key']],
    [
      'providers.openai.api_key = { cmd = ["a"], evn = ["B"] }',
      [1, 43, 'providers.openai.api_key.evn', 'is no key of the configuration', 'env'],
    ],
    [
      '[providers.openai]\nmodels = [\n  "a",\n  { id = "b", contxt = 1 },\n]',
      [4, 15, 'providers.openai.models.1.contxt', 'is no key of the configuration', 'context'],
    ],
    [
      '[[providers.openai.models]]\nid = "a"\n[[providers.openai.models]]\nname = "b"',
      [3, 20, 'providers.openai.models.1.id', 'is missing', null],
    ],
    [
      '[providers.openai.auth.device]\nmethod = "device"\nissuer = "https://a.example"\nclient_id = "b"\nscop = "c"',
      [5, 1, 'providers.openai.auth.device.scop', 'is no key of the configuration', 'scope'],
    ],
    ['"tiers" . \'fast\' . "mod\\u0065l" = 5', [1, 20, 'tiers.fast.model', 'must be a text in quotes', null]],
    ['tiers = 5', [1, 1, 'tiers', 'must be a table', null]],
    ['[tiers.fast]\nmodel = "x"\nfallback = "y"', [3, 1, 'tiers.fast.fallback', 'must be a list', null]],
    ['[tiers.fast]\nmodel = "x"\nfallback = ["a", 1]', [3, 18, 'tiers.fast.fallback.1', 'must be a text in quotes', null]],
    ['[tiers.fast]\nmodel = "x"\nfallback = ["tier:slow"]', [3, 1, 'tiers.fast.fallback', 'names a tier that does not exist', null]],
    ['[tiers.fast]\nauth_mode = "oauth"', [1, 8, 'tiers.fast', 'needs `model`', null]],
    ['[tiers.fast]\nmodel = "x"\nauth_mode = "oath"', [3, 1, 'tiers.fast.auth_mode', 'must be `auto`, `api_key` or `oauth`', 'oauth']],
    ['[tiers.Fast]\nmodel = "x"', [1, 8, 'tiers.Fast', 'is no name: lower-case letters, digits, `-` and `_`, at most 64', null]],
    ['[tiers."fa.st"]\nmodel = "x"', [1, 8, 'tiers."fa.st"', 'is no name: lower-case letters, digits, `-` and `_`, at most 64', null]],
    ['aliases.openai = "x"', [1, 9, 'aliases.openai', 'is the name of a provider', null]],
    ['[prompt]\ntimeout = "soon"', [2, 1, 'prompt.timeout', 'must be a duration, as in `500ms`, `30s`, `10m`, `2h`, `7d`', null]],
    ['[prompt]\ntimeout = true', [2, 1, 'prompt.timeout', 'must be a duration, as in `500ms`, `30s`, `10m`, `2h`, `7d`', null]],
    ['[prompt]\nretries = 1.5', [2, 1, 'prompt.retries', 'must be a whole number', null]],
    ['[prompt]\nretries = -1', [2, 1, 'prompt.retries', 'must be at least 0', null]],
    ['[prompt]\ntemperature = 3', [2, 1, 'prompt.temperature', 'must be at most 2', null]],
    ['[prompt]\ntemperature = nan', [2, 1, 'prompt.temperature', 'must be a finite number', null]],
    ['[prompt]\nstream = "yes"', [2, 1, 'prompt.stream', 'must be `true` or `false`', null]],
    ['[prompt]\nsystem = 2026-01-01', [2, 1, 'prompt.system', 'must be a text in quotes', null]],
    ['[store]\nbackend = "sqlite"', [2, 1, 'store.backend', 'must be `file`, `keyring`, `postgres`, `redis` or `memory`', null]],
    ['[network]\nca_file = "corp.pem"', [2, 1, 'network.ca_file', 'must be an absolute path', null]],
    ['[network]\nproxy = "proxy:3128"', [2, 1, 'network.proxy', 'must be the address of a proxy, as in `http://proxy.example:3128`', null]],
    [
      '[providers.opnai]\napi_key = "env:A"',
      [1, 12, 'providers.opnai', 'is no provider of the catalogue, and one of your own needs `protocol` and `base_url`', 'openai'],
    ],
    ['[providers.claude]\nregion = "x"', [1, 12, 'providers.claude', 'is another name of `anthropic`: set the keys there', 'anthropic']],
    [
      '[providers.status]\nprotocol = "openai-chat"\nbase_url = "https://a.example"',
      [1, 12, 'providers.status', 'is a word of `claw auth` and no name for a provider', null],
    ],
    [
      '[providers.ollama]\nregion = "x"\n[local_providers.ollama]\nregion = "x"',
      [3, 18, 'local_providers.ollama', 'is defined under `providers` too', null],
    ],
    [
      '[providers.openai]\nprotocol = "openai"',
      [
        2,
        1,
        'providers.openai.protocol',
        'must be `anthropic-messages`, `openai-chat`, `openai-responses` or `codex-responses`',
        'openai-chat',
      ],
    ],
    [
      '[providers.openai]\nbase_url = "https://user:pw@a.example"',
      [
        2,
        1,
        'providers.openai.base_url',
        'must be an address that begins with `https://` (or `http://`), without user name, query and fragment',
        null,
      ],
    ],
    [
      '[providers.openai]\nbase_url = "http://a.example"\napi_key = "env:A"',
      [
        2,
        1,
        'providers.openai.base_url',
        'would carry the credential over the network without TLS: use `https://`, or say `allow_http = true`',
        null,
      ],
    ],
    [
      '[providers.openai.headers]\nAuthorization = "Bearer x"',
      [
        2,
        1,
        'providers.openai.headers.Authorization',
        'is no header that a configuration may set: a credential belongs in `api_key` or `auth_token`, a name in `user_agent`',
        null,
      ],
    ],
    ['[providers.openai.headers]\nX-A = "a\\nb"', [2, 1, 'providers.openai.headers.X-A', 'must be visible ASCII', null]],
    [
      '[providers.anthropic.auth.oath]\nenabled = true',
      [1, 27, 'providers.anthropic.auth.oath', 'is no method of this provider in the catalogue, and an own one needs `method`', 'oauth'],
    ],
    [
      '[providers.openai.auth.sso]\nmethod = "device"\nclient_id = "a"\ntoken_endpoint = "https://a.example"',
      [1, 24, 'providers.openai.auth.sso', 'needs `issuer`, or both `device_authorization_endpoint` and `token_endpoint`', null],
    ],
    [
      '[providers.openai.auth.sso]\nmethod = "pkce"\nissuer = "https://a.example"',
      [1, 24, 'providers.openai.auth.sso', 'needs `client_id`', null],
    ],
    [
      '[providers.openai.auth.sso]\nmethod = "pkce"\nissuer = "http://localhost:1"\nclient_id = "a"',
      [
        3,
        1,
        'providers.openai.auth.sso.issuer',
        'must be an https address, or a path that begins with `/`; http only for a literal loopback address',
        null,
      ],
    ],
    [
      '[providers.kimi-code.auth.device]\ntoken_url = "/a"\ntoken_endpoint = "/b"',
      [3, 1, 'providers.kimi-code.auth.device.token_endpoint', 'means the same as `token_url`, and both are set', null],
    ],
    [
      '[providers.openai]\napi_key = "op://vault/item/field"',
      [
        2,
        1,
        'providers.openai.api_key',
        'is an address of 1Password, which its own program must read',
        'cmd:["op","read","--no-newline","op://…"]',
      ],
    ],
    [
      '[providers.openai]\napi_key = "evn:OPENAI"',
      [2, 1, 'providers.openai.api_key', 'has no known scheme: env: file: cmd: cred: keyring: oidc:', 'env:'],
    ],
    ['a = 1\na = 2', [2, 1, '', 'the configuration file is not TOML', null]],
    ['[providers.openai]\napi_key = sk-canary-0123456789', [2, 11, '', 'the configuration file is not TOML', null]],
  ])('%j', async (user, [line, column, key, message, meant]) => {
    const { read } = await arrange()
    const { error } = await read({ user: `${user}\n` })
    expect([error?.code, error?.exit.code]).toEqual(['CLAW_CONFIG_INVALID', 78])
    expect(problemsOf(error)[0]).toEqual([`config.toml:${line}:${column}`, key, message, meant])
  })

  it('all faults of a file are told at once, the first in the message', async () => {
    const { read, userFile } = await arrange()
    const { error } = await read({ user: 'defualt_model = "x"\n[prompt]\nretries = "3"\ntimeot = 1\n' })
    expect({ message: error?.message, why: error?.why, fix: error?.fix, problems: error?.data.problems }).toEqual({
      message: '`defualt_model` is no key of the configuration',
      why: `in ${userFile}, line 1, column 1, and 2 more faults that \`claw config check\` lists`,
      fix: 'write `default_model`',
      problems: [
        { file: userFile, line: 1, column: 1, key: 'defualt_model', message: 'is no key of the configuration', nearest: 'default_model' },
        { file: userFile, line: 3, column: 1, key: 'prompt.retries', message: 'must be a number', nearest: null },
        { file: userFile, line: 4, column: 1, key: 'prompt.timeot', message: 'is no key of the configuration', nearest: 'timeout' },
      ],
    })
  })

  it('what is still good of a broken configuration can be looked at', async () => {
    const { read } = await arrange()
    const { config, error } = await read({ user: 'nonsense', project: 'default_model = "openai"\n', variables: { CLAW_PROFILE: 'ci' } })
    expect([error?.code, config.defaultModel, config.profile]).toEqual(['CLAW_CONFIG_INVALID', 'openai', 'ci'])
  })
})

describe('hostile files', () => {
  const CANARY = 'canary-5f2a91c7d3'
  const inEveryPlace = [
    `api_key = ${CANARY}`,
    `[providers.openai]\napi_key = "${CANARY}\\q"`,
    `[providers.openai]\napi_key = ["${CANARY}"]`,
    `[providers.openai]\napi_key = "weird:${CANARY}"`,
    `[providers.openai]\napi_key = "op://${CANARY}"`,
    `[providers.openai]\napi_key = "cmd:${CANARY}"`,
    `[providers.openai]\napi_key = "env:${CANARY} x"`,
    `[providers.openai]\napi_key = "${CANARY} with blanks"`,
    `[providers.openai]\nbase_url = "https://${CANARY}@host.example"`,
    `[providers.openai]\nprotocol = "${CANARY}"`,
    `[providers.openai.headers]\nAuthorization = "${CANARY}"`,
    `[store]\nurl = "mysql://${CANARY}"`,
    `[store]\nkey = 5 # ${CANARY}`,
    `[network]\nproxy = "${CANARY}"`,
    `default_model = """\n${CANARY}=\n"""`,
    `default_model = """\n${CANARY}=\n`,
    `[tiers.x]\nmodel = "openai"\nfallback = ["tier:${CANARY}"]`,
    `prompt.timeout = "${CANARY}"`,
    `providers.openai.auth.x.subject_token = "oidc:${CANARY}"`,
  ]

  it.each(inEveryPlace)('S-53 never repeats a value: %j', async (text) => {
    const { read } = await arrange()
    for (const more of [{ user: `${text}\n` }, { user: '', project: `${text}\n` }]) {
      const { error, config } = await read(more)
      expect(error?.exit.code).toBe(78)
      expect(JSON.stringify([error?.message, error?.why, error?.fix, error?.data, String(error), config.notes])).not.toContain(CANARY)
    }
  })

  it.each([
    ['[providers.__proto__]\nregion = "x"', 'providers.__proto__'],
    ['[providers.constructor]\nregion = "x"', 'providers.constructor'],
    ['[aliases]\nprototype = "x"', 'aliases.prototype'],
    ['[providers.openai.headers]\n"__proto__" = "x"', 'providers.openai.headers.__proto__'],
    ['__proto__ = { polluted = true }', '__proto__'],
  ])('S-10 refuses %j and pollutes nothing', async (user, key) => {
    const { read } = await arrange()
    const { error } = await read({ user: `${user}\n` })
    expect(problemsOf(error)[0]).toEqual([expect.anything(), key, 'is a name that no key may have', null])
    expect([Object.keys(Object.prototype), Reflect.get({}, 'polluted')]).toEqual([[], undefined])
  })

  it.each([
    'toString',
    'valueOf',
    'hasOwnProperty',
    '../x',
    'a/b',
    'CON',
    'con',
    'OpenAI',
    'оpenai',
    '\u212Aimi',
    'x'.repeat(65),
    '',
    'ok\\n',
    'a.b',
  ])('S-12 refuses %j as the name of a provider', async (id) => {
    const { read } = await arrange()
    const { error } = await read({ user: `[providers."${id}"]\nprotocol = "openai-chat"\nbase_url = "https://a.example"\n` })
    expect(error?.code).toBe('CLAW_CONFIG_INVALID')
  })

  it('S-11 accepts a byte order mark and refuses what is not UTF-8', async () => {
    const { read, write, userFile } = await arrange()
    await write(userFile, Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('default_model = "openai"\n')]))
    expect((await read()).config.defaultModel).toBe('openai')
    await write(userFile, Buffer.from([0x61, 0xff, 0xfe]))
    expect(problemsOf((await read()).error)).toEqual([['config.toml:1:1', '', 'the configuration file is not UTF-8', null]])
  })

  it('S-11 holds documents to a depth, a length of text and a number of providers', async () => {
    const { read } = await arrange()
    const deep = `providers.openai.dialect.extra_body.a = ${'{ a = '.repeat(31)}1${' }'.repeat(31)}`
    const many = Array.from(
      { length: 257 },
      (_, index) => `[providers.p${index}]\nprotocol = "openai-chat"\nbase_url = "https://a.example"`,
    ).join('\n')
    const seen = []
    for (const user of [deep, `[${'a.'.repeat(40)}b]`, `prompt.system = "${'x'.repeat(20_000)}"`, many])
      seen.push(problemsOf((await read({ user: `${user}\n` })).error)[0])
    expect(seen.map((problem) => Array.isArray(problem) && problem[2])).toEqual([
      expect.stringMatching(/nested deeper than 32 levels|not TOML/),
      'is nested deeper than 32 levels',
      'is longer than 16 KiB',
      'holds more than 256 providers',
    ])
  })

  it('S-06 refuses a FIFO, a device, a directory and a file that is too large, without waiting', async () => {
    const { write, request, home } = await arrange()
    execFileSync('mkfifo', [join(home, 'fifo')])
    await symlink('/dev/zero', join(home, 'zero'))
    await write(join(home, 'large'), Buffer.alloc(256 * 1024 + 1, '#'))
    await write(join(home, 'dir/x'), '')
    const read = (name: string) => systemConfigFiles.read(join(home, name), { maxBytes: 256 * 1024, follow: true })
    for (const name of ['fifo', 'zero', 'large', 'dir'])
      await expect(read(name), name).rejects.toMatchObject({ code: 'CLAW_CONFIG_UNREADABLE' })
    const { readConfig } = await import('../../src/config/load-config.ts')
    expect((await readConfig(request({ flags: { configFile: join(home, 'fifo') } }))).error?.exit.code).toBe(78)
  })

  it('S-11 any bytes give a configuration or faults, and nothing is thrown', () => {
    const seed = Buffer.from(
      'default_model = "a"\n[providers.acme]\nbase_url = "https://x"\nmodels = [{ id = "a" }, "b"]\n[tiers.x]\nmodel = """a"""\nfallback = [\'b\']\n[[a.b]]\nc = 1979-05-27\n',
    )
    const readAll = (bytes: Uint8Array): void => {
      const found = { bytes, mode: 0o100600, uid: 0, realPath: '/f' }
      const user = readLayers({ path: '/f', found }, undefined, catalogue)
      const project = readLayers(undefined, { path: '/f', found, isTrusted: true }, catalogue)
      for (const { problems } of [user, project])
        for (const { line, column } of problems) expect([line, column].every((at) => at !== null && at >= 1)).toBe(true)
    }
    for (let length = 0; length <= seed.length; length++) readAll(seed.subarray(0, length))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(seed.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }),
        (flips) => {
          const bytes = Buffer.from(seed)
          for (const [at, value] of flips) bytes[at] = value
          readAll(bytes)
        },
      ),
      { numRuns: 3000 },
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readAll), { numRuns: 1000 })
  }, 60_000)

  it('S-11 large hostile files are read in bounded time', () => {
    const size = 250 * 1024
    const fill = (unit: string) => unit.repeat(Math.floor(size / unit.length))
    const files = [
      `a = [${fill('1,')}]`,
      `a = ${fill('[')}`,
      fill('[[a]]\n'),
      fill('# x\n'),
      fill('\n'),
      `[${fill('a.')}b]`,
      `${fill('a.')}b = 1`,
      fill('"'),
      fill('{'),
      Array.from({ length: 20_000 }, (_, index) => `k${index} = 1`).join('\n'),
      `a = "${fill('\\u0041')}"`,
      `a = [${fill('{},')}]`,
    ]
    for (const file of files)
      readLayers(
        undefined,
        { path: '/f', found: { bytes: Buffer.from(file), mode: 0o600, uid: 0, realPath: '/f' }, isTrusted: false },
        catalogue,
      )
  }, 30_000)
})
