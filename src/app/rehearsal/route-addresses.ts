import { ClawError } from '../../core/errors.ts'
import type { Protocol } from '../../core/vocabulary.ts'
import { baseUrlOf } from '../catalogue/base-url.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { filled } from './mirrored-address.ts'

/** One base URL of a route. */
export interface RouteAddress {
  readonly region: string | null
  readonly protocol: Protocol
  readonly baseUrl: string
}

/** Every base URL that a route may have: by region, where it has regions, and by protocol. */
export function addressesOf(route: Route): RouteAddress[] {
  const regions = route.entry.regions ? Object.keys(route.entry.regions) : [null]
  return regions.flatMap((region) =>
    route.entry.protocols.flatMap((protocol) => {
      const baseUrl = baseUrlIn(route, protocol, region)
      return baseUrl === undefined ? [] : [{ region, protocol, baseUrl: filled(baseUrl) }]
    }),
  )
}

/** The base URL that a route has where nothing is chosen; empty where it has none. */
export function firstBaseUrl(route: Route, protocol = route.protocol): string {
  const addresses = addressesOf(route)
  const inForce = addresses.find((address) => address.region === route.region && address.protocol === protocol)
  return (inForce ?? addresses[0])?.baseUrl ?? ''
}

/** `undefined` where the vendor has none for the protocol in that region. */
function baseUrlIn(route: Route, protocol: Protocol, region: string | null): string | undefined {
  try {
    return baseUrlOf({ ...route, protocol, region }, region)
  } catch (thrown) {
    if (thrown instanceof ClawError && thrown.code === 'CLAW_CONFIG_INVALID') return undefined
    throw thrown
  }
}
