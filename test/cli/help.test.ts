import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { helpFor, pageNames, pageOf } from '../../src/cli/help-page.ts'
import { COMMANDS } from '../../src/cli/registry.ts'
import { renderCompletions } from '../../src/cli/render-completion.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import { EXITS } from '../../src/core/errors.ts'
import type { ProviderRow } from '../../src/app/catalogue/list-providers.ts'
import { fakeShell } from '../support/fake-shell.ts'
import { testHome } from '../support/home.ts'

describe('help', () => {
  it('has a page of at most 80 columns for every command and topic', async () => {
    const names = await pageNames()
    expect(names.sort()).toEqual([...COMMANDS.map(({ path }) => path), 'exit-codes', 'environment', 'config', 'security', 'ci'].sort())
    for (const name of ['', ...names]) {
      const page = (await pageOf(name)) ?? ''
      expect(page.split('\n').filter((line) => line.length > 80)).toEqual([])
      expect(page).toMatch(/^claw.*\n\n[\s\S]*[^\n]\n$/)
    }
  })

  it('has examples of sign-ins that are there and need no switch', async () => {
    await using home = await testHome()
    const { providers } = await home.json(['auth', 'list'])
    const methods = (providers as ProviderRow[]).flatMap((row) => row.methods.map((each) => ({ ...each, names: [row.id, each.route] })))
    const pages = await Promise.all((await pageNames()).map(pageOf))
    const shown = pages.flatMap((page) => [...(page ?? '').matchAll(/claw auth --(device|browser|paste|api-key|token) ([a-z][a-z-]+)/g)])
    expect(shown.length).toBeGreaterThan(5)
    for (const [line, flag = '', provider = ''] of shown) {
      const method = flag === 'browser' || flag === 'paste' ? 'pkce' : flag.replace('-', '_')
      const isOn = methods.some((each) => each.enabled && each.method === method && each.names.includes(provider))
      expect([line, isOn]).toEqual([line, true])
    }
  })

  it('explains the command that the words mean, however they are written', async () => {
    expect(await helpFor([])).toBe(await pageOf(''))
    expect(await helpFor(['login', '--help'])).toBe(await pageOf('auth'))
    expect(await helpFor(['--json', 'auth', 'list'])).toBe(await pageOf('auth list'))
    expect(await helpFor(['no-such-command'])).toBe(undefined)
    expect(await helpFor(['auth', 'import', '--help'])).toBe(undefined)
  })

  it('lists every exit code as text and as JSON', async () => {
    const shell = fakeShell()
    expect(await runCli(['help', 'exit-codes', '--json'], shell)).toBe(0)
    expect(JSON.parse(shell.out.text)).toEqual({
      type: 'result',
      schema: 'claw.exit-codes/1',
      codes: [
        ...Object.entries(EXITS).map(([name, { code, meaning, retry }]) => ({ code, name, meaning, retry })),
        { code: 129, name: 'SIGNAL', meaning: 'stopped by SIGHUP, after it had cleaned up', retry: 'no' },
        { code: 130, name: 'SIGNAL', meaning: 'stopped by SIGINT, after it had cleaned up', retry: 'no' },
        { code: 143, name: 'SIGNAL', meaning: 'stopped by SIGTERM, after it had cleaned up', retry: 'no' },
      ],
    })
    const page = await pageOf('exit-codes')
    for (const [name, { code }] of Object.entries(EXITS)) expect(page).toMatch(new RegExp(`^ +${code}  ${name} `, 'm'))
    for (const code of [129, 130, 143]) expect(page).toMatch(new RegExp(`^ +${code}  SIGNAL `, 'm'))
  })

  it('ends with 66 and the nearest topics for an unknown one', async () => {
    const shell = fakeShell()
    expect(await runCli(['help', 'exit-code'], shell)).toBe(66)
    expect(shell.err.text).toBe(
      'error[CLAW_TOPIC_UNKNOWN]: there is no such command or topic\n  why: the nearest is `exit-codes`\n  fix: claw --help\n',
    )
  })
})

describe('completion', () => {
  /** What bash would offer for a line whose last word is being typed. */
  async function offered(line: string): Promise<string[]> {
    const words = line.split(' ')
    const { bash } = await renderCompletions()
    const script = `${bash}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length - 1}\n_claw\nprintf '%s\\n' "\${COMPREPLY[@]}"\n`
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })
    expect(stderr).toBe('')
    return stdout.split('\n').filter(Boolean)
  }

  it.each([
    ['claw au', ['auth']],
    ['claw auth st', ['status']],
    ['claw auth moon', ['moonshot']],
    ['claw token --min', ['--min-ttl']],
    ['claw help ex', ['exit-codes']],
    ['claw completion f', ['fish']],
    ['claw auth --profile ', []],
    ['claw nonsense ', []],
  ])('of %j offers %j', async (line, words) => {
    expect(await offered(line)).toEqual(words)
  })

  it('is there for zsh and fish too, and quotes nothing that would have to be quoted', async () => {
    const scripts = await renderCompletions()
    expect(Object.keys(scripts)).toEqual(['bash', 'zsh', 'fish'])
    expect(scripts.fish).toContain(`complete -c claw -n '__claw_at "auth"' -l device`)
    for (const script of Object.values(scripts)) {
      for (const [, words = ''] of script.matchAll(/(?:words|options|values|-a )=?'([^']*)'/g)) expect(words).toMatch(/^[a-z0-9 -]*$/)
    }
  })
})
