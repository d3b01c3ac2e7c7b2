import { buildCatalogue, type Route } from '../../../src/app/catalogue/catalogue.ts'
import { isAddress, mirroredPath } from '../../../src/app/rehearsal/mirrored-address.ts'
import { addressesOf } from '../../../src/app/rehearsal/route-addresses.ts'
import { termsOf } from '../../../src/app/sign-in/terms.ts'
import { expandUrl } from '../../../src/protocols/url.ts'
import type { AuthEntry } from '../../../src/providers/entry.ts'

/** One way to sign in of the catalogue. */
export interface Entry {
  /** `ROUTE/AUTH`, as `CLAW_ENABLE` names it. */
  readonly id: string
  readonly route: Route
  readonly auth: AuthEntry
}

const catalogue = buildCatalogue({ providers: new Map(), enabled: [] })

/** Every way to sign in of every route, as the catalogue has it. */
export const ENTRIES: readonly Entry[] = [...catalogue.routes.values()].flatMap((route) =>
  route.entry.auth.map((auth) => ({ id: `${route.id}/${auth.id}`, route, auth })),
)

/** Methods that their vendor ended: nothing switches them on. */
export function isRetired({ route, auth }: Entry): boolean {
  return termsOf({ route, auth }) === 'retired'
}

/** What must be named for it to be offered. */
export function enabling({ id, auth }: Entry): string[] {
  return auth.enabled ? [] : [id]
}

/** The path of the request that proves a credential, at the sandbox: the step to its API, or a cheap one; null where there is none. */
export function probePath({ route, auth }: Entry): string | null {
  const { entry } = route
  const user = entry.auth.find(({ id }) => id === auth.usedBy) ?? auth
  const step = user.discoveryUrl ?? user.whoamiUrl
  if (step !== undefined && user.kind !== 'oauth_device') return mirroredPath(step)
  const template = (auth.probe ?? entry.probe)?.replace(/^GET /, '') ?? entry.modelsEndpoint
  const [first] = addressesOf(route).filter(({ region, protocol }) => region === route.region && protocol === route.protocol)
  return template && first ? mirroredPath(expandUrl(template, first.baseUrl)) : null
}

/** The path of an endpoint at the sandbox. */
export function endpointPath(address: string | undefined): string {
  if (!isAddress(address)) throw new Error(`no endpoint: ${address}`)
  return mirroredPath(address)
}
