import { basename } from 'node:path'
import type { Reference } from '../../../core/reference.ts'
import { type ClawError, toClawError } from '../../../core/errors.ts'
import type { Secret } from '../../../core/secret.ts'
import { credentialPath } from '../../../credentials/references.ts'
import { readSecretFile } from '../../../credentials/secret-file.ts'
import { unresolved } from '../../../credentials/unresolved.ts'
import type { Environment } from '../../../platform/environment.ts'
import { fileFault } from '../../../platform/file-fault.ts'
import { sourceRowOf } from '../source-row.ts'
import { subjectFrom } from './subject-secret.ts'
import { type Sight, type SubjectWorld, THERE } from './subject-world.ts'

type Variable = Extract<Reference, { scheme: 'env' }>
type File = Extract<Reference, { scheme: 'file' | 'cred' }>

/** Whether the variable is set. */
export function lookForVariable(reference: Variable, environment: Environment): Sight {
  const { name } = reference
  return environment.get(name) === undefined ? { there: false, why: `${name} is not set`, fix: variableFix(reference, environment) } : THERE
}

/** The token that stands in a variable. @throws {ClawError} `CLAW_REFERENCE_UNRESOLVED` */
export function readVariable(reference: Variable, environment: Environment): Secret {
  const { name } = reference
  const value = environment.get(name)
  const fix = variableFix(reference, environment)
  if (value === undefined) throw unresolved(`\`env:${name}\` holds no identity token`, `${name} is not set`, fix)
  return subjectFrom(value, `env:${name}`, fix)
}

/** Whether the file is there and may be read. It is not opened. */
export async function lookForFile(reference: File, { environment }: SubjectWorld): Promise<Sight> {
  let path: string
  try {
    path = pathOf(reference, environment)
  } catch (thrown) {
    const error = toClawError(thrown)
    return { there: false, why: error.why ?? error.message, fix: error.fix ?? fileFix(reference, environment) }
  }
  const fault = await fileFault(path)
  return fault === null ? THERE : { there: false, why: `cannot read ${path}: ${fault}`, fix: fileFix(reference, environment) }
}

/**
 * The token that stands in a file now: whoever rotates it replaces it. Links are followed and it may belong to anybody,
 * because a kubelet, an agent or another container writes it: a token of somebody else proves nothing that the ids of the
 * exchange allow. What every user may write is refused.
 *
 * @throws {ClawError} `CLAW_REFERENCE_UNRESOLVED`, `CLAW_INSECURE`
 */
export async function readFileToken(reference: File, { environment }: SubjectWorld): Promise<Secret> {
  const source = `${reference.scheme}:${reference.scheme === 'file' ? reference.path : reference.name}`
  const fix = fileFix(reference, environment)
  const path = pathOf(reference, environment)
  const bytes = await readSecretFile(path, source, ANY_OWNER).catch((thrown: unknown) => {
    throw withFix(toClawError(thrown), fix)
  })
  return subjectFrom(bytes, source, fix)
}

const ANY_OWNER = -1

function pathOf(reference: File, environment: Environment): string {
  return reference.scheme === 'file' ? reference.path : credentialPath(reference.name, environment)
}

function withFix(error: ClawError, fix: string): ClawError {
  return error.fix === undefined ? error.reworded({ fix }) : error
}

/** The line that brings the variable, by its own name or by the system that this is. */
function variableFix(reference: Variable, environment: Environment): string {
  const { name } = reference
  return sourceRowOf(reference, environment)?.enable.replace('NAME', name) ?? `set ${name} to the identity token of this job`
}

/** The line that has the system write the file. */
function fileFix(reference: File, environment: Environment): string {
  const name = basename(reference.scheme === 'file' ? reference.path : reference.name)
  const { enable } = sourceRowOf(reference, environment) ?? {}
  return enable?.replace('NAME', name) ?? 'let whatever issues the identity token write it there, readable for this user'
}
