import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { askedOf, clawLines, KNOWN_LINE } from '../support/claw-lines.ts'
import { runClaw } from '../support/run-claw.ts'
import { runProgram } from '../support/shelled.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const BLOCKS = [...README.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)
const SPANS = [...README.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
const LINES = [...new Set([...BLOCKS, ...SPANS].flatMap(clawLines))]
const TOPICS = LINES.filter((line) => line.startsWith('help '))

describe('README.md', () => {
  it('begins with a script of the package and a command of npm', async () => {
    const [demo = '', test = ''] = BLOCKS[0]?.trim().split('\n') ?? []
    expect([demo, test].map((line) => line.split('#')[0]?.trim())).toEqual(['npm run demo', 'npm cit'])
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(existsSync(join(ROOT, scripts.demo.replace(/^node /, '')))).toBe(true)
    expect(scripts.test).toMatch(/^vitest run /)
    const help = await runProgram('npm', ['cit', '--help'], { cwd: ROOT, env: process.env })
    expect(help.exitCode).toBe(0)
    expect(help.stdout).toContain('npm install-ci-test')
  })

  it('links to files that are there', () => {
    const links = [...README.matchAll(/\]\(([^)\s]+)\)/g)].map(([, path = '']) => path)
    expect(links).toContain('examples/github-job.yml')
    expect(links.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it('names the file that npm pack makes', () => {
    const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect([...new Set(README.match(/claw-[\w.]+\.tgz/g))]).toEqual([`${name}-${version}.tgz`])
  })

  it('shows a configuration that is valid', async () => {
    const toml = [...README.matchAll(/^```toml\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)
    const dir = mkdtempSync(join(tmpdir(), 'claw-readme-'))
    try {
      const files = toml.map((text, n) => {
        writeFileSync(join(dir, `${n}.toml`), text)
        return join(dir, `${n}.toml`)
      })
      const said = await Promise.all(files.map(async (file) => (await runClaw(['config', 'check', '--config', file])).stderr))
      expect(said).toEqual(files.map((file) => `valid: ${file}\n`))
      expect(files).not.toEqual([])
    } finally {
      rmSync(dir, { recursive: true })
    }
  })

  it('shows the commands of the recipes', () => {
    expect(LINES.length).toBeGreaterThan(TOPICS.length)
    expect(LINES).toEqual(
      expect.arrayContaining([
        'auth --identity anthropic',
        'auth refresh --all --min-ttl 2h',
        'doctor --provider anthropic',
        'help exit-codes',
      ]),
    )
  })

  it.each(LINES.filter((line) => !TOPICS.includes(line)))('claw knows the command and the options of: claw %s', async (line) => {
    expect(await askedOf(line)).toEqual(KNOWN_LINE)
  })

  it.each(TOPICS)('claw has the text of: claw %s', async (line) => {
    const { exitCode, stderr } = await runClaw(line.split(' '))
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  })
})
