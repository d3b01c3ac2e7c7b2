import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '../../src/cli/run-cli.ts'
import { type FakeShellOptions, fakeShell } from './fake-shell.ts'

export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A home of its own, whose commands run in this process. */
export interface TestHome extends AsyncDisposable {
  readonly dir: string
  claw(argv: readonly string[], options?: FakeShellOptions): Promise<Ran>
  /** The last line of stdout of a command with `--json`. */
  json(argv: readonly string[], options?: FakeShellOptions): Promise<Readonly<Record<string, unknown>>>
}

export async function testHome(toml = ''): Promise<TestHome> {
  const dir = await mkdtemp(join(tmpdir(), 'claw-home-'))
  await writeFile(join(dir, 'config.toml'), toml, { mode: 0o600 })
  const claw = async (argv: readonly string[], options: FakeShellOptions = {}): Promise<Ran> => {
    const shell = fakeShell({ ...options, env: { CLAW_HOME: dir, HOME: dir, ...options.env } })
    const exitCode = await runCli(argv, shell)
    return { exitCode, stdout: shell.out.text, stderr: shell.err.text }
  }
  return {
    dir,
    claw,
    async json(argv, options) {
      const { stdout } = await claw([...argv, '--json'], options)
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}
