// npm run demo: from a clone with nothing installed to the main job done, against a provider on this machine.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'

/** Runs one preparation step; its output is shown only when it fails. */
function prepare(what, args) {
  console.log(`# ${what}: npm ${args.join(' ')}`)
  const done = spawnSync(npm, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  if (done.status === 0) return
  process.stderr.write(`${done.stdout}${done.stderr}`)
  process.exit(done.status ?? 1)
}

if (!existsSync(`${root}node_modules/.package-lock.json`)) prepare('install', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])
prepare('build', ['run', 'build', '--silent'])

console.log('# start a provider on this machine; everything below talks to it and to nothing else\n')
const shown = spawnSync(
  process.execPath,
  ['dist/main.cjs', 'sandbox', '--scenario', 'manual', '--', process.execPath, 'examples/demo/steps.mjs'],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
)
process.exit(shown.status ?? 1)
