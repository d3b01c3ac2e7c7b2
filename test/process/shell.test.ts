import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type RunOptions, runClaw } from '../support/run-claw.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** The files of the bundle that a command line loads. */
async function loaded(args: readonly string[]): Promise<string[]> {
  const { stderr } = await runClaw(args, { env: { NODE_DEBUG: 'module' } })
  return [...new Set([...stderr.matchAll(/chunks\/([\w.-]+)\.cjs/g)].map(([, name = '']) => name))]
}

/** Runs it, and sends a signal once it has said something on stdout. */
function runUntil(said: string, signals: readonly NodeJS.Signals[], args: readonly string[], options: RunOptions = {}) {
  return runClaw(args, {
    ...options,
    onStart(child) {
      let text = ''
      let isSent = false
      child.stdout?.on('data', (chunk) => {
        text += chunk
        if (isSent || !text.includes(said)) return
        isSent = true
        for (const signal of signals) child.kill(signal)
      })
    },
  })
}

describe('the shortest commands', () => {
  it('--version loads nothing, and --help neither the parser nor a command', async () => {
    expect(await runClaw(['--version'])).toEqual({ exitCode: 0, signal: null, stdout: `${version}\n`, stderr: '' })
    expect(await loaded(['--version'])).toEqual([])
    expect((await runClaw(['token', '--help'])).stdout).toMatch(/^claw token: /)
    expect((await loaded(['--help'])).filter((name) => /command|run-cli|session/.test(name))).toEqual([])
  })

  it('a command loads itself and no other', async () => {
    expect((await loaded(['help', 'ci'])).filter((name) => name.endsWith('.command'))).toEqual(['help.command'])
  })

  it('an option after -- is not one of claw', async () => {
    const { exitCode, stdout } = await runClaw(['sandbox', '--', 'printf', '%s', '--help'])
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '--help' })
  })
})

describe('R-36 streams', () => {
  it.each([[['--version']], [['--help']], [['help', 'ci']], [['help', 'exit-codes', '--json']]])(
    '%j ends with 74 when stdout is full',
    async (args) => {
      const { exitCode, stderr } = await runClaw(args, { stdout: '/dev/full' })
      expect({ exitCode, stderr }).toEqual({ exitCode: 74, stderr: 'error[CLAW_OUTPUT]: writing to stdout failed\n  why: ENOSPC\n' })
    },
  )

  it.each(['--version', '--help', 'help ci', 'completion bash'])('a reader that has gone ends `%s` quietly', async (line) => {
    const script = `node "$0" ${line} | true; echo "\${PIPESTATUS[0]}"`
    const ended = await promisify(execFile)('bash', ['-c', script, join(ROOT, 'dist/main.cjs')])
    expect(ended).toEqual({ stdout: '0\n', stderr: '' })
  })

  it('a failure stays one when nobody can be told', async () => {
    const script = 'node "$0" no-such-command 2>/dev/full; echo $?; node "$0" no-such-command 2>&-; echo $?; node "$0" help ci >&-; echo $?'
    const { stdout } = await promisify(execFile)('bash', ['-c', script, join(ROOT, 'dist/main.cjs')])
    expect(stdout).toBe('2\n2\n0\n')
  })

  it.each(['closed', 'held', 'text\n'])('R-35 stdin is not read unless asked for: %j', async (stdin) => {
    const { exitCode, stderr } = await runClaw(['help', 'ci'], { stdin, env: { TERM: 'dumb' } })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  })
})

describe('R-37 signals', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s ends the sandbox in order, and the parent sees a signal death', async (signal) => {
    const ended = await runUntil('base_url', [signal], ['sandbox'])
    expect({ exitCode: ended.exitCode, signal: ended.signal }).toEqual({ exitCode: null, signal })
    expect(ended.stderr).not.toContain('CLAW_INTERNAL')
  })

  it('SIGHUP is let pass without a terminal, as under nohup', async () => {
    const ended = await runUntil('base_url', ['SIGHUP', 'SIGTERM'], ['sandbox'])
    expect(ended.signal).toBe('SIGTERM')
  })
})

describe('S-58 a Node that is set to be debugged', () => {
  it.each([
    [{ node: ['--inspect=127.0.0.1:0'] }],
    [{ env: { NODE_OPTIONS: '--report-on-signal' } }],
    [{ env: { NODE_OPTIONS: '--heapsnapshot-signal=SIGUSR2' } }],
    [{ env: { CLAW_CI: '1', NODE_DEBUG: 'http' } }],
  ])('is refused before anything is read: %j', async (options) => {
    const { exitCode, stderr } = await runClaw(['auth', 'status'], options)
    expect(exitCode).toBe(78)
    expect(stderr).toContain('error[CLAW_INSECURE]: claw handles no secrets while Node is set to be debugged')
  })
})

describe('the shipped bundle', () => {
  const filesOf = (dir: string) =>
    readdirSync(join(ROOT, dir), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.cjs'))
      .map((name) => readFileSync(join(ROOT, dir, name), 'utf8'))

  it('R-46 holds none of the strings of the test hooks, which the test build has', () => {
    const hooked = (dir: string) => filesOf(dir).some((text) => /CLAW_TEST_HOOK|pauseAt|refresh\.intent-written/.test(text))
    expect({ dist: hooked('dist'), test: hooked('dist-test') }).toEqual({ dist: false, test: true })
  })

  it('carries the licence of every package in it', () => {
    const text = readFileSync(join(ROOT, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8')
    const named = [...text.matchAll(/^(\S+) [\d.]+ \((?:MIT|BSD-3-Clause|ISC)\)$/gm)].map(([, name]) => name)
    expect(named).toEqual(['clipanion', 'eventsource-parser', 'smol-toml', 'typanion', 'undici', 'xstate'])
  })
})
