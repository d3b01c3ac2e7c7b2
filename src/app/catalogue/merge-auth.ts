import { AUTH_KIND_OF } from '../../providers/auth-kinds.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { FederationEntry } from '../../providers/federation-entry.ts'
import { hostOf } from '../../providers/hosts.ts'
import type { Method, Protocol } from '../../core/vocabulary.ts'

/** Fields of an auth entry as the user's file has them, validated by the schema of the configuration. */
export type AuthOverrides = Readonly<Record<string, unknown>>

const METHODS: readonly string[] = Object.keys(AUTH_KIND_OF)
const ADDRESSES = ['issuer', 'oauthHost', 'deviceUrl', 'authorizeUrl', 'tokenUrl', 'revocationUrl'] as const
const PATHS = ['deviceUrl', 'authorizeUrl', 'tokenUrl', 'revocationUrl'] as const

/**
 * The auth entries in force: those of the catalogue with what the user's file changes, then the ones that it adds.
 * An identity entry of another name takes every field of the provider's own, and exchanges where the user's file has that one do so.
 */
export function mergeAuth(known: readonly AuthEntry[], settings: Readonly<Record<string, AuthOverrides>>, protocol: Protocol): AuthEntry[] {
  const changed = known.map((entry) => (Object.hasOwn(settings, entry.id) ? withOverrides(entry, settings[entry.id] ?? {}) : entry))
  const added = Object.entries(settings)
    .filter(([id]) => !known.some((entry) => entry.id === id))
    .map(([id, overrides]) => withOverrides(newEntry(id, overrides, { known, changed }, protocol), overrides))
  return [...changed, ...added]
}

/** An auth entry with nothing but what its kind implies. */
export function plainAuth(id: string, kind: AuthEntry['kind'], protocol: Protocol): AuthEntry {
  const common = { id, kind, headless: kind !== 'oauth_pkce', enabled: true, status: 'inferred' } as const
  if (kind === 'none') return common
  if (kind === 'api_key' && protocol === 'anthropic-messages') return { ...common, header: 'x-api-key' }
  return { ...common, header: 'authorization', scheme: 'Bearer' }
}

interface Entries {
  readonly known: readonly AuthEntry[]
  readonly changed: readonly AuthEntry[]
}

function newEntry(id: string, overrides: AuthOverrides, { known, changed }: Entries, protocol: Protocol): AuthEntry {
  const method = isMethod(overrides.method) ? overrides.method : 'identity'
  const kind = AUTH_KIND_OF[method]
  const model = kind === 'workload_identity' ? known.find((entry) => entry.kind === kind) : undefined
  const federation = changed.find((entry) => entry.id === model?.id)?.federation
  if (model) return { ...model, ...(federation && { federation }), id }
  const plain = plainAuth(id, kind, protocol)
  return kind === 'workload_identity' ? { ...plain, federation: PLAIN_FEDERATION } : plain
}

function withOverrides(entry: AuthEntry, overrides: AuthOverrides): AuthEntry {
  const { method: _, federation, ...rest } = overrides
  return { ...entry, ...rest, ...(federation !== undefined && { federation: withFederation(entry.federation, federation) }) }
}

/** What a vendor of one's own leaves unsaid about its exchange. */
const PLAIN_FEDERATION: FederationEntry = {
  tokenUrl: '',
  exchangeHosts: [],
  tokenBody: 'form',
  grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subjectField: 'subject_token',
  subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
  bodyFields: ['grant_type', 'subject_token', 'subject_token_type', 'requested_token_type', 'client_id', 'scope', 'audience', 'resource'],
  requiredFields: ['subject_token'],
  idPatterns: {},
  defaultAudience: '',
  assertionMaxBytes: 16_384,
  subjectRequiredClaims: [],
  subjectAlgs: [],
  subjectMaxLifeS: 0,
  jtiSingleUse: 'unknown',
  outlivesSubject: 'unknown',
  accessMaxS: 0,
  responseRequired: ['access_token'],
  envMap: {},
  errorMap: {},
}

function withFederation(known: FederationEntry | undefined, overrides: unknown): FederationEntry {
  const merged: FederationEntry = { ...(known ?? PLAIN_FEDERATION), ...(isTable(overrides) && overrides) }
  const host = isTable(overrides) && overrides.tokenUrl !== undefined ? hostOf(merged.tokenUrl) : undefined
  return host === undefined ? merged : { ...merged, exchangeHosts: [...merged.exchangeHosts, host] }
}

/** Makes the endpoints of an entry absolute. The user's own host beats the region's, which beats the entry's. */
export function withEndpoints(entry: AuthEntry, own: AuthOverrides | undefined, regionHost: string | undefined): AuthEntry {
  const userHost = own?.oauthHost
  const host = typeof userHost === 'string' ? userHost : (regionHost ?? entry.oauthHost)
  if (host === undefined) return entry
  const absolute = PATHS.flatMap((name) => {
    const path = entry[name]
    return path?.startsWith('/') ? [[name, `${host.replace(/\/+$/, '')}${path}`] as const] : []
  })
  return { ...entry, ...(entry.oauthHost !== undefined && { oauthHost: host }), ...Object.fromEntries(absolute) }
}

/** Hosts that the user's file names for login and refresh secrets. */
export function hostsOfAuth(settings: Readonly<Record<string, AuthOverrides>>): string[] {
  return Object.values(settings).flatMap((overrides) =>
    ADDRESSES.flatMap((name) => {
      const address = overrides[name]
      const host = typeof address === 'string' ? hostOf(address) : undefined
      return host === undefined ? [] : [host]
    }),
  )
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'string' && METHODS.includes(value)
}

export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
