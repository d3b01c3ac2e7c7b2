import { formatInstant } from '../../core/duration.ts'
import { ClawError } from '../../core/errors.ts'
import type { SecretKind } from '../../core/redaction.ts'
import type { Secret } from '../../core/secret.ts'
import type { Kind } from '../../core/vocabulary.ts'
import type { Bundle } from '../../credentials/bundle.ts'
import { maskOf } from '../../credentials/key-shape.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import type { Found } from '../../credentials/resolve.ts'
import { ownerOf, strangerNote } from '../access/access-step.ts'
import { jwtExpiry } from '../../protocols/oauth/jwt-claims.ts'
import { KIND_OF } from '../../providers/auth-kinds.ts'
import type { AuthEntry, AuthKind } from '../../providers/entry.ts'
import type { Catalogue, Named, Route } from '../catalogue/catalogue.ts'
import type { Federation } from '../identity/federation.ts'
import { foreignTo } from '../sign-in/key-origin.ts'
import { plainAuth } from '../catalogue/merge-auth.ts'
import { takesModel } from '../catalogue/route-models.ts'
import { whyOff } from '../sign-in/terms.ts'

/** A candidate credential with all that is needed to use it. */
export interface Candidate extends Found {
  /** `config`, `env:NAME`, `bundle`, `store:BACKEND`, `identity:SOURCE`, `none`. */
  readonly source: string
  /** What the configuration refers to, where it does. */
  readonly reference: string | null
  /** The variable to unset, or the key of the configuration to remove, when this candidate is not wanted. */
  readonly setting: string | null
  readonly route: Route
  readonly auth: AuthEntry
  readonly profile: string
  /** Null where there is none, or it was not read. */
  readonly secret: Secret | null
  /** Reads it again: null where that can bring nothing new. */
  readonly reread: (() => Promise<Secret>) | null
  /** Reading it has a price (a command): done only when it would win, by this. */
  readonly settle: (() => Promise<Candidate>) | null
  readonly record: CredentialRecord | null
  readonly bundle: Bundle | null
  readonly expiresAt: number | null
  readonly account: string | null
  /** The one that it is good for, where its variable says so. */
  readonly region: string | null
  /** Of an identity: what it is exchanged by. */
  readonly federation: Federation | null
  readonly reason: string | null
  /** What brings it here, where it is missing and something is known to. */
  readonly fix: string | null
  readonly error: ClawError | null
}

/** What is asked for: a provider or route, maybe a model, and the profile. */
export interface Scope {
  readonly catalogue: Catalogue
  readonly named: Named
  /** Every route of the provider, those outside the question included. */
  readonly family: readonly Route[]
  readonly model: string | null
  readonly profile: string
  /** What it is by the clock here, ms. */
  readonly now: number
  readonly isOffline: boolean
}

/** A value given by hand, before it was read. */
export interface GivenValue {
  readonly origin: 'config' | 'environment'
  readonly source: string
  readonly reference: string | null
  readonly setting: string
  /** The route that it was given for; the value may tell another one. */
  readonly declared: Route
  readonly auth: AuthEntry
  readonly read: (kind: SecretKind) => Promise<Secret>
  readonly isFixed: boolean
  readonly isUnread: boolean
  readonly region?: string | null
}

const NOTHING = {
  reference: null,
  setting: null,
  secret: null,
  reread: null,
  settle: null,
  record: null,
  bundle: null,
  expiresAt: null,
  account: null,
  region: null,
  federation: null,
  reason: null,
  fix: null,
  error: null,
  stops: false,
  failedForGood: false,
} as const

/** A candidate with everything that was not said empty. */
export function candidate(
  given: Pick<Candidate, 'origin' | 'kind' | 'fact' | 'source' | 'route' | 'auth' | 'profile'> & Partial<Candidate>,
): Candidate {
  return { ...NOTHING, ...given }
}

/** Reads a value given by hand and says what it is. What cannot be read stops the search: it was named. */
export async function judgeValue(given: GivenValue, scope: Scope): Promise<Candidate> {
  const kind = KIND_OF[given.auth.kind]
  const read = () => given.read(kind === 'api_key' ? 'api-key' : 'token')
  const { origin, source, reference, setting, declared, auth } = given
  const base = candidate({
    origin,
    kind,
    fact: 'usable',
    source,
    reference,
    setting,
    route: declared,
    auth,
    profile: scope.profile,
    reread: given.isFixed ? null : read,
    region: given.region ?? null,
  })
  if (!auth.enabled) return { ...base, fact: 'refused', reason: whyOff({ route: declared, auth }) }
  if (given.isUnread) return { ...base, settle: () => judgeValue({ ...given, isUnread: false }, scope) }
  try {
    return withValue(base, await read(), scope)
  } catch (thrown) {
    if (!(thrown instanceof ClawError)) throw thrown
    return { ...base, fact: 'missing', stops: true, error: thrown, reason: thrown.message }
  }
}

