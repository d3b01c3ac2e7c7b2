import type { Environment } from '../../platform/environment.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { Route } from '../catalogue/catalogue.ts'

/** The identity methods of a route that anything speaks for here, before their settings are read: the user's file, then variables. */
export function identityMethods({ entry }: Pick<Route, 'entry'>, environment: Environment): AuthEntry[] {
  const methods = entry.auth.filter(({ kind }) => kind === 'workload_identity')
  return [...methods.filter(isSetUp), ...methods.filter((auth) => !isSetUp(auth) && hasVariable(auth, environment))]
}

/** Whether the user's file sets an identity up: variables only fill what it leaves open. */
export function isSetUp({ kind, subjectToken, ids }: AuthEntry): boolean {
  return kind === 'workload_identity' && (subjectToken !== undefined || ids !== undefined)
}

function hasVariable({ federation }: AuthEntry, environment: Environment): boolean {
  return Object.values(federation?.envMap ?? {}).some(
    (name) => environment.get(name) !== undefined || environment.get(`${name}_FILE`) !== undefined,
  )
}
