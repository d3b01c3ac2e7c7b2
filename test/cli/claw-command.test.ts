import { Cli } from 'clipanion'
import { describe, expect, it } from 'vitest'
import { ClawCommand } from '../../src/cli/claw-command.ts'
import type { CliContext } from '../../src/cli/context.ts'
import { ClawError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import { type FakeShell, type FakeShellOptions, fakeShell } from '../support/fake-shell.ts'

type Work = (command: Probe) => Promise<number | void>

/** A command that does what a test says. */
class Probe extends ClawCommand {
  static override paths = [['probe']]
  static work: Work = async () => undefined

  override print = super.print
  override printExact = super.printExact
  override data = super.data
  override say = super.say
  override note = super.note
  override detail = super.detail
  override limitByConfig = super.limitByConfig

  get given(): AbortSignal {
    return this.signal
  }

  protected run(): Promise<number | void> {
    return Probe.work(this)
  }
}

function start(argv: readonly string[], work: Work, shell: FakeShell): Promise<number> {
  Probe.work = work
  const cli = new Cli<CliContext>({ enableColors: false })
  cli.register(Probe)
  return cli.process(['probe', ...argv], { shell }).validateAndExecute() as Promise<number>
}

async function run(argv: readonly string[], work: Work, options?: FakeShellOptions) {
  const shell = fakeShell(options)
  const exitCode = await start(argv, work, shell)
  return { exitCode, stdout: shell.out.text, stderr: shell.err.text }
}

/** Ends when the command is told to. */
const untilAborted: Work = ({ given }) => new Promise((_, reject) => given.addEventListener('abort', () => reject(given.reason)))

describe('what a command prints', () => {
  it('goes to stdout as data and to stderr for people', async () => {
    const ended = await run(['-v'], async (command) => {
      await command.data('data\n')
      await command.print({ type: 'result' })
      await command.say('said')
      await command.note('noted')
      await command.detail('in detail')
    })
    expect(ended).toEqual({ exitCode: 0, stdout: 'data\n{"type":"result"}\n', stderr: 'said\nnoted\nin detail\n' })
  })

  it.each([
    [['-q'], 'said\n'],
    [['-q', '-vv'], 'said\nin detail\n'],
    [[], 'said\nnoted\n'],
  ])('with %j is %j', async (argv, stderr) => {
    const ended = await run(argv, async (command) => {
      await command.say('said')
      await command.note('noted')
      await command.detail('in detail')
    })
    expect(ended).toEqual({ exitCode: 0, stdout: '', stderr })
  })

  it('S-54 holds no live secret in any form', async () => {
    const secret = new Secret('CANARY"value-0123456789', 'access-token')
    const ended = await run([], async (command) => {
      for (const form of [secret.reveal(), encodeURIComponent(secret.reveal()), Buffer.from(secret.reveal()).toString('base64')]) {
        await command.data(`${form}\n`)
        await command.print({ form })
        await command.say(form)
      }
      throw new ClawError('CLAW_PROTOCOL', {
        what: `an answer with ${secret.reveal()}`,
        why: secret.reveal(),
        data: { form: secret.reveal() },
      })
    })
    expect(ended.exitCode).toBe(76)
    expect(ended.stdout + ended.stderr).not.toContain('CANARY')
    expect(ended.stdout).toContain('[redacted:access-token]')
  })

  it('S-64 drives no terminal', async () => {
    const hostile = '\u001b]0;title\u0007 \u009b31m \u202e \u061c \r'
    const ended = await run([], async (command) => {
      await command.data(hostile)
      await command.say(hostile)
      await command.print({ hostile })
      throw new ClawError('CLAW_PROTOCOL', { what: hostile, why: hostile })
    })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be found
    expect(ended.stdout + ended.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u202e]/)
    expect(JSON.parse(ended.stdout.slice(ended.stdout.indexOf('{"')))).toEqual({ hostile })
  })

  it('S-61 gives the log of a CI system no command', async () => {
    const work: Work = async (command) => {
      await command.say('::set-output name=a::b')
      await command.data('x ##[add-mask]e\n')
      await command.print({ text: '##[error]' })
      throw new ClawError('CLAW_PROTOCOL', { what: 'an answer', why: 'first\n::stop-commands::x' })
    }
    expect(await run([], work, { vendor: 'github' })).toEqual({
      exitCode: 76,
      stdout: 'x #\\#[add-mask]e\n{"text":"\\u0023#[error]"}\n',
      stderr: '\\::set-output name=a::b\nerror[CLAW_PROTOCOL]: an answer\n  why: first\n       \\::stop-commands::x\n',
    })
    expect((await run([], work, { vendor: 'github', isFile: true })).stderr).toContain('\n       ::stop-commands::x\n')
  })

  it('keeps the words of a model exact in JSON', async () => {
    const text = 'sk-0123456789abcdef0123 ##[x] \u009b'
    const { stdout } = await run([], (command) => command.printExact({ text }))
    expect(JSON.parse(stdout)).toEqual({ text })
    expect(stdout).not.toContain('##[')
  })

  it('has colours by the rule for each stream, and never in JSON', async () => {
    const work: Work = async () => {
      throw new ClawError('CLAW_DENIED', { what: 'no' })
    }
    expect((await run([], work, { isTTY: true })).stderr).toBe('\u001b[31merror\u001b[39m[CLAW_DENIED]: no\n')
    expect((await run(['--color=never'], work, { isTTY: true })).stderr).toBe('error[CLAW_DENIED]: no\n')
    expect((await run(['--json', '--color=always'], work, { isTTY: true })).stdout).not.toContain('\u001b')
  })
})

