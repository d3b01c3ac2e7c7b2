import { describe, expect, it } from 'vitest'
import { BELONGS, METHOD_FLAGS } from '../../src/cli/auth-options.ts'
import { testHome } from '../support/home.ts'

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  '--qr': ['--qr'],
  '--no-wait': ['--no-wait'],
  '--paste-stdin': ['--paste-stdin'],
  '--open': ['--open'],
  '--force': ['--force'],
  '--stdin': ['--stdin'],
  '--from-env': ['--from-env', 'ABSENT'],
  '--from-file': ['--from-file', '/absent'],
  '--expires-in': ['--expires-in', '30d'],
}
const PAIRS = METHOD_FLAGS.flatMap((method) => Object.keys(OPTIONS).map((option) => ({ method, option })))
const first = (stderr: string) => stderr.split('\n')[0] ?? ''

describe('an option of `claw auth` that does nothing by the method that is named', () => {
  it('is judged by a table that knows every option', () => {
    expect(Object.keys(BELONGS).sort()).toEqual(Object.keys(OPTIONS).sort())
  })

  it.each(PAIRS.filter(({ method, option }) => BELONGS[option]?.includes(method) !== true))(
    'is exit 2 with where it belongs: $method $option',
    async ({ method, option }) => {
      await using home = await testHome()
      const { exitCode, stdout, stderr } = await home.claw(['auth', method, 'openai', ...(OPTIONS[option] ?? [])], { stdin: 'x' })
      const isWait = option === '--no-wait' && (method === '--browser' || method === '--paste')
      expect([exitCode, stdout, first(stderr)]).toEqual([
        2,
        '',
        expect.stringContaining(
          isWait ? `\`${method}\` and \`--no-wait\` exclude each other` : `error[CLAW_USAGE]: \`${option}\` belongs to`,
        ),
      ])
      expect(stderr).toMatch(/\n {2}fix: [^\n]+\n$/)
    },
  )

  it.each(PAIRS.filter(({ method, option }) => BELONGS[option]?.includes(method)))(
    'is no other: $method $option',
    async ({ method, option }) => {
      await using home = await testHome()
      const { stderr } = await home.claw(['auth', method, 'nobody', ...(OPTIONS[option] ?? [])], { stdin: 'x' })
      expect(first(stderr)).toBe('error[CLAW_PROVIDER_UNKNOWN]: there is no provider `nobody`')
    },
  )

  it.each(METHOD_FLAGS.flatMap((a, n) => METHOD_FLAGS.slice(n + 1).map((b) => [a, b])))(
    'two methods are one too many: %s %s',
    async (a, b) => {
      await using home = await testHome()
      const { exitCode, stderr } = await home.claw(['auth', a, b, 'openai'])
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: `error[CLAW_USAGE]: \`${a}\` and \`${b}\` exclude each other\n  fix: claw auth ${a} openai\n`,
      })
    },
  )

  it.each([
    [['--stdin', '--qr'], '`--qr` belongs to `--device`'],
    [['--stdin', '--force'], '`--force` belongs to `--device` or `--browser` or `--paste` or `--identity`'],
    [['--open'], '`--open` belongs to `--browser`'],
    [['--expires-in', '30d'], '`--expires-in` belongs to `--token`'],
  ])('counts where no method is named too: %j', async (argv, what) => {
    await using home = await testHome()
    const { exitCode, stderr } = await home.claw(['auth', 'openai', ...argv], { stdin: 'x' })
    expect([exitCode, first(stderr)]).toEqual([2, `error[CLAW_USAGE]: ${what}`])
  })
})

describe('options without a provider', () => {
  it.each([
    [['--api-key'], 'claw auth --api-key openai --stdin'],
    [['--token', '--stdin'], 'claw auth --token openai-codex --stdin'],
    [['--device'], 'claw auth --device moonshot'],
    [['--paste'], 'claw auth --paste openrouter'],
    [['--browser', '--open'], 'claw auth --browser openrouter'],
    [['--stdin'], 'claw auth --api-key openai --stdin'],
    [['--check'], 'claw auth --api-key openai --stdin'],
  ])('are one error, not the list: %j', async (argv, fix) => {
    await using home = await testHome()
    const { exitCode, stdout, stderr } = await home.claw(['auth', ...argv])
    const [what, , last] = stderr.split('\n')
    expect({ exitCode, stdout, what, last }).toEqual({
      exitCode: 2,
      stdout: '',
      what: 'error[CLAW_USAGE]: name a provider',
      last: `  fix: ${fix}`,
    })
  })
})

describe('S-50 a key among the arguments', () => {
  it.each([
    [['--api-key', 'openai', 'sk-CANARY'], 'claw auth --api-key openai --stdin'],
    [['--api-key', 'sk-CANARY', 'openai'], 'claw auth --api-key openai --stdin'],
    [['--api-key', 'sk-CANARY'], 'claw auth --api-key PROVIDER --stdin'],
    [['--api-key=sk-CANARY', 'openai'], 'claw auth --api-key openai --stdin'],
    [['--token', 'anthropic', 'CANARY'], 'claw auth --token anthropic --stdin'],
    [['--api-key', 'openai', 'sk-proj-CANARY0123456789abcdef0123456789'], 'claw auth --api-key openai --stdin'],
  ])('is said to be known to others now, and is not repeated: %j', async (argv, command) => {
    await using home = await testHome()
    expect(await home.claw(['auth', ...argv])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'error[CLAW_USAGE]: a secret does not belong on a command line\n' +
        '  why: a key is never an argument: this one now stands in the shell history and in the process list, and should be replaced\n' +
        `  fix: printf %s "$KEY" | ${command}\n`,
    })
  })
})

describe('a word that names no provider', () => {
  it('is the command below `auth` that it is near to', async () => {
    await using home = await testHome()
    expect(await home.claw(['auth', 'statu'])).toEqual({
      exitCode: 66,
      stdout: '',
      stderr:
        'error[CLAW_PROVIDER_UNKNOWN]: there is no provider `statu`\n  why: `claw auth status` is a command\n  fix: claw auth status\n',
    })
  })

  it('is a provider where a method is named', async () => {
    await using home = await testHome()
    expect((await home.claw(['auth', '--device', 'anthropci'])).stderr).toBe(
      'error[CLAW_PROVIDER_UNKNOWN]: there is no provider `anthropci`\n  why: the nearest name is `anthropic`\n  fix: see `claw auth list` for every provider\n',
    )
  })

  it.each([[['auth', 'import']], [['auth', 'import', 'codex']]])('is no provider where the command is not there yet: %j', async (argv) => {
    await using home = await testHome()
    expect(await home.claw(argv)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error[CLAW_USAGE]: `claw auth import` is not there yet\n  why: this version does not have it\n  fix: claw --help\n',
    })
  })
})
