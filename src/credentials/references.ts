import { join } from 'node:path'
import type { SecretKind } from '../core/redaction.ts'
import { type Reference, referenceName } from '../core/reference.ts'
import type { Secret } from '../core/secret.ts'
import { visibleLine } from '../core/visible.ts'
import type { Clock } from '../platform/clock.ts'
import type { Environment } from '../platform/environment.ts'
import { unresolved } from './unresolved.ts'
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
      // Starting programs is loaded only where one is started.
      return secretFrom(await (await import('./command-output.ts')).outputOf(reference, name, world), name, kind)
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
export function credentialPath(name: string, environment: Environment): string {
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
