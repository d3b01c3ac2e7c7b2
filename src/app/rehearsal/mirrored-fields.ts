import { isTable } from '../catalogue/merge-auth.ts'
import { isAddress, mirroredOpen } from './mirrored-address.ts'
import type { TomlValue } from './toml-text.ts'

/** How an address becomes one of the sandbox. */
type Lead = (address: string, origin: string) => string

/** Names of things that look like addresses: nothing is ever sent there. */
const IDENTIFIERS = ['audience', 'resource', 'defaultAudience', 'fixedFields', 'redirectUri', 'redirectUris', 'scopes', 'quirks']

/** Every field that holds an address, by its name in the configuration. A table that holds one is written whole. */
export function addressFields(fields: object, origin: string, lead: Lead): Readonly<Record<string, TomlValue>> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => {
      if (IDENTIFIERS.includes(name) || !holdsAddress(value)) return []
      return [[snakeCase(name), inToml(value, origin, lead)]]
    }),
  )
}

function holdsAddress(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsAddress)
  return isTable(value) ? Object.values(value).some(holdsAddress) : isAddress(value)
}

function inToml(value: unknown, origin: string, lead: Lead): TomlValue {
  if (Array.isArray(value)) return value.map((member) => inToml(member, origin, lead))
  if (isTable(value)) return Object.fromEntries(Object.entries(value).map(([name, member]) => memberInToml(name, member, origin, lead)))
  if (isAddress(value)) return lead(value, origin)
  return typeof value === 'boolean' || typeof value === 'number' ? value : String(value)
}

function memberInToml(name: string, member: unknown, origin: string, lead: Lead): [string, TomlValue] {
  // The names of headers and of fields on the wire are whatever they are: only fields of claw's own have another name in the configuration.
  if ((isHeaders(name) || IDENTIFIERS.includes(name)) && isTable(member)) return [snakeCase(name), texts(member)]
  // Beside an address stand the hosts that it may have.
  if (name === 'hosts') return [name, [new URL(origin).host]]
  // Of a tenant, whose domain is the user's to say.
  if (name === 'tenantBaseUrl' && isAddress(member)) return [snakeCase(name), mirroredOpen(member, origin)]
  return [snakeCase(name), inToml(member, origin, lead)]
}

function isHeaders(name: string): boolean {
  return name === 'headers' || name.endsWith('Headers')
}

function texts(members: object): TomlValue {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, String(value)]))
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
