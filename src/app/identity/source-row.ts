import type { Reference } from '../../core/reference.ts'
import type { Environment } from '../../platform/environment.ts'
import { SUBJECT_PLACES } from '../../providers/subject-places.ts'
import type { SubjectSource } from '../../providers/subject-source.ts'
import { OIDC_SUBJECT_SOURCES } from '../../providers/subject-sources.ts'

/** What is known of where a reference leads: by its own name, else by the system that this is. */
export function sourceRowOf(reference: Reference, environment: Environment): SubjectSource | undefined {
  switch (reference.scheme) {
    case 'oidc':
      return OIDC_SUBJECT_SOURCES.get(reference.source)
    case 'env':
      return SUBJECT_PLACES.find(({ variables }) => variables?.includes(reference.name)) ?? placeHere('env:NAME', environment)
    case 'file':
    case 'cred':
      return placeHere('file:PATH', environment)
    default:
      return undefined
  }
}

/** Whether this is the system of a source; false where no variable tells. */
export function isHere({ hereVariable }: SubjectSource, environment: Environment): boolean {
  return hereVariable !== null && environment.get(hereVariable) !== undefined
}

function placeHere(reference: string, environment: Environment): SubjectSource | undefined {
  return SUBJECT_PLACES.find((each) => each.reference === reference && isHere(each, environment))
}
