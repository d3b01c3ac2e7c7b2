import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Stops at a named point until `go` appears, in the second build only: fault tests kill the process there. Every use
 * stands behind `__TEST_HOOKS__` and is compiled away in the shipped bundle.
 */
export async function pauseAt(point: string): Promise<void> {
  const { CLAW_TEST_HOOK: wanted, CLAW_TEST_HOOK_DIR: dir } = process.env
  if (wanted !== point || !dir) return
  writeFileSync(join(dir, point), `${process.pid}\n`)
  while (!existsSync(join(dir, 'go'))) await new Promise((resolve) => setTimeout(resolve, 10))
}
