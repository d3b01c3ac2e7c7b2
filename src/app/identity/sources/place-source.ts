import type { Reference } from '../../../core/reference.ts'
import { type ClawError, toClawError } from '../../../core/errors.ts'
import type { Secret } from '../../../core/secret.ts'
import { credentialPath } from '../../../credentials/references.ts'
import { readSecretFile } from '../../../credentials/secret-file.ts'
import { unresolved } from '../../../credentials/unresolved.ts'
import type { Environment } from '../../../platform/environment.ts'
import { fileFault } from '../../../platform/file-fault.ts'
import { SUBJECT_PLACES } from '../../../providers/subject-places.ts'
import type { SubjectSource } from '../../../providers/subject-source.ts'
import { subjectFrom } from './subject-secret.ts'
import { type Sight, type SubjectWorld, THERE } from './subject-world.ts'

type Variable = Extract<Reference, { scheme: 'env' }>
type File = Extract<Reference, { scheme: 'file' | 'cred' }>

/** Whether the variable is set. */
export function lookForVariable({ name }: Variable, environment: Environment): Sight {
  return environment.get(name) === undefined ? { there: false, why: `${name} is not set`, fix: variableFix(name, environment) } : THERE
}

/** The token that stands in a variable. @throws {ClawError} `CLAW_REFERENCE_UNRESOLVED` */
export function readVariable({ name }: Variable, environment: Environment): Secret {
  const value = environment.get(name)
  const fix = variableFix(name, environment)
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
    return { there: false, why: error.why ?? error.message, fix: error.fix ?? fileFix(environment) }
  }
  const fault = await fileFault(path)
  return fault === null ? THERE : { there: false, why: `cannot read ${path}: ${fault}`, fix: fileFix(environment) }
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
  const fix = fileFix(environment)
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
function variableFix(name: string, environment: Environment): string {
  const row =
    SUBJECT_PLACES.find(({ variables }) => variables?.includes(name)) ??
    SUBJECT_PLACES.find((each) => each.reference === 'env:NAME' && isHere(each, environment))
  return row === undefined ? `set ${name} to the identity token of this job` : row.enable.replace('NAME', name)
}

function fileFix(environment: Environment): string {
  const row = SUBJECT_PLACES.find((each) => each.reference === 'file:PATH' && isHere(each, environment))
  return row?.enable ?? 'let whatever issues the identity token write it there, readable for this user'
}

function isHere({ hereVariable }: SubjectSource, environment: Environment): boolean {
  return hereVariable !== null && environment.get(hereVariable) !== undefined
}
