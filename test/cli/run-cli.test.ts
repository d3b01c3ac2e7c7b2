import { describe, expect, it } from 'vitest'
import { definitionOf } from '../../src/cli/command-definition.ts'
import { COMMANDS, findCommand, withShorthand } from '../../src/cli/registry.ts'
import { runCli, sayNoAnswer } from '../../src/cli/run-cli.ts'
import { ClawError } from '../../src/core/errors.ts'
import { type FakeShellOptions, fakeShell } from '../support/fake-shell.ts'

async function run(argv: readonly string[], options?: FakeShellOptions) {
  const shell = fakeShell(options)
  const exitCode = await runCli(argv, shell)
  return { exitCode, stdout: shell.out.text, stderr: shell.err.text }
}

describe('a command line that claw does not understand', () => {
  it('ends with 2, names the nearest commands on stderr, and leaves stdout empty', async () => {
    expect(await run(['tokn', 'openai'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error[CLAW_USAGE]: there is no such command\n  why: the nearest is `claw token`\n  fix: claw --help\n',
    })
  })

  it('lists what is below a word that does nothing by itself', async () => {
    expect(await run(['config'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'error[CLAW_USAGE]: `claw config` by itself does nothing\n  why: it has `config init`, `config check`, `config show`, `config path`, `config schema`, `config add-provider`\n  fix: claw config init --help\n',
    })
  })

  it('names the nearest option', async () => {
    expect(await run(['token', 'openai', '--min-tll=5m'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error[CLAW_USAGE]: `claw token` has no option `--min-tll`\n  why: the nearest is `--min-ttl`\n  fix: claw token --help\n',
    })
  })

  it('is one JSON object on stdout with --json', async () => {
    const { exitCode, stdout, stderr } = await run(['token', '--json'])
    expect({ exitCode, stderr, error: JSON.parse(stdout) }).toEqual({
      exitCode: 2,
      stderr: '',
      error: {
        type: 'error',
        code: 'CLAW_USAGE',
        exit: { code: 2, name: 'USAGE' },
        message: 'these arguments do not fit `claw token`',
        why: 'usage: claw token <provider> [OPTIONS]',
        fix: 'claw token --help',
      },
    })
    expect(stdout.endsWith('}\n')).toBe(true)
  })

  it.each([
    [['token', 'openai', '--unknown=CANARY-1']],
    [['token', 'openai', 'CANARY-2']],
    [['CANARY-3']],
    [['auth', 'status', '--CANARY=4']],
    [['auth', '--api-key', 'openai', 'CANARY-5']],
    [['token', 'openai', '--format', 'CANARY-6']],
    [['token', 'openai', '--timeout', 'CANARY-7']],
    [['help', 'CANARY-8']],
    [['completion', 'CANARY-9']],
    [['--color', 'CANARY-10', 'help']],
    [['token', 'openai', '--json=CANARY-11']],
  ])('S-51 repeats no value: %j', async (argv) => {
    const ended = await run(argv)
    expect([2, 66]).toContain(ended.exitCode)
    expect(ended.stdout).toBe('')
    expect(ended.stderr.replaceAll('--CANARY', '')).not.toContain('CANARY')
    expect(ended.stderr.match(/^error\[/gm)).toHaveLength(1)
  })

  it.each([
    [['auth', '--api-key', 'openai', 'sk-0123456789abcdefCANARY']],
    [['auth', '--api-key=ghp_0123456789abcdefCANARY', 'openai']],
    [['prompt', 'github_pat_0123456789abcdefCANARY']],
    [['eyJhbGciOiJub25lIn0.eyJzdWIiOiJDQU5BUlkifQ.CANARY']],
  ])('S-50 refuses a secret in any position without repeating it: %j', async (argv) => {
    const { exitCode, stdout, stderr } = await run(argv)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain('a secret does not belong on a command line')
    expect(stderr).not.toMatch(/CANARY|Q0FOQVJZ|0123456789/)
  })

  it('S-50 no option of any command takes a secret', async () => {
    const allowed = ['--from-env', '--from-file', '--max-tokens', '--api-key-env']
    for (const command of COMMANDS) {
      const { options } = definitionOf(await command.load())
      const taking = options.filter(({ takesValue }) => takesValue).flatMap(({ names }) => names)
      expect(taking.filter((name) => /key|secret|token|password|code/.test(name) && !allowed.includes(name))).toEqual([])
    }
  })
})

describe('a command line', () => {
  it.each([
    [
      ['-p', 'hi'],
      ['prompt', 'hi'],
    ],
    [
      ['--json', '-p', 'doctor'],
      ['prompt', '--json', 'doctor'],
    ],
    [
      ['--profile', 'x', '-p', 'hi', '-m', 'openai'],
      ['prompt', '--profile', 'x', 'hi', '-m', 'openai'],
    ],
    [
      ['token', '-p'],
      ['token', '-p'],
    ],
  ])('%j means %j', (argv, meant) => {
    expect(withShorthand(argv)).toEqual(meant)
  })

  it.each([
    [['auth', 'list'], 'auth list', []],
    [['auth', 'moonshot', '--device'], 'auth', ['moonshot', '--device']],
    [['--profile', 'auth', 'token', 'x'], 'token', ['--profile', 'auth', 'x']],
    [['login', 'x'], 'auth', ['x']],
    [['logout', 'x'], 'auth logout', ['x']],
    [['models'], 'model', []],
    [['auth', '--device', 'list'], 'auth', ['--device', 'list']],
  ])('%j is the command %j', (argv, path, rest) => {
    const found = findCommand(argv)
    expect({ path: found?.command.path, args: found?.args }).toEqual({ path, args: [...path.split(' '), ...rest] })
  })

  it('S-58 is refused when Node is set to be debugged, except what handles no secret', async () => {
    const guard = () => {
      throw new ClawError('CLAW_INSECURE', { what: 'claw handles no secrets while Node is set to be debugged' })
    }
    expect(await run(['auth', 'status'], { guard })).toEqual({
      exitCode: 78,
      stdout: '',
      stderr: 'error[CLAW_INSECURE]: claw handles no secrets while Node is set to be debugged\n',
    })
    expect((await run(['help', 'ci'], { guard })).exitCode).toBe(0)
  })

  it('that ends without an answer says so', async () => {
    const shell = fakeShell()
    await sayNoAnswer(['token'], shell)
    expect(shell.err.text).toBe(
      'error[CLAW_NO_ANSWER]: the command ended without an answer\n  fix: report this with the command that you ran\n',
    )
  })
})
