import type { Environment } from '../../platform/environment.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { Route } from '../catalogue/catalogue.ts'

/** The identity methods of a route that anything speaks for here, before their settings are read: the user's file, then variables. */
export function identityMethods(route: Pick<Route, 'entry' | 'settings'>, environment: Environment): AuthEntry[] {
  const methods = route.entry.auth.filter(({ kind }) => kind === 'workload_identity')
  const isInFile = (auth: AuthEntry) => isSetUp(route, auth)
  return [...methods.filter(isInFile), ...methods.filter((auth) => !isInFile(auth) && hasVariable(auth, environment))]
}

/**
 * Whether the user's file sets an identity up: variables only fill what it leaves open. A table that moves an address of the
 * vendor's own method does not; one of another name is there for nothing else.
 */
export function isSetUp({ settings }: Pick<Route, 'settings'>, { id, kind, subjectToken, ids }: AuthEntry): boolean {
  if (kind !== 'workload_identity') return false
  return subjectToken !== undefined || ids !== undefined || (id !== OWN_METHOD && settings?.auth[id] !== undefined)
}

/** What every vendor's own method is called in the catalogue. */
const OWN_METHOD = 'federation'

function hasVariable({ federation }: AuthEntry, environment: Environment): boolean {
  return Object.values(federation?.envMap ?? {}).some(
    (name) => environment.get(name) !== undefined || environment.get(`${name}_FILE`) !== undefined,
  )
}
