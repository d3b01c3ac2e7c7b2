import { ClawError } from '../core/errors.ts'
import type { SecretKind } from '../core/redaction.ts'
import type { Secret } from '../core/secret.ts'
import type { Environment } from '../platform/environment.ts'
import { readSecretFile } from './secret-file.ts'
import { secretFrom } from './secret-text.ts'

/** A variable of a provider that is set, by itself or as the path of a file. */
export interface SetVariable {
  /** `env:NAME`, or `env:NAME_FILE` for one that holds a path. */
  readonly source: string
  /** What to unset. */
  readonly variable: string
  /** Whether reading it again may bring another value. */
  readonly isFile: boolean
  read(kind: SecretKind): Promise<Secret>
}

/**
 * A variable, or `NAME_FILE` with the path of a file that holds its value. An empty one is not set.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID` where both are set.
 */
export function findVariable(environment: Environment, name: string, uid: number): SetVariable | undefined {
  const value = environment.get(name)
  const fileName = `${name}_FILE`
  const path = environment.get(fileName)
  if (value !== undefined && path !== undefined) {
    throw new ClawError('CLAW_CONFIG_INVALID', { what: `\`${name}\` and \`${fileName}\` are both set`, fix: `unset ${fileName}` })
  }
  if (value !== undefined) {
    const source = `env:${name}`
    return { source, variable: name, isFile: false, read: async (kind) => secretFrom(value, source, kind) }
  }
  if (path === undefined) return undefined
  const source = `env:${fileName}`
  return {
    source,
    variable: fileName,
    isFile: true,
    read: async (kind) => secretFrom(await readSecretFile(path, source, uid), source, kind),
  }
}
