import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loopbackServer } from '../support/loopback-server.ts'
import { type TestHome, testHome } from '../support/home.ts'

const KEY = 'sk-ant-api03-CANARY-0123456789abcdef'
const SETUP = 'sk-ant-oat01-CANARY-0123456789abcdef'
const OTHER = 'sk-ant-api03-CANARY-fedcba9876543210'

function jwt(exp: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ exp })}.CANARYsignature`
}

/** Days from now by the clock of the file system, which is the clock of the store. */
function daysTo(instant: unknown): number {
  return Math.round((Date.parse(String(instant)) - Date.now()) / 86_400_000)
}

async function shownTokens(home: TestHome) {
  const { credentials } = await home.json(['auth', 'status'])
  return (credentials as { route: string; profile: string; kind: string; expiresAt: string | null }[]).map(
    ({ route, profile, kind, expiresAt }) => [route, profile, kind, expiresAt],
  )
}

describe('a value that is something else', () => {
  it.each<[string[], string, { what: string; why: string; fix: string }]>([
    [
      ['--api-key', 'openrouter'],
      KEY,
      {
        what: 'this looks like an API key for `anthropic` (Anthropic), and `openrouter` wants an API key that begins with `sk-or-v1-`',
        why: 'it begins with `sk-ant-api03-`',
        fix: 'claw auth --api-key anthropic --stdin',
      },
    ],
    [
      ['--api-key', 'openai', '--profile', 'ci'],
      'sk-or-v1-CANARY-0123456789abcdef',
      {
        what: 'this looks like an API key for `openrouter` (OpenRouter), and `openai` wants an API key that begins with `sk-proj-` or `sk-svcacct-` or `sk-`',
        why: 'it begins with `sk-or-v1-`',
        fix: 'claw auth --api-key openrouter --stdin --profile ci',
      },
    ],
    [
      ['--api-key', 'anthropic'],
      SETUP,
      {
        what: 'this looks like a token for `anthropic` (Anthropic), and `anthropic` wants an API key that begins with `sk-ant-api03-`',
        why: 'it begins with `sk-ant-oat01-`',
        fix: 'claw auth --token anthropic --stdin',
      },
    ],
    [
      ['--token', 'anthropic'],
      KEY,
      {
        what: 'this looks like an API key for `anthropic` (Anthropic), and `anthropic` wants a token',
        why: 'it begins with `sk-ant-api03-`',
        fix: 'claw auth --api-key anthropic --stdin',
      },
    ],
    [
      ['--api-key', 'anthropic'],
      'sk-ant-admin01-CANARY-0123456789abcdef',
      {
        what: 'this looks like an admin key of Anthropic, which answers no prompts, and `anthropic` wants an API key that begins with `sk-ant-api03-`',
        why: 'it begins with `sk-ant-admin01-`',
        fix: 'get an API key at https://platform.claude.com/settings/keys',
      },
    ],
    [
      ['--token', 'anthropic'],
      'sk-ant-ort01-CANARY-0123456789abcdef',
      {
        what: 'this looks like a refresh token of Anthropic, which is no credential by itself, and `anthropic` wants a token',
        why: 'it begins with `sk-ant-ort01-`',
        fix: 'claw auth list',
      },
    ],
    [
      ['--api-key', 'mistral'],
      'gsk_CANARY0123456789abcdef',
      {
        what: 'this looks like an API key for `groq` (Groq), and `mistral` wants an API key of its own',
        why: 'it begins with `gsk_`',
        fix: 'claw auth --api-key groq --stdin',
      },
    ],
    [
      ['--token', 'github-copilot'],
      'ghp_CANARY0123456789abcdef',
      {
        what: 'this looks like a classic personal access token of GitHub, which Copilot does not take, and `github-copilot` wants a token that begins with `gho_` or `ghu_` or `github_pat_` or `ghs_`',
        why: 'it begins with `ghp_`',
        fix: 'get a token at https://github.com/settings/personal-access-tokens/new',
      },
    ],
  ])('S-50 is refused with what it looks like and where that goes: auth %j', async (argv, value, expected) => {
    await using home = await testHome()
    const ended = await home.claw(['auth', ...argv, '--stdin'], { stdin: value })
    expect(ended).toEqual({
      exitCode: 65,
      stdout: '',
      stderr: `error[CLAW_KEY_INVALID]: ${expected.what}\n  why: ${expected.why}\n  fix: ${expected.fix}\n`,
    })
    expect(await shownTokens(home)).toEqual([])
  })

  it.each([
    ['', 'what came from stdin is no key', 'it is empty'],
    ['\n', 'what came from stdin is no key', 'it is empty'],
    ['sk-ant-api03-one\nsk-ant-api03-two\n', 'what came from stdin is no key', 'it holds 2 lines, and a key is one'],
    ['short', 'what `stdin` holds cannot be a credential', 'it is 5 bytes long, and a credential has 8 at the least'],
    [
      'sk-ant-api03-CANARY é',
      'what `stdin` holds cannot be a credential',
      'it is 22 bytes long, and byte 20 is no visible ASCII character',
    ],
    [
      `sk-ant-api03-${'x'.repeat(16_384)}`,
      'what `stdin` holds cannot be a credential',
      'it is 16397 bytes long, and a credential has 16384 at the most',
    ],
  ])('S-25 that no header can carry is refused, and not shown: %j', async (stdin, what, why) => {
    await using home = await testHome()
    const { exitCode, stdout, stderr } = await home.claw(['auth', '--api-key', 'anthropic', '--stdin'], { stdin })
    expect({ exitCode, stdout, lines: stderr.split('\n').slice(0, 2) }).toEqual({
      exitCode: 65,
      stdout: '',
      lines: [`error[CLAW_KEY_INVALID]: ${what}`, `  why: ${why}`],
    })
    expect(stderr).not.toContain('CANARY')
  })

  it('goes to a provider of one’s own with a warning: it may be a gateway', async () => {
    await using home = await testHome('[providers.gate]\nprotocol = "openai-chat"\nbase_url = "https://gate.example/v1"\n')
    expect(await home.claw(['auth', '--api-key', 'gate', '--stdin'], { stdin: KEY })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'warning: this looks like an API key for `anthropic` (Anthropic), and is stored for `gate`\nstored for gate\n',
    })
  })

  it('of a short common beginning says nothing about its vendor', async () => {
    await using home = await testHome()
    expect(await home.claw(['auth', '--api-key', 'moonshot', '--stdin'], { stdin: 'sk-0123456789abcdef' })).toMatchObject({
      exitCode: 0,
      stderr: 'stored for moonshot\n',
    })
  })
})

describe('a value that cannot be had', () => {
  it.each([
    [['--token', 'openai-codex', '--stdin'], '', 'printf %s "$KEY" | claw auth --token openai-codex --stdin'],
    [['--api-key', 'groq', '--stdin'], 'gsk_CANARY-1\ngsk_CANARY-2\n', 'printf %s "$KEY" | claw auth --api-key groq --stdin'],
    [['--api-key', 'groq', '--stdin'], 'hello', 'printf %s "$KEY" | claw auth --api-key groq --stdin'],
    [['--api-key', 'groq', '--from-env', 'NOPE'], '', 'set NOPE to the value, then: claw auth --api-key groq --from-env NOPE'],
    [
      ['--api-key', 'groq', '--from-file', '/nope'],
      '',
      'put the value into the file as one line, then: claw auth --api-key groq --from-file /nope',
    ],
  ])('names what to type with the flags and the provider that were typed: %j', async (args, stdin, fix) => {
    await using home = await testHome()
    const { exitCode, stderr } = await home.claw(['auth', ...args], { stdin })
    expect({ exitCode, fix: stderr.split('\n').find((line) => line.startsWith('  fix: ')) }).toEqual({
      exitCode: expect.toSatisfy((code: number) => [65, 66].includes(code)),
      fix: `  fix: ${fix}`,
    })
  })
})

describe('a value of a provider with several entries', () => {
  it.each([
    [['--token', 'openai'], 'at-0123456789abcdef', 'openai-codex'],
    [['--api-key', 'moonshot'], 'sk-kimi-0123456789abcdef', 'kimi-code'],
    [['--api-key', 'minimax'], 'sk-cp-0123456789abcdef', 'minimax'],
  ])('goes where its prefix says: auth %j %s', async (argv, stdin, route) => {
    await using home = await testHome()
    const { exitCode, stderr } = await home.claw(['auth', ...argv, '--stdin'], { stdin })
    expect([exitCode, stderr.split('\n').at(-2)]).toEqual([0, `stored for ${route}`])
  })
})

describe('a value that is given again', () => {
  const given = (home: TestHome, stdin: string) => home.json(['auth', '--api-key', 'anthropic', '--stdin'], { stdin })

  it('changes nothing when it is the same, and replaces another', async () => {
    await using home = await testHome()
    const changed = [(await given(home, KEY)).changed, (await given(home, KEY)).changed, (await given(home, OTHER)).changed]
    expect(changed).toEqual([true, false, true])
    expect(await home.claw(['auth', '--api-key', 'anthropic', '--stdin'], { stdin: KEY })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'replaced the one that was stored for anthropic\n',
    })
  })

  it('need not be given where one is stored, on whichever route', async () => {
    await using home = await testHome()
    await home.claw(['auth', '--api-key', 'moonshot', '--stdin'], { stdin: 'sk-kimi-0123456789abcdef' })
    expect(await home.claw(['auth', '--api-key', 'moonshot'])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'kept the one that is stored for kimi-code\n',
    })
  })

  it('is asked for by name where nothing is stored and nobody is there', async () => {
    await using home = await testHome()
    expect(await home.claw(['auth', '--api-key', 'anthropic', '--profile', 'ci'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'error[CLAW_INPUT_REQUIRED]: no API key was given\n  why: none is stored, and nobody is there to be asked\n  fix: printf %s "$KEY" | claw auth --api-key anthropic --stdin --profile ci\n',
    })
  })

  it('is asked for on a terminal, where nothing typed is nothing given', async () => {
    await using home = await testHome()
    expect(await home.claw(['auth', '--api-key', 'anthropic'], { isTTY: true, typed: KEY })).toMatchObject({ exitCode: 0 })
    expect(await home.claw(['auth', '--api-key', 'anthropic'], { isTTY: true, typed: '' })).toMatchObject({
      exitCode: 0,
      stderr: 'kept the one that is stored for anthropic\n',
    })
  })

  it.each([
    ['--from-env', 'GIVEN'],
    ['--from-file', 'given.txt'],
  ])('comes from %s too', async (flag, name) => {
    await using home = await testHome()
    await writeFile(join(home.dir, 'given.txt'), `${KEY}\n`, { mode: 0o600 })
    const from = flag === '--from-file' ? join(home.dir, name) : name
    expect(await home.claw(['auth', '--api-key', 'anthropic', flag, from], { env: { GIVEN: KEY } })).toMatchObject({ exitCode: 0 })
    expect(await shownTokens(home)).toEqual([['anthropic', 'default', 'api_key', null]])
  })
})

describe('a method that is off by terms', () => {
  const off =
    'error[CLAW_METHOD_OFF]: the method `anthropic/setup-token` is off\n' +
    '  why: Anthropic allows the sign-in of a subscription to its own tools only, and its servers refuse others (Anthropic, legal and compliance page, authentication and credential use (Aug 2026))\n' +
    '  fix: set `enabled = true` in [providers.anthropic.auth.setup-token] of your own file, or CLAW_ENABLE=anthropic/setup-token\n'

  it('is exit 78 with the reason, its source and the line to set', async () => {
    await using home = await testHome()
    expect(await home.claw(['auth', '--token', 'anthropic', '--stdin'], { stdin: SETUP })).toEqual({
      exitCode: 78,
      stdout: '',
      stderr: off,
    })
    expect(await shownTokens(home)).toEqual([])
  })

  it.each([
    [
      '',
      { CLAW_ENABLE: 'anthropic/setup-token' },
      'keep it on: set enabled = true in [providers.anthropic.auth.setup-token], or CLAW_ENABLE=anthropic/setup-token in every run\n',
    ],
    ['[providers.anthropic.auth.setup-token]\nenabled = true\n', {}, ''],
  ])('is stored by its prefix once it is switched on: %j %j', async (toml, env, keepOn) => {
    await using home = await testHome(toml)
    const ended = await home.claw(['auth', '--token', 'anthropic', '--stdin'], { stdin: SETUP, env })
    expect({ ...ended, stderr: ended.stderr.replace(/until \S+/, 'until …') }).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: `Anthropic allows the sign-in of a subscription to its own tools only, and its servers refuse others\nstored for anthropic, until …\n${keepOn}`,
    })
    expect((await shownTokens(home)).map(([route, profile, kind, end]) => [route, profile, kind, daysTo(end)])).toEqual([
      ['anthropic', 'default', 'token', 365],
    ])
  })

  it('does not stop the other tokens of the provider', async () => {
    await using home = await testHome()
    expect(await home.claw(['auth', '--token', 'anthropic', '--stdin'], { stdin: 'a-gateway-token-0123456789' })).toMatchObject({
      exitCode: 0,
      stderr: 'stored for anthropic\n',
    })
  })
})

describe('the end of a token', () => {
  const store = (home: TestHome, stdin: string, ...flags: string[]) =>
    home.json(['auth', '--token', 'anthropic', '--stdin', ...flags], { stdin })

  it('is what the caller says, and stays when the same is said again', async () => {
    await using home = await testHome()
    const first = await store(home, 'a-gateway-token-0123456789', '--expires-in', '30d')
    const again = await store(home, 'a-gateway-token-0123456789', '--expires-in', '30d')
    expect([first.changed, again.changed]).toEqual([true, false])
    expect([daysTo(first.expiresAt), again.expiresAt]).toEqual([30, first.expiresAt])
  })

  it('is the one that a JWT claims, whatever the caller says', async () => {
    await using home = await testHome()
    const exp = Date.UTC(2026, 0, 2) / 1_000
    expect(daysTo((await store(home, jwt(exp), '--expires-in', '30d')).expiresAt)).toBe(1)
    expect((await store(home, jwt(exp))).changed).toBe(false)
  })

  it('that has passed refuses the token, with 77', async () => {
    await using home = await testHome()
    expect(await store(home, jwt(Date.UTC(2025, 0, 2) / 1_000))).toMatchObject({
      code: 'CLAW_CREDENTIAL_EXPIRED',
      exit: { code: 77, name: 'AUTH' },
      message: 'the token has ended, so it is not stored',
    })
  })

  it.each([
    [['--token', 'anthropic', '--expires-in', 'soon'], '`--expires-in` is no duration'],
    [['--api-key', 'anthropic', '--expires-in', '30d'], '`--expires-in` belongs to `--token`'],
    [['--api-key', '--token', 'anthropic'], '`--api-key` and `--token` exclude each other'],
    [['--api-key', 'anthropic', '--stdin', '--from-env', 'X'], '`--stdin`, `--from-env` and `--from-file` exclude each other'],
    [['--api-key', 'anthropic', '--profile', 'No.Name'], '`--profile` is no name of a profile'],
  ])('and other flags that make no sense are exit 2: auth %j', async (argv, what) => {
    await using home = await testHome()
    const { exitCode, stderr } = await home.claw(['auth', ...argv], { stdin: KEY })
    expect({ exitCode, first: stderr.split('\n')[0] }).toEqual({ exitCode: 2, first: `error[CLAW_USAGE]: ${what}` })
  })
})

describe('--check', () => {
  it.each<[number, string, number, string, number]>([
    [200, '{"data":[]}', 0, 'pass', 1],
    [403, '{"error":{"type":"permission_error","message":"no"}}', 0, 'warn', 1],
    [429, '{"error":{"type":"rate_limit_error","message":"slow"}}', 0, 'warn', 1],
    [503, '<html>', 0, 'warn', 1],
    [401, '{"error":{"type":"authentication_error","message":"invalid x-api-key"}}', 77, '', 0],
  ])('of an answer of %i with %j ends with %i', async (status, body, exit, check, count) => {
    await using server = await loopbackServer(() => ({ status, body, headers: { 'content-type': 'application/json' } }))
    await using home = await testHome(`[providers.anthropic]\nbase_url = "${server.origin}"\n`)
    const ended = await home.json(['auth', '--api-key', 'anthropic', '--stdin', '--check'], { stdin: KEY })
    const { exit: failed, check: checked } = ended as { exit?: { code: number }; check?: { status: string } }
    expect([failed?.code ?? 0, checked?.status ?? '', (await shownTokens(home)).length]).toEqual([exit, check, count])
    expect(server.requests.map(({ headers }) => headers['x-api-key'])).toEqual([KEY])
  })

  it('stores with a warning what nobody could be asked about', async () => {
    await using home = await testHome('[providers.anthropic]\nbase_url = "http://127.0.0.1:9"\n')
    const { exitCode, stderr } = await home.claw(['auth', '--api-key', 'anthropic', '--stdin', '--check'], { stdin: KEY })
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(/^warning: it could not be checked and is stored all the same: [^\n]+\nstored for anthropic\n$/)
  })
})
