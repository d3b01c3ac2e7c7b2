// npm run bench: how long short commands take beside a bare Node, interleaved in the same minute. Prints, and fails nothing.
// It runs itself inside `claw sandbox`, where a grant can be signed in to.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROUNDS = 30
const self = fileURLToPath(import.meta.url)
const claw = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url))

/** What is run, and the ratio to reach. */
const ROWS = [
  { name: 'node -e 0', args: ['-e', '0'] },
  { name: 'claw --version', args: [claw, '--version'], target: 1.1 },
  { name: 'claw --help', args: [claw, '--help'], target: 1.15 },
  { name: 'claw doctor --offline', args: [claw, 'doctor', '--offline'], target: 1.45 },
  { name: 'claw token moonshot', args: [claw, 'token', 'moonshot'], target: 1.45 },
]

function run({ name, args }) {
  const start = process.hrtime.bigint()
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ms = Number(process.hrtime.bigint() - start) / 1e6
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`)
  return ms
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

if (process.argv[2] !== '--inside') {
  const { status } = spawnSync(process.execPath, [claw, 'sandbox', '--quiet', '--', process.execPath, self, '--inside'], {
    stdio: 'inherit',
  })
  process.exit(status ?? 1)
}

run({ name: 'the sign-in', args: [claw, 'auth', '--device', 'moonshot'] })
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
