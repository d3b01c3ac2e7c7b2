import { redact, rememberSecret } from '../core/redaction.ts'
import type { Reference } from '../core/reference.ts'
import { visibleLine } from '../core/visible.ts'
import { COMMAND_DEADLINE_MS, type CommandResult, MAX_COMMAND_OUTPUT, runCommand } from '../platform/run-command.ts'
import type { ReferenceWorld } from './references.ts'
import { unresolved } from './unresolved.ts'

/**
 * What the program of a `cmd:` reference writes to stdout: one line, which is the secret.
 *
 * @throws {ClawError} `CLAW_REFERENCE_UNRESOLVED`, with what the program wrote to stderr, struck of all that could be a secret.
 */
export async function outputOf(reference: Extract<Reference, { scheme: 'cmd' }>, name: string, world: ReferenceWorld): Promise<Buffer> {
  const deadlineMs = world.commandDeadlineMs ?? COMMAND_DEADLINE_MS
  const result = await runCommand({
    argv: reference.argv,
    environment: world.environment,
    passOn: reference.env,
    cwd: world.stateDir,
    avoid: world.projectRoot,
    clock: world.clock,
    signal: world.signal,
    deadlineMs,
  })
  const lines = result.stdout
    .toString('latin1')
    .replace(/\r?\n$/, '')
    .split('\n')
  const fault = faultOf(result, lines, deadlineMs)
  if (fault === undefined) return result.stdout
  // What it printed may be the secret all the same: it is struck from what it wrote to stderr.
  for (const line of lines) rememberSecret(line.trim(), 'token')
  const said = withoutTokens(redact(result.stderr))
  throw unresolved(`\`${name}\` gave no secret`, said === '' ? fault : `${fault}; it wrote: ${said}`)
}

function faultOf({ ended, exitCode, stdout }: CommandResult, lines: readonly string[], deadlineMs: number): string | undefined {
  if (ended === 'not_found') return 'there is no such program at an absolute path or in an absolute directory of PATH'
  if (ended === 'not_started') return 'the program could not be started'
  if (ended === 'timeout') return `it did not end within ${deadlineMs / 1000} s`
  if (ended === 'too_much') return `it wrote more than ${MAX_COMMAND_OUTPUT / 1024} KiB`
  if (ended === 'killed') return 'it was ended by a signal'
  if (exitCode !== 0) return `its exit code was ${exitCode}`
  if (stdout.length === 0 || (lines.length === 1 && lines[0] === '')) return 'it wrote nothing'
  return lines.length > 1 ? `it wrote ${lines.length} lines, and a secret is one` : undefined
}

/** A helper that fails may print what it should keep: whatever could be a secret is struck, known or not. */
function withoutTokens(text: string): string {
  return visibleLine(text.replace(/[A-Za-z0-9_+/=.~-]{16,}/g, '[redacted:token]'), 200)
}
