import { ClawError } from '../../core/errors.ts'
import type { Environment } from '../../platform/environment.ts'
import type { Route } from './catalogue.ts'
import { isTable } from './merge-auth.ts'

/** Values of the names that stand as `{name}` in the addresses of a route. */
export type RouteSettings = Readonly<Record<string, string>>

/** A label of a host, or a word of a query. */
const VALUE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

/**
 * What a route needs to know of the user beside a credential (a resource, a region): for a credential of the environment
 * its variables first, for any other the user's file, because an inherited variable must not lead it elsewhere. Where
 * other people have hosts of the same pattern (`hostsOfCustomers`), variables count only for credentials of the
 * environment and for those that are bound to where they were signed in.
 */
export function settingsOf(
  route: Route,
  environment: Environment,
  credential: { readonly isFromEnvironment: boolean; readonly isBound: boolean },
): RouteSettings {
  const { entry } = route
  const mayFollow = credential.isFromEnvironment || credential.isBound || entry.hostsOfCustomers !== true
  const found = Object.entries(entry.envSettings ?? {}).flatMap(([name, variables]) => {
    const inFile = fileValue(route, name)
    const inEnvironment = mayFollow ? variables.flatMap((each) => environment.get(each) ?? [])[0] : undefined
    const value = (credential.isFromEnvironment ? (inEnvironment ?? inFile) : (inFile ?? inEnvironment)) ?? entry.settings?.[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...entry.settings, ...Object.fromEntries(found) }
}

function fileValue({ settings }: Route, name: string): string | undefined {
  const written = settings?.overrides.settings
  const value = isTable(written) ? written[name] : undefined
  return typeof value === 'string' ? value : name === 'region' ? settings?.region : undefined
}

/**
 * A template with the values that there are; `{name}` of others stays.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID` for a value that cannot stand there.
 */
export function fillIn(template: string, route: Route, values: RouteSettings): string {
  return template.replace(/\{([a-z_]+)\}/g, (whole, name: string, offset: number) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    if (value === undefined) return whole
    const isHost = /^https?:\/\/[^/]*$/.test(template.slice(0, offset))
    if ((isHost ? LABEL : VALUE).test(value)) return value
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `\`${name}\` of \`${route.id}\` cannot stand in an address`,
      why: 'letters, digits and `-` are allowed',
      fix: `correct ${placesOf(route, name)}`,
    })
  })
}

/** @throws {ClawError} `CLAW_CONFIG_INVALID` where a name of an address has no value, naming what would give it one. */
export function refuseUnfilled(url: string, route: Route): void {
  const name = /\{([a-z_]+)\}/.exec(url)?.[1]
  if (name === undefined) return
  throw new ClawError('CLAW_CONFIG_INVALID', {
    what: `the address of \`${route.id}\` is not known: \`${name}\` is not set`,
    why: `it is \`${url}\``,
    fix: `set ${placesOf(route, name)}`,
    data: { setting: name, variables: route.entry.envSettings?.[name] ?? [] },
  })
}

function placesOf({ id, entry }: Route, name: string): string {
  const variables = (entry.envSettings?.[name] ?? []).map((each) => `${each} (for a key of the environment), or `).join('')
  return entry.hostsOfCustomers === true || variables === ''
    ? `${variables}\`settings.${name}\` in [providers.${id}]`
    : `${(entry.envSettings?.[name] ?? []).join(' or ')}, or \`settings.${name}\` in [providers.${id}]`
}
