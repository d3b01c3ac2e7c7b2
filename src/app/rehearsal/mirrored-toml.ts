import { expandUrl } from '../../protocols/url.ts'
import type { AuthEntry, ProviderEntry } from '../../providers/entry.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { isTable } from '../catalogue/merge-auth.ts'
import { isAddress, mirrored, mirroredOpen } from './mirrored-address.ts'
import { keyPrefixes, takesKeys } from './mirrored-base.ts'
import { addressesOf, firstBaseUrl, type RouteAddress } from './route-addresses.ts'
import { tableText, type TomlValue } from './toml-text.ts'

type Fields = Readonly<Record<string, TomlValue>>

/** Names of things that look like addresses: nothing is ever sent there. */
const IDENTIFIERS = ['audience', 'resource', 'defaultAudience', 'redirectUri', 'redirectUris', 'scopes', 'quirks']

/** The tables that lead every address of a route to a sandbox; `written` is its entry as the catalogue has it. */
export function routeToml(route: Route, written: ProviderEntry, origin: string): string {
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
  const methods = written.auth.map((auth) => tableText([...at, 'auth', auth.id], authFields(auth, baseUrl, origin, hasRegionHosts)))
  return `${comment(route)}${whole}${byRegion.join('')}${methods.join('')}`
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
    ...addressFields({ ...fields, ...federation }, origin),
    ...readField('probe', probe, baseUrl, origin),
    // Its pages are on loopback too.
    ...(auth.verificationHttpsOnly === true ? { verification_https_only: false } : {}),
  }
}

/** Every field that holds an address, by its name in the configuration. A table that holds one is written whole. */
function addressFields(fields: object, origin: string): Fields {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => {
      if (IDENTIFIERS.includes(name) || !holdsAddress(value)) return []
      return [[snakeCase(name), inToml(value, origin)]]
    }),
  )
}

function holdsAddress(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsAddress)
  return isTable(value) ? Object.values(value).some(holdsAddress) : isAddress(value)
}

function inToml(value: unknown, origin: string): TomlValue {
  if (Array.isArray(value)) return value.map((member) => inToml(member, origin))
  if (isTable(value)) return Object.fromEntries(Object.entries(value).map(([name, member]) => memberInToml(name, member, origin)))
  if (isAddress(value)) return mirrored(value, origin)
  return typeof value === 'boolean' || typeof value === 'number' ? value : String(value)
}

function memberInToml(name: string, member: unknown, origin: string): [string, TomlValue] {
  // The names of headers are whatever they are: only fields of claw's own have another name in the configuration.
  if (isHeaders(name) && isTable(member)) return [snakeCase(name), texts(member)]
  // Of a tenant, whose domain is the user's to say.
  if (name === 'tenantBaseUrl' && isAddress(member)) return [snakeCase(name), mirroredOpen(member, origin)]
  return [snakeCase(name), inToml(member, origin)]
}

function isHeaders(name: string): boolean {
  return name === 'headers' || name.endsWith('Headers')
}

function texts(headers: object): TomlValue {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
