// npm run bench: how long short commands take beside a bare Node, interleaved in the same minute. Prints, and fails nothing.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROUNDS = 30
const claw = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'claw-bench-'))
const env = { PATH: process.env.PATH, HOME: home, CLAW_HOME: home }

/** What is run, how it must end, and the ratio to reach. */
const ROWS = [
  { name: 'node -e 0', args: ['-e', '0'], exit: 0 },
  { name: 'claw --version', args: [claw, '--version'], exit: 0, target: 1.1 },
  { name: 'claw --help', args: [claw, '--help'], exit: 0, target: 1.15 },
  { name: 'claw doctor --offline', args: [claw, 'doctor', '--offline'], exit: 1, target: 1.45 },
  { name: 'claw token openai', args: [claw, 'token', 'openai'], exit: 0, target: 1.45 },
]

function run({ name, args, exit }) {
  const start = process.hrtime.bigint()
  const { status, stderr } = spawnSync(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const ms = Number(process.hrtime.bigint() - start) / 1e6
  if (status !== exit) throw new Error(`${name} ended with ${status}: ${stderr}`)
  return ms
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

try {
  const key = spawnSync(process.execPath, [claw, 'auth', '--api-key', 'openai', '--stdin'], { env, input: 'sk-bench-0123456789abcdef0123' })
  if (key.status !== 0) throw new Error(`a key cannot be stored: ${key.stderr}`)
  const times = ROWS.map(() => [])
  for (let round = 0; round < ROUNDS; round++) for (const [i, row] of ROWS.entries()) times[i].push(run(row))
  const floor = median(times[0])
  console.log(`Node ${process.versions.node}, medians of ${ROUNDS} interleaved runs`)
  for (const [i, { name, target }] of ROWS.entries()) {
    const ms = median(times[i])
    const ratio = ms / floor
    const verdict = target === undefined ? '' : `  ${ratio.toFixed(2)} x, target ${target.toFixed(2)} x${ratio <= target ? '' : ', MISSED'}`
    console.log(`${name.padEnd(24)}${ms.toFixed(1).padStart(7)} ms${verdict}`)
  }
} finally {
  rmSync(home, { recursive: true, force: true })
}
