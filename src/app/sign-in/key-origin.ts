import { foreignPrefix } from '../../credentials/key-shape.ts'
import { KIND_OF, METHOD_OF } from '../../providers/auth-kinds.ts'
import { CATALOGUE } from '../../providers/catalogue.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { Catalogue, Route } from '../catalogue/catalogue.ts'

/** What the catalogue knows a value by its beginning to be. */
export interface KeyOrigin {
  readonly route: Route
  readonly auth: AuthEntry
  readonly method: 'api_key' | 'token'
  readonly prefix: string
}

/** Shorter beginnings are those of half the vendors (`sk-`), or of ordinary words: they are evidence for nobody. */
const SHORTEST_EVIDENCE = 4

/** Whose value this is by the longest prefix of the whole catalogue; `undefined` where none is long enough to tell. */
export function originOf({ routes }: Catalogue, value: string): KeyOrigin | undefined {
  const origins = [...routes.values()].flatMap((route) =>
    route.entry.auth.flatMap((auth): KeyOrigin[] => {
      const method = METHOD_OF[auth.kind]
      if (method !== 'api_key' && method !== 'token') return []
      return (auth.prefixes ?? [])
        .filter((prefix) => prefix.length >= SHORTEST_EVIDENCE && value.startsWith(prefix))
        .map((prefix) => ({ route, auth, method, prefix }))
    }),
  )
  return origins.sort((a, b) => b.prefix.length - a.prefix.length)[0]
}

/**
 * The prefix that tells a value to be of another kind or vendor than an auth entry wants: one that the entry rejects, one of
 * the route's other kinds, or a distinctive one of another route of the catalogue. A provider of one's own may be a gateway
 * that takes the keys of others: only what its entry says counts there.
 */
export function foreignTo(catalogue: Catalogue, route: Route, auth: AuthEntry, value: string): string | undefined {
  const isKey = KIND_OF[auth.kind] === 'api_key'
  const opposite = route.entry.auth
    .filter((other) => (KIND_OF[other.kind] === 'api_key') !== isKey)
    .flatMap(({ prefixes = [] }) => prefixes)
  const origin = CATALOGUE.has(route.id) ? originOf(catalogue, value) : undefined
  const elsewhere = origin && origin.route.id !== route.id ? [origin.prefix] : []
  return foreignPrefix(value, { own: auth.prefixes ?? [], others: [...(auth.rejectPrefixes ?? []), ...opposite, ...elsewhere] })
}

/** Whether a word that should name a provider begins as some key does. */
export function beginsLikeKey(word: string): boolean {
  return [...CATALOGUE.values()].some(({ auth }) => auth.some(({ prefixes = [] }) => prefixes.some((prefix) => word.startsWith(prefix))))
}
