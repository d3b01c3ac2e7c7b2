import type { Protocol } from '../../core/vocabulary.ts'
import { expandUrl } from '../../protocols/url.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { mirroredPath } from './mirrored-address.ts'
import { addressesOf } from './route-addresses.ts'

/** What a sandbox must know of one base URL to answer at it; paths are from its root. */
export interface MirroredBase {
  readonly route: string
  readonly base: string
  readonly protocols: readonly Protocol[]
  readonly models: readonly string[]
  readonly isOpen: boolean
  readonly credentials: readonly TakenCredential[]
  readonly reads: readonly MirroredRead[]
}

interface TakenCredential {
  readonly header: string
  readonly scheme: string | null
  readonly prefixes: readonly string[]
  readonly isToken: boolean
  /** The route whose exchanges mint it. */
  readonly realm?: string
}

interface MirroredRead {
  readonly path: string
  readonly answers: 'models' | 'proof'
  readonly isPublic: boolean
}

/** What an exchange of the sandbox mints; it is a list that begins with an id. */
const MINTED = ['tid=']

/** Every base URL of the catalogue once: routes that share one take the credentials of each other there. */
export function mirroredBases(routes: Iterable<Route>): MirroredBase[] {
  const bases = new Map<string, MirroredBase>()
  for (const route of routes) {
    for (const { protocol, baseUrl } of addressesOf(route)) {
      const base = mirroredPath(baseUrl)
      const known = bases.get(base)
      const { entry } = route
      bases.set(base, {
        route: known?.route ?? route.id,
        base,
        protocols: unique([...(known?.protocols ?? []), protocol]),
        models: unique([...(known?.models ?? []), ...entry.models.map(({ id }) => id)]),
        isOpen: known?.isOpen === true || entry.auth.some(({ kind }) => kind === 'none'),
        credentials: [...(known?.credentials ?? []), ...entry.auth.flatMap((auth) => taken(auth, route.id))],
        reads: [...(known?.reads ?? []), ...readsOf(route, baseUrl)],
      })
    }
  }
  return [...bases.values()]
}

/** How the credential of an auth entry comes, in each header that it may come in. */
function taken(auth: AuthEntry, route: string): TakenCredential[] {
  if (auth.kind === 'none' || auth.header === undefined) return []
  if (auth.exchangeUrl !== undefined)
    return [{ header: auth.header.toLowerCase(), scheme: auth.scheme || null, prefixes: MINTED, isToken: false }]
  const isKey = takesKeys(auth)
  // What an exchange mints for a job is good at its own vendor only.
  const common =
    auth.kind === 'workload_identity'
      ? { prefixes: [], isToken: false, realm: route }
      : { prefixes: isKey ? keyPrefixes(auth) : [], isToken: !isKey }
  return [
    { header: auth.header.toLowerCase(), scheme: auth.scheme || null, ...common },
    ...(auth.headerAlternatives ?? []).map((header) => ({ header: header.toLowerCase(), scheme: null, ...common })),
  ]
}

/** Whether the credential of an entry is one that somebody has and hands over. */
export function takesKeys({ kind }: AuthEntry): boolean {
  return kind === 'api_key' || kind === 'bearer' || kind === 'copilot_direct'
}

/** What a key of an entry begins with; the word `sandbox` follows. Where it has no prefix of its own, one that nobody refuses. */
export function keyPrefixes({ prefixes = [], rejectPrefixes = [] }: AuthEntry): readonly string[] {
  if (prefixes.length > 0) return prefixes
  return [rejectPrefixes.includes('sk-') ? 'key-' : 'sk-']
}

function readsOf({ entry }: Route, baseUrl: string): MirroredRead[] {
  const pathOf = (template: string) => mirroredPath(expandUrl(template, baseUrl))
  const probes = [entry.probe, ...entry.auth.map((auth) => auth.probe)].flatMap((probe) => probe?.replace(/^GET\s+/, '') ?? [])
  return [
    ...(entry.modelsEndpoint
      ? [{ path: pathOf(entry.modelsEndpoint), answers: 'models', isPublic: entry.modelsEndpointPublic === true } as const]
      : []),
    ...unique(probes).map((probe) => ({ path: pathOf(probe), answers: 'proof', isPublic: false }) as const),
  ]
}

function unique<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)]
}