function withValue(base: Candidate, secret: Secret, scope: Scope): Candidate {
  const { route, auth } = home(base, secret, scope)
  const owner = ownerOf({ route, secret, record: null })
  const read = { ...base, route, auth, secret, account: owner?.name ?? owner?.id ?? null }
  const prefix = foreignTo(scope.catalogue, route, auth, secret.reveal())
  if (prefix !== undefined)
    return { ...read, fact: 'wrong_kind', reason: `it begins with \`${prefix}\`, which is no ${kindWords(base.kind)} of \`${route.id}\`` }
  const stranger = strangerNote(route, auth, secret)
  if (stranger !== undefined) return { ...read, fact: 'wrong_kind', reason: `it is ${stranger}` }
  if (!scope.named.routes.includes(route)) return { ...read, fact: 'refused', reason: `it is a key of \`${route.id}\`` }
  const expiresAt = claimedEnd(base.kind, auth, secret)
  if (expiresAt !== null && expiresAt <= scope.now)
    return { ...read, expiresAt, fact: 'expired', reason: `it ended at ${formatInstant(expiresAt)} by its own \`exp\`` }
  const note = route.id === base.route.id ? {} : { reason: `it is a key of \`${route.id}\` and is used there` }
  return judgeModel({ ...read, expiresAt, ...note }, scope)
}

/** When a token ends by what it says itself; an API key has no end, whatever it looks like. */
function claimedEnd(kind: Kind, { opaqueToken }: AuthEntry, secret: Secret): number | null {
  return kind === 'api_key' || opaqueToken ? null : jwtExpiry(secret.reveal())
}

/** A model that only another route of the provider lists makes a candidate useless for it. */
export function judgeModel(found: Candidate, { model, family }: Scope): Candidate {
  if (model === null || found.fact === 'refused' || takesModel(found.route, model, family)) return found
  return { ...found, fact: 'refused', stops: false, reason: `the route \`${found.route.id}\` does not have the model` }
}

/** The route that a key belongs to: its prefix says so, or that it cannot be one of the route whose variable it stands in. */
function home(
  { origin, kind, route, auth }: Candidate,
  secret: Secret,
  { catalogue }: Scope,
): { readonly route: Route; readonly auth: AuthEntry } {
  const moved = kind === 'api_key' ? routeOfKey(catalogue, route, secret.reveal(), origin === 'environment') : route
  return moved.id === route.id ? { route, auth } : { route: moved, auth: authFor(moved, 'api_key') }
}

/**
 * The route that an API key is good for.
 *
 * @param isVariable whether it stands in the variable of `declared`: only what the user says elsewhere is taken as it is.
 */
export function routeOfKey(catalogue: Catalogue, declared: Route, key: string, isVariable: boolean): Route {
  const links = catalogue.routes.get(declared.provider)?.entry.routes ?? []
  const fits = links.find(({ keyPrefixes }) => keyPrefixes?.some((prefix) => key.startsWith(prefix)) === true)
  if (fits) return catalogue.routes.get(fits.to) ?? declared
  const isOther = isVariable && links.some(({ to, keyPrefixes }) => to === declared.id && keyPrefixes !== undefined)
  return isOther ? (catalogue.routes.get(declared.provider) ?? declared) : declared
}

/** How a kind of credential is sent on a route: its own entry, or what its protocol implies. */
export function authFor(route: Route, kind: Kind, id?: string): AuthEntry {
  const { auth } = route.entry
  const plain: Readonly<Record<Kind, AuthKind>> = { api_key: 'api_key', token: 'bearer', oauth: 'bearer', identity: 'bearer', none: 'none' }
  const ofKind = auth.filter((entry) => KIND_OF[entry.kind] === kind)
  return (
    auth.find((entry) => entry.id === id) ??
    ofKind.find(({ enabled }) => enabled) ??
    ofKind[0] ??
    plainAuth(kind, plain[kind], route.protocol)
  )
}

/** The credential as a table shows it. */
export function masked({ secret, route, kind }: Pick<Candidate, 'secret' | 'route' | 'kind'>): string | null {
  if (secret === null || kind === 'none') return null
  return maskOf(
    secret.reveal(),
    route.entry.auth.flatMap(({ prefixes = [] }) => prefixes),
  )
}

export function kindWords(kind: Kind): string {
  return { api_key: 'API key', token: 'token', oauth: 'OAuth grant', identity: 'identity', none: 'credential' }[kind]
}
