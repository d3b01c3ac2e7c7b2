import { CATALOGUE } from '../../providers/catalogue.ts'
import type { ProviderEntry } from '../../providers/entry.ts'
import { buildCatalogue } from '../catalogue/catalogue.ts'
import { mirrored } from './mirrored-address.ts'
import { type MirroredBase, mirroredBases } from './mirrored-base.ts'
import { routeToml } from './mirrored-toml.ts'
import { firstBaseUrl } from './route-addresses.ts'

/** The catalogue as a sandbox serves it, and the words that lead there. */
export interface Rehearsal {
  readonly bases: readonly MirroredBase[]
  /** Variables that hold a credential or an address of a vendor. */
  readonly variables: readonly string[]
  /**
   * The configuration that leads every address of the catalogue to an origin. `jobs` is what the identity method of each
   * route would be set to; it stands there as a comment.
   */
  toml(origin: string, jobs?: Readonly<Record<string, Readonly<Record<string, string>>>>): string
  /** The base URLs of vendors' own libraries, by variable. */
  environment(origin: string): Readonly<Record<string, string>>
}

/** Everything that a sandbox must be told of the catalogue: `https://HOST/PATH` becomes `ORIGIN/HOST/PATH`, without exception. */
export function rehearsal(known: ReadonlyMap<string, ProviderEntry> = CATALOGUE): Rehearsal {
  const routes = [...buildCatalogue({ providers: new Map(), enabled: [] }, known).routes.values()]
  return {
    bases: mirroredBases(routes),
    variables: [...new Set(routes.flatMap(({ entry }) => variablesOf(entry)))],
    toml: (origin, jobs = {}) =>
      routes.map((route) => routeToml(route, known.get(route.id) ?? route.entry, origin, jobs[route.id])).join(''),
    environment: (origin) =>
      Object.fromEntries(
        routes.flatMap((route) => {
          const { baseUrlEnv, baseUrlEnvStrip = '' } = route.entry
          const baseUrl = firstBaseUrl(route, route.entry.protocols[0])
          return baseUrlEnv === undefined || baseUrl === '' ? [] : [[baseUrlEnv, `${mirrored(baseUrl, origin)}${baseUrlEnvStrip}`]]
        }),
      ),
  }
}

function variablesOf({ baseUrlEnv, auth }: ProviderEntry): string[] {
  const ofMethods = auth.flatMap(({ env = [], envChina = [], optionalHeadersEnv = {}, federation }) => [
    ...env,
    ...envChina,
    ...Object.values(optionalHeadersEnv),
    ...Object.values(federation?.envMap ?? {}),
  ])
  return [...(baseUrlEnv === undefined ? [] : [baseUrlEnv]), ...ofMethods]
}
