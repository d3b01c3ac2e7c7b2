import { redact } from '../core/redaction.ts'
import { afterCriticalSections } from './critical-section.ts'
import type { Output } from './output.ts'

/**
 * What nobody caught becomes one line and exit 70, never a stack (S-52): with `CLAW_DEBUG=1` a redacted one. What is
 * being stored is stored first.
 */
export function reportCrashes(err: Output, isDebugging: boolean): void {
  const end = (thrown: unknown) => {
    process.exitCode = 70
    const name = thrown instanceof Error ? thrown.name : typeof thrown
    const stack = isDebugging && thrown instanceof Error ? `${redact(thrown.stack ?? '')}\n` : ''
    const line = `error[CLAW_INTERNAL]: claw met an error that it did not foresee\n  why: ${name}\n  fix: run the command again with CLAW_DEBUG=1 and report what it prints\n`
    void err.write(line + stack).finally(() => afterCriticalSections(() => process.exit()))
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}
