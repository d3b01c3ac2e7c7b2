import { CATALOGUE } from '../../providers/catalogue.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { Route } from '../catalogue/catalogue.ts'

interface Place {
  readonly route: Route
  readonly auth: AuthEntry
}

/**
 * The variable by which alone a method is on, as it is written before a command: a command without it does not know the
 * method. Null where the method is on by itself or by the configuration.
 */
function variableOf({ route, auth }: Place): string | null {
  const isOnByItself = CATALOGUE.get(route.id)?.auth.find(({ id }) => id === auth.id)?.enabled ?? true
  const isOnByFile = route.settings?.auth[auth.id]?.enabled === true
  return auth.enabled && !isOnByItself && !isOnByFile ? `CLAW_ENABLE=${route.id}/${auth.id}` : null
}

/** A command that goes on with a sign-in, with the variable that it needs. */
export function withVariable(place: Place | undefined, command: string): string {
  const variable = place ? variableOf(place) : null
  return variable === null ? command : `${variable} ${command}`
}

/** What keeps a method on that a variable has switched on for this command only; null where nothing is to be done. */
export function keepOnLine(route: Route, authId: string): string | null {
  const auth = route.entry.auth.find(({ id }) => id === authId)
  const variable = auth ? variableOf({ route, auth }) : null
  return variable && `keep it on: set enabled = true in [providers.${route.id}.auth.${authId}], or ${variable} in every run`
}
