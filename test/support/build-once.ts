import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = new URL('../..', import.meta.url).pathname
const BUILT = ['dist/main.cjs', 'dist-test/main.cjs']
const SOURCES = ['src', '.ci', 'package.json', 'package-lock.json']

/** Builds both bundles before the first test that runs them, where they are older than what they are built from. */
export default function buildOnce(): void {
  const oldest = Math.min(...BUILT.map((path) => statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0))
  if (Math.max(...SOURCES.map((path) => newestIn(join(ROOT, path)))) < oldest) return
  execFileSync(process.execPath, ['.ci/build.mjs'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
}

function newestIn(path: string): number {
  const facts = statSync(path)
  if (!facts.isDirectory()) return facts.mtimeMs
  return Math.max(facts.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))))
}
