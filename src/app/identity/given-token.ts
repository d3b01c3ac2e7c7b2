import { isAbsolute } from 'node:path'
import { ClawError } from '../../core/errors.ts'
import type { Reference } from '../../core/reference.ts'
import type { Environment } from '../../platform/environment.ts'
import type { FederationEntry } from '../../providers/entry.ts'

/** Where a job's token comes from, as a variable of the vendor's SDK says. */
export interface GivenToken {
  readonly reference: Reference
  /** Absent = the reference says it. */
  readonly source?: string
}

/**
 * The token itself in a variable, or the path of a file that holds it.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID` where both are set, or a path is not absolute
 */
export function givenToken({ envMap }: FederationEntry, environment: Environment): GivenToken | undefined {
  const { assertion: name } = envMap
  const fileName = envMap.assertion_file ?? (name === undefined ? undefined : `${name}_FILE`)
  const path = fileName === undefined ? undefined : environment.get(fileName)
  const isSet = name !== undefined && environment.get(name) !== undefined
  if (isSet && path !== undefined)
    throw new ClawError('CLAW_CONFIG_INVALID', { what: `\`${name}\` and \`${fileName}\` are both set`, fix: `unset ${fileName}` })
  if (isSet) return { reference: { scheme: 'env', name } }
  if (path === undefined) return undefined
  if (!isAbsolute(path))
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `\`${fileName}\` is no absolute path`,
      fix: `set ${fileName} to the absolute path of the token`,
    })
  return { reference: { scheme: 'file', path }, source: `env:${fileName}` }
}
