import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sandboxed, type Sandboxed } from '../support/sandboxed.ts'

/** Every command, as a line that ends by itself, with the exit codes that it may have on a machine without credentials. */
const COMMANDS: [string[], number[]][] = [
  [['--version'], [0]],
  [['--help'], [0]],
  [['auth'], [2]],
  [['auth', 'list'], [0]],
  [['auth', 'moonshot'], [2]],
  [['auth', '--device', 'moonshot'], [0]],
  [
    ['auth', '--api-key', 'openai', '--stdin'],
    [0, 65],
  ],
  [['auth', 'wait', 'openai'], [66]],
  [['auth', '--browser', 'acme', '--timeout', '1s'], [81]],
  [['auth', '--paste', 'acme'], [83]],
  [['auth', 'complete', 'acme', '--stdin'], [65]],
  [['auth', 'status'], [0]],
  [['auth', 'refresh', '--all'], [0]],
  [['auth', 'logout', '--all'], [0]],
  [['token', 'openai'], [77]],
  [['prompt', '-m', 'openai', 'hi'], [77]],
  [['model'], [0]],
  [['doctor', '--offline'], [1]],
  [['config', 'check'], [0]],
  [['config', 'show'], [0]],
  [['config', 'path'], [0]],
  [['config', 'schema'], [0]],
  [['trust', '--list'], [0]],
  [['help', 'exit-codes'], [0]],
  [['completion', 'bash'], [0]],
]

const name = (args: readonly string[]) => `claw ${args.join(' ')}`

describe.each([
  ['stdin closed', { stdin: 'closed' as const }],
  ['stdin held open', { stdin: 'held' as const }],
  ['TERM=dumb', { env: { TERM: 'dumb' } }],
])('every command with %s', (_, options) => {
  it('ends in bounded time, with its exit code and at most one cause on stderr', async () => {
    await using world = await sandboxed()
    for (const [args, codes] of COMMANDS) {
      const held = 'stdin' in options && options.stdin === 'held' && args.includes('--stdin')
      const ended = await world.claw(options, ...args)
      expect({
        line: name(args),
        ok: held ? [65, 81].includes(ended.exitCode ?? -1) : codes.includes(ended.exitCode ?? -1),
        got: ended.exitCode,
        stderr: ended.stderr,
      }).toEqual({ line: name(args), ok: true, got: ended.exitCode, stderr: ended.stderr })
      expect(ended.stderr.match(/^error\[/gm)?.length ?? 0).toBeLessThanOrEqual(1)
      expect(ended.stderr).not.toMatch(/\n\s+at .*:\d+:\d+/)
      expect(ended.stdout).not.toContain('\u001b')
    }
  })
})

describe('every command that prints data', () => {
  it('R-36 ends with 74 when stdout is full', async () => {
    await using world = await sandboxed()
    for (const args of [
      ['auth', 'list'],
      ['model'],
      ['config', 'show'],
      ['doctor', '--offline'],
      ['help', 'exit-codes'],
      ['completion', 'bash'],
      ['--help'],
    ]) {
      const ended = await world.claw({ stdout: '/dev/full' }, ...args)
      expect({ line: name(args), exitCode: ended.exitCode }).toEqual({ line: name(args), exitCode: 74 })
    }
  })
})

describe('R-05 homes that cannot be written', () => {
  const keyOnly = { OPENAI_API_KEY: 'sk-sandbox-env-0123456789' }

  it('works with a key from the environment and no HOME at all', async () => {
    await using world = await sandboxed()
    const env = { ...keyOnly, HOME: undefined, CLAW_HOME: undefined }
    const prompt = await world.claw({ env }, 'prompt', '-m', 'openai', 'hi')
    expect({ exitCode: prompt.exitCode, stdout: prompt.stdout }).toEqual({ exitCode: 0, stdout: 'hi\n' })
    const store = await world.claw({ env, stdin: 'sk-sandbox-env-0123456789' }, 'auth', '--api-key', 'openai', '--stdin')
    expect(store.exitCode).toBe(78)
    expect(store.stderr).toContain('CLAW_HOME')
  })

  it('reads from a home that is read-only, and says before the sign-in that it cannot be stored', async () => {
    await using world = await sandboxed()
    await world.claw('auth', '--device', 'moonshot')
    await withReadOnly(world, async () => {
      expect((await world.claw('token', 'moonshot')).exitCode).toBe(0)
      const before = world.journal().length
      expect((await world.claw('auth', '--device', 'moonshot', '--force')).exitCode).toBe(73)
      expect(world.journal().length).toBe(before)
    })
  })
})

/** Root ignores modes, so the read-only home is a bind mount of itself. */
async function withReadOnly(world: Sandboxed, work: () => Promise<void>): Promise<void> {
  const state = join(world.home, 'state')
  mkdirSync(state, { recursive: true })
  world.mountReadOnly(state)
  try {
    await work()
  } finally {
    world.unmount(state)
    chmodSync(state, 0o700)
  }
}
