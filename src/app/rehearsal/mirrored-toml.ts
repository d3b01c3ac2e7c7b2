import { expandUrl } from '../../protocols/url.ts'
import type { AuthEntry, ProviderEntry } from '../../providers/entry.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { isAddress, mirrored, mirroredOpen } from './mirrored-address.ts'
import { keyPrefixes, takesKeys } from './mirrored-base.ts'
import { addressFields } from './mirrored-fields.ts'
import { addressesOf, firstBaseUrl, type RouteAddress } from './route-addresses.ts'
import { tableText, type TomlValue } from './toml-text.ts'

type Fields = Readonly<Record<string, TomlValue>>

/** The tables that lead every address of a route to a sandbox; `written` is its entry as the catalogue has it, `job` what its identity method could be set to. */
export function routeToml(route: Route, written: ProviderEntry, origin: string, job?: Fields): string {
  const { entry } = route
  const at = ['providers', route.id]
  const regions = entry.regions ? Object.keys(entry.regions) : []
  const addresses = addressesOf(route)
  const baseUrl = firstBaseUrl(route)
  const whole = tableText(at, { ...(regions.length === 0 ? baseFields(addresses, origin) : {}), ...readFields(entry, baseUrl, origin) })
  const byRegion = regions.map((region) => {
    const oauthHost = entry.regions?.[region]?.oauthHost
    return tableText([...at, 'regions', region], {
      ...baseFields(
        addresses.filter((address) => address.region === region),
        origin,
      ),
      ...(oauthHost === undefined ? {} : { oauth_host: mirrored(oauthHost, origin) }),
    })
  })
  const hasRegionHosts = regions.some((region) => entry.regions?.[region]?.oauthHost !== undefined)
  const methods = written.auth.map((auth) => {
    const table = tableText([...at, 'auth', auth.id], authFields(auth, baseUrl, origin, hasRegionHosts))
    return job && auth.kind === 'workload_identity' ? withSuggestion(table, { ...(auth.enabled ? {} : { enabled: true }), ...job }) : table
  })
  return `${comment(route)}${whole}${byRegion.join('')}${methods.join('')}`
}

/** What a table could hold beside what it does, each line as a comment. */
function withSuggestion(table: string, fields: Fields): string {
  const [, ...lines] = tableText(['x'], fields).trimEnd().split('\n')
  return `${table.trimEnd()}\n${lines.map((line) => `# ${line}\n`).join('')}\n`
}

function comment({ id, entry }: Route): string {
  const keys = [...new Set(entry.auth.filter(takesKeys).flatMap(keyPrefixes))]
  const off = entry.auth.filter(({ enabled }) => !enabled).map((auth) => `${id}/${auth.id}`)
  return [
    `# ${entry.name}${keys.length > 0 ? `; prefixes: ${keys.join(', ')}` : ''}`,
    ...(off.length > 0 ? [`# Off until CLAW_ENABLE names it: ${off.join(', ')}`] : []),
    '',
  ].join('\n')
}

/** One address, or the one of each protocol. */
function baseFields(addresses: readonly RouteAddress[], origin: string): Fields {
  const [first] = addresses
  if (!first) return {}
  const base_url = mirrored(first.baseUrl, origin)
  if (addresses.length === 1) return { base_url }
  const base_urls = Object.fromEntries(addresses.map(({ protocol, baseUrl }) => [protocol, mirrored(baseUrl, origin)]))
  return first.region === null ? { base_urls } : { base_url, base_urls }
}

/** What is read beside prompts. */
function readFields({ modelsEndpoint, usageEndpoint, probe }: ProviderEntry, baseUrl: string, origin: string): Fields {
  return {
    ...readField('models_endpoint', modelsEndpoint, baseUrl, origin),
    ...readField('usage_endpoint', usageEndpoint, baseUrl, origin),
    ...readField('probe', probe, baseUrl, origin),
  }
}

/** `GET` and an address, or an address alone; nothing where it is a path below the base URL, which leads to the sandbox already. */
function readField(name: string, written: string | undefined, baseUrl: string, origin: string): Fields {
  const [, verb = '', template = ''] = /^(GET\s+)?(.*)$/.exec(written ?? '') ?? []
  const isBelowBase = !template.startsWith('{origin}') && !isAddress(template)
  return isBelowBase ? {} : { [name]: `${verb}${mirrored(expandUrl(template, baseUrl), origin)}` }
}

function authFields(auth: AuthEntry, baseUrl: string, origin: string, hasRegionHosts: boolean): Fields {
  const { federation, oauthHost, probe, ...fields } = auth
  return {
    // The host of a region is weaker than one of the method.
    ...(oauthHost === undefined || hasRegionHosts ? {} : { oauth_host: mirrored(oauthHost, origin) }),
    ...addressFields(fields, origin, mirrored),
    // An id that the user sets may stand in the address of an exchange.
    ...addressFields(federation ?? {}, origin, mirroredOpen),
    ...readField('probe', probe, baseUrl, origin),
    // Its pages are on loopback too.
    ...(auth.verificationHttpsOnly === true ? { verification_https_only: false } : {}),
  }
}
