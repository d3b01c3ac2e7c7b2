import type { CatalogueNames } from '../../config/config-request.ts'
import type { Config, ProviderSettings } from '../../config/config.ts'
import { ClawError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { OnDemand } from '../../core/on-demand.ts'
import { visibleLine } from '../../core/visible.ts'
import type { Protocol } from '../../core/vocabulary.ts'
import type { Environment } from '../../platform/environment.ts'
import { CATALOGUE, INDEX, WITHDRAWN } from '../../providers/catalogue.ts'
import { type CatalogueIndex, indexOf } from '../../providers/catalogue-index.ts'
import type { AuthEntry, ProviderEntry } from '../../providers/entry.ts'
import { SPOKEN_PROTOCOLS } from './abilities.ts'
import { domainInForce } from '../access/domain.ts'
import { withEndpoints } from './merge-auth.ts'
import { mergeEntry, regionOf } from './merge-entry.ts'

const NO_VARIABLES: Environment = { get: () => undefined, names: [] }

/** One route as it is in force: the entry of the catalogue with what the user's file says. */
export interface Route {
  readonly id: string
  /** The provider that it belongs to: the one that links to it, else itself. */
  readonly provider: string
  /** Reached only by its own name. */
  readonly namedOnly: boolean
  readonly entry: ProviderEntry
  readonly protocol: Protocol
  /** The region in force for whoever signs in now; of a route that hangs from a domain, that domain as it was written. */
  readonly region: string | null
  readonly settings: ProviderSettings | undefined
}

/** What a name stands for: a provider and every route that it leads to, or one route. */
export interface Named {
  readonly name: string
  readonly provider: string
  readonly routes: readonly Route[]
  readonly settings: ProviderSettings | undefined
}

/** The catalogue in force. */
export interface Catalogue {
  readonly routes: ReadonlyMap<string, Route>
  /** Every id, providers and routes, in the order of the catalogue and then of the configuration. */
  readonly ids: readonly string[]
  /** Ids and aliases. */
  readonly names: readonly string[]
  knows(name: string): boolean
  /**
   * By id or alias.
   *
   * @throws {ClawError} `CLAW_PROVIDER_UNKNOWN` with the nearest names; `CLAW_METHOD_UNSUPPORTED` with the reason for one that is
   * not built.
   */
  find(name: string): Named
  /** @throws {ClawError} `CLAW_PROVIDER_UNKNOWN` */
  route(id: string): Route
}

/**
 * The catalogue with the configuration over it.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID` for a region that a provider does not have, or a method switched on that is none.
 */
export function buildCatalogue(
  config: Pick<Config, 'providers' | 'enabled'>,
  known: ReadonlyMap<string, ProviderEntry> = CATALOGUE,
  environment: Environment = NO_VARIABLES,
): Catalogue {
  const { providers } = config
  const ids = new Set([...known.keys(), ...providers.keys()])
  // Most commands look at one or two entries: the others are not even read.
  const entries = new OnDemand(ids, (id): ProviderEntry => {
    const base = known.get(id)
    const settings = providers.get(id)
    const entry = settings ? mergeEntry(base, settings) : base
    if (entry) return entry
    throw new ClawError('CLAW_INTERNAL', { what: 'an entry of the catalogue went missing' })
  })
  const names = namesOf(known === CATALOGUE ? INDEX : indexOf(known), ids, providers)
  const enabled = new Set(config.enabled.map((name) => resolveEnabled(name, entries, names.aliases)))
  const routeOf = (id: string): Route => toRoute(entries.value(id), providers.get(id), names.links.get(id), enabled, environment)
  const routes = new OnDemand(ids, routeOf)
  for (const { id, region } of providers.values()) if (region !== undefined) routes.get(id)
  return new EffectiveCatalogue(routes, names.aliases)
}

class EffectiveCatalogue implements Catalogue {
  readonly routes: ReadonlyMap<string, Route>
  readonly #aliases: ReadonlyMap<string, string>

  constructor(routes: ReadonlyMap<string, Route>, aliases: ReadonlyMap<string, string>) {
    this.routes = routes
    this.#aliases = aliases
  }

  get ids(): readonly string[] {
    return [...this.routes.keys()]
  }

  get names(): readonly string[] {
    return [...this.routes.keys(), ...this.#aliases.keys()]
  }

  knows(name: string): boolean {
    return this.routes.has(name) || this.#aliases.has(name) || WITHDRAWN.has(name)
  }

  find(name: string): Named {
    const route = this.route(name)
    const linked = (route.entry.routes ?? []).flatMap((link) => (link.namedOnly === true ? [] : (this.routes.get(link.to) ?? [])))
    return { name: route.id, provider: route.provider, routes: [route, ...linked], settings: route.settings }
  }

  route(name: string): Route {
    const route = this.routes.get(this.#aliases.get(name) ?? name)
    if (route) return route
    throw notBuilt(WITHDRAWN.get(name)) ?? unknownProvider(name, this.names)
  }
}

/** A sign-in that its vendor ended, or does not allow: why, since when, and where that was read. */
function notBuilt(entry: ProviderEntry | undefined): ClawError | undefined {
  if (!entry?.withdrawn) return undefined
  const { why, fix, source, since } = entry.withdrawn
  return new ClawError('CLAW_METHOD_UNSUPPORTED', {
    what: `\`${entry.id}\` is not built`,
    why: `${why} (${source})`,
    fix,
    data: { terms: entry.terms, since },
  })
}

/** Exit 66 with the nearest names. */
export function unknownProvider(name: string, known: readonly string[]): ClawError {
  const near = nearest(name, known)
  return new ClawError('CLAW_PROVIDER_UNKNOWN', {
    what: `there is no provider \`${visibleLine(name, 64)}\``,
    why:
      near.length > 0
        ? `the nearest ${near.length === 1 ? 'name is' : 'names are'} ${near.map((each) => `\`${each}\``).join(', ')}`
        : undefined,
    fix: 'see `claw auth list` for every provider',
    data: { nearest: near },
  })
}

function toRoute(
  entry: ProviderEntry,
  settings: ProviderSettings | undefined,
  link: Linked | undefined,
  enabled: ReadonlySet<string>,
  environment: Environment,
): Route {
  const protocol =
    settings?.protocol ?? entry.protocols.find((each) => SPOKEN_PROTOCOLS.includes(each)) ?? entry.protocols[0] ?? 'openai-chat'
  const region = domainInForce(entry, environment) ?? settings?.region ?? entry.defaultRegion ?? null
  // A region may also be a name that stands in the address, and then any will do.
  const isKnown = settings?.region === undefined || regionOf(entry, settings.region) || entry.envSettings?.region
  if (settings?.region !== undefined && !isKnown) throw unknownRegion(entry, settings.region)
  const oauthHost = regionOf(entry, region)?.oauthHost
  const auth = entry.auth.map((each): AuthEntry => {
    const inForce = withEndpoints(each, settings?.auth[each.id], oauthHost)
    return enabled.has(`${entry.id}/${each.id}`) ? { ...inForce, enabled: true } : inForce
  })
  return {
    id: entry.id,
    provider: link?.provider ?? entry.id,
    namedOnly: link?.namedOnly === true,
    entry: { ...entry, auth },
    protocol,
    region,
    settings,
  }
}

type Linked = CatalogueIndex['links'][string]

/**
 * Names and links with those of the user's file over them. An id is never an alias too: the name of a provider of one's own
 * wins over an alias of the catalogue.
 */
function namesOf(
  index: CatalogueIndex,
  ids: ReadonlySet<string>,
  providers: Config['providers'],
): { readonly aliases: ReadonlyMap<string, string>; readonly links: ReadonlyMap<string, Linked> } {
  const overridden = (id: string, field: 'aliases' | 'routes') => providers.get(id)?.overrides[field] !== undefined
  const changed = indexOf(
    new Map(
      [...providers.values()]
        .filter(({ id }) => overridden(id, 'aliases') || overridden(id, 'routes'))
        .map((each) => [each.id, mergeEntry(undefined, each)]),
    ),
  )
  const aliases = Object.entries(index.aliases).filter(([, id]) => !overridden(id, 'aliases'))
  const links = Object.entries(index.links).filter(([, { provider }]) => !overridden(provider, 'routes'))
  return {
    aliases: new Map([...aliases, ...Object.entries(changed.aliases)].filter(([alias]) => !ids.has(alias))),
    links: new Map([...links, ...Object.entries(changed.links)]),
  }
}

function resolveEnabled(name: string, entries: ReadonlyMap<string, ProviderEntry>, aliases: ReadonlyMap<string, string>): string {
  const [provider = '', auth = ''] = name.split('/')
  const id = aliases.get(provider) ?? provider
  if (entries.get(id)?.auth.some((entry) => entry.id === auth) !== true) {
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `\`CLAW_ENABLE\` names a method that does not exist: \`${visibleLine(name, 64)}\``,
      fix: 'name it as `PROVIDER/METHOD`, as `claw auth list` shows them',
    })
  }
  return `${id}/${auth}`
}

