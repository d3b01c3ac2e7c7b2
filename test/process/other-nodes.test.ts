import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runClaw } from '../support/run-claw.ts'

const MAIN = new URL('../../dist/main.cjs', import.meta.url).pathname
/** Versions to fetch from the registry beside the Node that runs this, set where the network is there for it. */
const OTHERS = (process.env.CLAW_OTHER_NODES ?? '').split(' ').filter(Boolean)

function nodeOf(version: string): string {
  if (version === 'own') return process.execPath
  return execFileSync('npx', ['-y', '-p', `node@${version}`, 'node', '-p', 'process.execPath'], { encoding: 'utf8' }).trim()
}

it.each(['own', ...OTHERS])('signs in and prompts on Node %s', async (version) => {
  const execPath = nodeOf(version)
  const home = mkdtempSync(join(tmpdir(), 'claw-node-'))
  const script = '"$0" "$1" auth --device moonshot --quiet && "$0" "$1" prompt -m moonshot hi && "$0" -p process.version'
  const ended = await runClaw(['sandbox', '--quiet', '--', 'sh', '-c', script, execPath, MAIN], { execPath, env: { HOME: home } })
  const own = execFileSync(execPath, ['-p', 'process.version'], { encoding: 'utf8' })
  expect({ exitCode: ended.exitCode, stdout: ended.stdout }).toEqual({ exitCode: 0, stdout: `hi\n${own}` })
  expect(ended.stderr).not.toMatch(/Warning|error\[/)
})
