import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCli } from '../../src/cli/run-cli.ts'
import { fakeShell } from '../support/fake-shell.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'claw-logout-'))
  await claw('sk-or-v1-0123456789abcdef', 'auth', '--api-key', 'openrouter', '--stdin')
  await claw('sk-or-v1-fedcba9876543210', 'auth', '--api-key', 'openrouter', '--stdin', '--profile', 'ci')
  await claw('sk-0123456789abcdefghij', 'auth', '--api-key', 'moonshot', '--stdin')
})
afterEach(() => rm(home, { recursive: true, force: true }))

async function claw(stdin: string, ...argv: string[]) {
  const shell = fakeShell({ env: { CLAW_HOME: home }, stdin })
  const exitCode = await runCli(argv, shell)
  return { exitCode, stdout: shell.out.text, stderr: shell.err.text }
}
const logout = (...argv: string[]) => claw('', 'auth', 'logout', ...argv)

describe('claw auth logout', () => {
  it('alone lists what is stored and ends with 2', async () => {
    expect(await logout()).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'moonshot  api_key\nopenrouter@ci  api_key\nopenrouter  api_key\nname one of them, or --all\n',
    })
    const { exitCode, stdout } = await logout('--json')
    const slot = { profile: 'default', kind: 'api_key' }
    expect({ exitCode, error: JSON.parse(stdout) }).toEqual({
      exitCode: 2,
      error: {
        type: 'error',
        code: 'CLAW_USAGE',
        exit: { code: 2, name: 'USAGE' },
        message: 'name a provider, or --all',
        fix: 'claw auth logout PROVIDER',
        stored: [
          { ...slot, provider: 'moonshot', route: 'moonshot' },
          { ...slot, provider: 'openrouter', route: 'openrouter', profile: 'ci' },
          { ...slot, provider: 'openrouter', route: 'openrouter' },
        ],
      },
    })
  })

  it('means the profile in force, and no other', async () => {
    expect(await logout('openrouter')).toEqual({ exitCode: 0, stdout: 'openrouter  api_key  removed\n', stderr: '' })
    expect((await logout()).stderr).toBe('moonshot  api_key\nopenrouter@ci  api_key\nname one of them, or --all\n')
    expect(await logout('openrouter')).toEqual({ exitCode: 0, stdout: 'openrouter    absent\n', stderr: '' })
  })

  it('means every profile of a provider with --all, and everything without one', async () => {
    expect((await logout('openrouter', '--all')).stdout).toBe('openrouter@ci  api_key  removed\nopenrouter  api_key  removed\n')
    expect((await logout('--all')).stdout).toBe('moonshot  api_key  removed\n')
    expect(await logout('--all')).toEqual({ exitCode: 0, stdout: '', stderr: 'nothing of it is stored\n' })
  })

  it('S-49 says that a key was removed here and cannot be revoked there', async () => {
    expect(await logout('openrouter', '--revoke')).toEqual({
      exitCode: 0,
      stdout: 'openrouter  api_key  not_supported\n',
      stderr: 'openrouter was removed here; its provider has no way to revoke it: delete it at https://openrouter.ai/settings/keys\n',
    })
  })

  it('says of a sign-in that waited that it was dropped, and that nothing was stored', async () => {
    await claw('', 'auth', '--paste', 'openrouter', '--profile', 'new')
    expect(await logout('openrouter', '--profile', 'new')).toEqual({
      exitCode: 0,
      stdout: 'openrouter@new  a sign-in that waited was dropped\n',
      stderr: '',
    })
    await claw('', 'auth', '--paste', 'openrouter', '--profile', 'new')
    const { stdout } = await logout('openrouter', '--profile', 'new', '--json')
    expect(JSON.parse(stdout).items).toEqual([
      { provider: 'openrouter', route: 'openrouter', profile: 'new', kind: 'api_key', outcome: 'removed', pending: true },
    ])
  })
})
