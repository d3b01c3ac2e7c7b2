import { expandUrl } from '../../protocols/url.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { fillIn, refuseUnfilled, type RouteSettings } from '../catalogue/route-settings.ts'

/** Where a request goes: a route, and what stands for the names in its addresses. */
export interface RequestPlace {
  readonly route: Route
  readonly baseUrl: string
  readonly settings: RouteSettings
}

/**
 * The address of a request: a path below the base URL, `{origin}/…`, or absolute, with the query of the route. `more` are
 * values for names that stand in the path alone.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID` where a name in it has no value, naming the variables that give it one.
 */
export function requestUrl({ route, baseUrl, settings }: RequestPlace, path: string, more: RouteSettings = {}): string {
  refuseUnfilled(baseUrl, route)
  const url = new URL(expandUrl(fillIn(path, route, { ...settings, ...more }), baseUrl))
  for (const [name, value] of Object.entries(route.entry.query ?? {})) url.searchParams.set(name, fillIn(value, route, settings))
  return url.href
}