function unknownRegion(entry: ProviderEntry, region: string): ClawError {
  const known = Object.keys(entry.regions ?? {})
  return new ClawError('CLAW_CONFIG_INVALID', {
    what: `\`providers.${entry.id}.region\` is \`${visibleLine(region, 64)}\`, which is no region of \`${entry.id}\``,
    why: known.length > 0 ? `its regions are ${known.map((name) => `\`${name}\``).join(', ')}` : 'it has no regions',
    fix: `correct \`region\` in [providers.${entry.id}]`,
  })
}

/** The names that the configuration must know before it can be read. */
export function catalogueNames(known: ReadonlyMap<string, ProviderEntry> = CATALOGUE): CatalogueNames {
  const index = known === CATALOGUE ? INDEX : indexOf(known)
  const aliases = new Map(Object.entries(index.aliases))
  return {
    ids: [...known.keys()],
    aliases,
    authIds: (provider) => (Object.hasOwn(index.authIds, provider) ? (index.authIds[provider] ?? []) : []),
  }
}

/** One name for all routes of a provider, and one for each route that only its own name reaches. */
export function ownNames(catalogue: Catalogue): Named[] {
  const names = [...catalogue.routes.values()].map(({ id, provider, namedOnly }) => (namedOnly ? id : provider))
  return [...new Set(names)].map((name) => catalogue.find(name))
}
