import { join } from 'node:path'
import { ClawError } from '../core/errors.ts'
import { redact, rememberSecret, type SecretKind } from '../core/redaction.ts'
import { type Reference, referenceName } from '../core/reference.ts'
import type { Secret } from '../core/secret.ts'
import { visibleLine } from '../core/visible.ts'
import type { Clock } from '../platform/clock.ts'
import type { Environment } from '../platform/environment.ts'
import { COMMAND_DEADLINE_MS, type CommandResult, MAX_COMMAND_OUTPUT, runCommand } from '../platform/run-command.ts'
import { readSecretFile } from './secret-file.ts'
import { secretFrom } from './secret-text.ts'

/** What references are resolved with. */
export interface ReferenceWorld {
  readonly environment: Environment
  readonly clock: Clock
  readonly uid: number
  /** Where commands run. */
  readonly stateDir: string | null
  /** The repository around the working directory: no command is taken from it. */
  readonly projectRoot: string | null
  readonly signal: AbortSignal
  /** The longest a command may run, ms; the usual limit where absent. */
  readonly commandDeadlineMs?: number
}

/**
 * The secret that a reference leads to. It is resolved anew each time, so that a rotated secret is found.
 *
 * @throws {ClawError} `CLAW_REFERENCE_UNRESOLVED`, `CLAW_KEY_INVALID`, `CLAW_INSECURE`: each names the reference, never its value.
 */
export async function resolveReference(reference: Reference, world: ReferenceWorld, kind: SecretKind): Promise<Secret> {
  const name = referenceName(reference)
  switch (reference.scheme) {
    case 'literal':
      return reference.secret
    case 'env': {
      const value = world.environment.get(reference.name)
      if (value === undefined) throw unresolved(`\`${name}\` is not set`, undefined, `set ${reference.name}, or remove the reference to it`)
      return secretFrom(value, name, kind)
    }
    case 'file':
      return secretFrom(await readSecretFile(reference.path, name, world.uid), name, kind)
    case 'cred':
      return secretFrom(await readSecretFile(credentialPath(reference.name, world.environment), name, world.uid), name, kind)
    case 'cmd':
      return secretFrom(await outputOf(reference, name, world), name, kind)
    case 'keyring':
      throw unresolved(
        `\`${name}\` cannot be read: this version of claw does not read keyrings`,
        undefined,
        'use a `cmd:` reference to the program of the keyring, or `file:`',
      )
    case 'oidc':
      throw unresolved(
        `\`${name}\` gives an identity token, which is no API key`,
        undefined,
        'use it as `subject_token` of an identity method',
      )
  }
}

/** systemd's LoadCredential= and its like: a file by name in a directory of this unit only. */
function credentialPath(name: string, environment: Environment): string {
  const directory = environment.get('CREDENTIALS_DIRECTORY')
  if (directory === undefined) {
    throw unresolved(
      `\`cred:${name}\` has no directory to look in`,
      'CREDENTIALS_DIRECTORY is not set',
      'load it with `LoadCredential=` in the systemd unit',
    )
  }
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.@-]*$/.test(name)) throw unresolved(`\`cred:${visibleLine(name, 64)}\` is no name of a credential`)
  return join(directory, name)
}

async function outputOf(reference: Extract<Reference, { scheme: 'cmd' }>, name: string, world: ReferenceWorld): Promise<Buffer> {
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

function unresolved(what: string, why?: string, fix?: string): ClawError {
  return new ClawError('CLAW_REFERENCE_UNRESOLVED', { what, why, fix })
}
