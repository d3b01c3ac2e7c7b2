import type { Kind } from '../../core/vocabulary.ts'
import type { CredentialRecord, PendingFlow } from '../../credentials/record.ts'
import type { Snapshot } from '../../credentials/store.ts'
import { KIND_OF } from '../../providers/auth-kinds.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'

/** Which stored credentials are meant. */
export interface RecordFilter {
  /** Name of a provider or of a route; a provider means all of its routes. */
  readonly name?: string | undefined
  readonly profile?: string | undefined
  readonly kind?: Kind | undefined
  readonly route?: string | undefined
}

/** The stored credentials that a filter means, marks of signed-out ones left out, in a stable order. */
export function storedRecords(snapshot: Snapshot, catalogue: Catalogue, filter: RecordFilter): CredentialRecord[] {
  const routes = filter.name === undefined ? undefined : routeIds(catalogue, filter.name, snapshot)
  return snapshot.records
    .filter(({ state }) => state !== 'logged_out')
    .filter((record) => routes === undefined || routes.includes(record.route))
    .filter(({ profile }) => filter.profile === undefined || profile === filter.profile)
    .filter(({ kind }) => filter.kind === undefined || kind === filter.kind)
    .filter(({ route }) => filter.route === undefined || route === filter.route)
    .sort((a, b) => compare(a.route, b.route) || compare(a.profile, b.profile) || compare(a.kind, b.kind))
}

/** The sign-ins under way that a filter means: each becomes a grant when somebody approves it. */
export function pendingFlows(snapshot: Snapshot, catalogue: Catalogue, filter: RecordFilter): PendingFlow[] {
  const routes = filter.name === undefined ? undefined : routeIds(catalogue, filter.name, snapshot)
  return snapshot.flows
    .filter((flow) => filter.kind === undefined || flowKind(catalogue, flow) === filter.kind)
    .filter(({ expiresAt }) => expiresAt > snapshot.now)
    .filter(({ route }) => (routes === undefined || routes.includes(route)) && (filter.route === undefined || route === filter.route))
    .filter(({ profile }) => filter.profile === undefined || profile === filter.profile)
}

/** What a sign-in under way brings: most bring a grant, a few a key that is minted. One that nothing knows any more counts as a grant. */
export function flowKind(catalogue: Catalogue, { route, auth }: Pick<PendingFlow, 'route' | 'auth'>): Kind {
  const method = catalogue.knows(route) ? catalogue.route(route).entry.auth.find(({ id }) => id === auth) : undefined
  return method ? KIND_OF[method.kind] : 'oauth'
}

/** A credential may outlive the configuration of its provider: a stored name is found even when nothing else knows it. */
function routeIds(catalogue: Catalogue, name: string, snapshot: Snapshot): readonly string[] {
  const stored = snapshot.records.filter(({ provider, route }) => provider === name || route === name).map(({ route }) => route)
  return catalogue.knows(name)
    ? [...catalogue.find(name).routes.map(({ id }) => id), ...stored]
    : stored.length > 0
      ? stored
      : catalogue.find(name).routes.map(({ id }) => id)
}

/** By code units: the order of a report depends on no locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