describe('a failure', () => {
  it('S-52 S-53 that nobody foresaw is one typed line, without its text, its cause or a stack', async () => {
    const thrown = Object.assign(new TypeError('CANARY in the message', { cause: new Error('CANARY in the cause') }), { input: 'CANARY' })
    const ended = await run([], () => Promise.reject(thrown))
    expect(ended).toEqual({
      exitCode: 70,
      stdout: '',
      stderr:
        'error[CLAW_INTERNAL]: claw met an error that it did not foresee\n  why: TypeError\n  fix: run the command again with CLAW_DEBUG=1 and report what it prints\n',
    })
    const debugged = await run([], () => Promise.reject(thrown), { env: { CLAW_DEBUG: '1' } })
    expect(debugged.stderr).toMatch(/caused by TypeError\n\s+at /)
    expect(debugged.stderr).not.toContain('CANARY')
  })

  it('is on stdout with --json, with whatever it carries', async () => {
    const ended = await run(['--json'], () =>
      Promise.reject(
        new ClawError('CLAW_RATE_LIMIT', { what: 'busy', why: '429', fix: 'wait', data: { retryAt: '2026-01-01T00:00:00.000Z' } }),
      ),
    )
    expect({ ...ended, stdout: JSON.parse(ended.stdout) }).toEqual({
      exitCode: 75,
      stdout: {
        type: 'error',
        code: 'CLAW_RATE_LIMIT',
        exit: { code: 75, name: 'TEMPFAIL' },
        message: 'busy',
        why: '429',
        fix: 'wait',
        retryAt: '2026-01-01T00:00:00.000Z',
      },
      stderr: '',
    })
  })
})

describe('R-39 the limit of a command', () => {
  it.each([
    [['--timeout', '2s'], { CLAW_TIMEOUT: '9s' }, undefined, { limit: 'command', seconds: 2, source: 'flag --timeout' }],
    [[], { CLAW_TIMEOUT: '9s' }, 5_000, { limit: 'command', seconds: 9, source: 'env CLAW_TIMEOUT' }],
    [[], {}, 5_000, { limit: 'command', seconds: 5, source: 'config prompt.timeout' }],
    [[], {}, undefined, { limit: 'command', seconds: 600, source: 'built-in' }],
  ])('%j %j %j is %j', async (argv, env, configured, limit) => {
    const shell = fakeShell({ env })
    const ending = start(
      ['--json', ...argv],
      (command) => {
        command.limitByConfig(configured, 'prompt.timeout')
        return untilAborted(command)
      },
      shell,
    )
    await shell.clock.advance(limit.seconds * 1_000 - 1)
    expect(shell.out.text).toBe('')
    await shell.clock.advance(1)
    expect(await ending).toBe(81)
    expect(JSON.parse(shell.out.text)).toMatchObject({
      code: 'CLAW_TIMEOUT',
      why: `the limit of the whole command comes from ${limit.source}`,
      limit,
    })
    expect(shell.clock.pending).toBe(0)
  })

  it('leaves no timer when the command ends before', async () => {
    const shell = fakeShell()
    expect(await start([], async () => 83, shell)).toBe(83)
    expect(shell.clock.pending).toBe(0)
  })

  it('R-38 a signal of the system ends the same wait, with its own reason', async () => {
    const shell = fakeShell()
    const ending = start([], untilAborted, shell)
    shell.abort(new ClawError('CLAW_CANCELLED', { what: 'stopped by SIGTERM' }))
    expect(await ending).toBe(81)
    expect(shell.err.text).toBe('error[CLAW_CANCELLED]: stopped by SIGTERM\n')
  })

  it.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])('R-37 tells the exit code that the parent will see with --json: %s is %i', async (signal, code) => {
    const shell = fakeShell()
    const ending = start(['--json'], untilAborted, shell)
    shell.abort(new ClawError('CLAW_CANCELLED', { what: `stopped by ${signal}`, data: { signal } }))
    expect(await ending).toBe(code)
    expect(JSON.parse(shell.out.text)).toEqual({
      type: 'error',
      code: 'CLAW_CANCELLED',
      exit: { code, name: 'SIGNAL' },
      message: `stopped by ${signal}`,
      signal,
    })
  })
})
