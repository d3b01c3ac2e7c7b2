import type { ProviderEntry } from './entry.ts'

/** What must be known of every entry before any is looked at. */
export interface CatalogueIndex {
  /** Other names, and the ids that they stand for. */
  readonly aliases: Readonly<Record<string, string>>
  /** By id of a route: the provider that links to it. */
  readonly links: Readonly<Record<string, { readonly provider: string; readonly namedOnly: boolean }>>
  /** Ids of the auth entries. */
  readonly authIds: Readonly<Record<string, readonly string[]>>
}

export function indexOf(entries: ReadonlyMap<string, ProviderEntry>): CatalogueIndex {
  const all = [...entries.values()]
  return {
    aliases: Object.fromEntries(all.flatMap(({ id, aliases = [] }) => aliases.map((alias) => [alias, id]))),
    links: Object.fromEntries(
      all.flatMap(({ id, routes = [] }) => routes.map((link) => [link.to, { provider: id, namedOnly: link.namedOnly === true }])),
    ),
    authIds: Object.fromEntries(all.map(({ id, auth }) => [id, auth.map((each) => each.id)])),
  }
}
