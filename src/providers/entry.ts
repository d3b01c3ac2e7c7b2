import type { Protocol } from '../core/vocabulary.ts'
import type { AccountRules } from '../protocols/oauth/account-claims.ts'
import type { Dialect } from '../protocols/prompt/conversation.ts'
import type { ErrorRule } from '../protocols/prompt/error-kind.ts'
import type { AuthEntry } from './auth-entry.ts'

export type { AuthEntry, AuthKind } from './auth-entry.ts'
export type { FederationEntry } from './federation-entry.ts'

/**
 * The schema of the catalogue. One entry is one route: a base URL, a wire protocol, models and headers that some kinds of
 * credential are good for. A provider is an entry that other entries may hang from (`routes`).
 *
 * Field names are those of the configuration in camelCase: `[providers.ID] base_url` overrides `baseUrl`, and
 * `[providers.ID.auth.device] token_url` overrides `tokenUrl` of the auth entry `device`. Seconds end in `S`, bytes in `Bytes`.
 */
export interface ProviderEntry {
  readonly id: string
  readonly name: string
  readonly aliases?: readonly string[]
  /** How far the vendor lets a tool like this one use the route. */
  readonly terms: 'ok' | 'personal' | 'restricted' | 'forbidden' | 'retired'
  readonly termsNote?: string
  /** Where `termsNote` is printed. */
  readonly termsNoteOn?: readonly ('auth' | 'batch' | 'ci')[]
  /** What the provider name alone means; absent = the first of `models`. */
  readonly defaultModel?: string
  /** Where a person gets a key. */
  readonly keyUrl?: string
  /** Where else a credential of this provider leads: by the auth entry it came by, or by the prefix of a key. */
  readonly routes?: readonly RouteLink[]

  /** What is named here and not built: asking for it says why. */
  readonly withdrawn?: Withdrawn

  /** What the vendor speaks beside or in place of the four: said where a prompt is impossible. */
  readonly ownProtocol?: string
  /** In order of preference; `protocol` of the configuration picks one. None: credentials are kept, prompts are not. */
  readonly protocols: readonly Protocol[]
  /** By the beginning of a model's id: its protocol, for models that the entry does not know. */
  readonly protocolByPrefix?: Readonly<Record<string, Protocol>>
  readonly baseUrl: string
  /** Base URL by protocol, where they differ. */
  readonly baseUrls?: Partial<Readonly<Record<Protocol, string>>>
  readonly baseUrlEnv?: string
  /** Variables, first wins, of what stands as `{name}` in addresses and in `query`; in the configuration `settings.NAME`. */
  readonly envSettings?: Readonly<Record<string, readonly string[]>>
  /** Values of such names where no variable and no file says another. */
  readonly settings?: Readonly<Record<string, string>>
  /** Added to every request; values may hold `{name}` of a setting. */
  readonly query?: Readonly<Record<string, string>>
  /** The setting that says what is sent in place of a model: `model=deployment,…`. */
  readonly modelMapSetting?: string
  /** Other people have hosts that `trustedHosts` covers: a stored credential stays with the one that it was signed in for. */
  readonly hostsOfCustomers?: boolean
  /** Cut from the end of a base URL of the environment for anthropic-messages. */
  readonly baseUrlEnvStrip?: string
  /** What `{domain}` stands for in addresses of the entry; a credential keeps the one that it was made at. */
  readonly domain?: string
  readonly domainEnv?: string
  /** The usual one first; `*` stands for one label. */
  readonly allowedDomains?: readonly string[]
  readonly regions?: Readonly<Record<string, Region>>
  readonly defaultRegion?: string
  /** Joined to the base URL; or absolute with `{origin}`. */
  readonly modelsEndpoint?: string
  /** Where a list has what, if it is not `data[].id`. */
  readonly modelsList?: ModelsList
  /** What the list puts before each id. */
  readonly modelsIdPrefix?: string
  /** Field of a listed model that holds its last day (YYYY-MM-DD or null). */
  readonly modelsShutdownField?: string
  /** Where the account's quota windows can be read, as `modelsEndpoint`. */
  readonly usageEndpoint?: string
  /** The model list answers without a credential: it proves nothing. */
  readonly modelsEndpointPublic?: boolean
  /** `GET PATH` joined to the base URL, or `GET {origin}/…`: the cheap request that proves a credential. */
  readonly probe?: string
  readonly probeNote?: string
  /** A JSON path in the probe's answer and what it must be, where a 200 alone says little. */
  readonly probeFunds?: { readonly path: string; readonly above: number }
  /** Hosts that may receive the API credential; a `*` stands for any label, at the beginning for one or more. */
  readonly trustedHosts: readonly string[]
  /** Hosts that may receive login and refresh secrets. */
  readonly authHosts?: readonly string[]
  /** Hosts that a device sign-in page may have, beside `authHosts`. */
  readonly verificationHosts?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  /** Sent with every request of the route; values may hold `{version}`, `{hostname_ascii}`, `{os}`, `{arch}`, `{os_version_ascii}`, `{installation_uuid}`. */
  readonly deviceHeaders?: Readonly<Record<string, string>>
  /** Sent with the credential, of what its account is: values hold `{account_id}` or `{fedramp}`; one that is not known is left out. */
  readonly credentialHeaders?: Readonly<Record<string, string>>
  /** Sent with prompts; values may hold `{initiator}`: `user`, or `agent` where the last message is the result of a tool. */
  readonly promptHeaders?: Readonly<Record<string, string>>
  /** Sent with prompts that hold an image. */
  readonly visionHeaders?: Readonly<Record<string, string>>
  /** Sent when the models are listed. */
  readonly modelsHeaders?: Readonly<Record<string, string>>
  /** Where tokens say whose they are; absent = the claims of OpenID Connect in the id token. */
  readonly accountId?: AccountRules
  readonly optionalHeaders?: Readonly<Record<string, string>>
  readonly userAgent?: string
  /** On this machine: no credential, http to loopback, no models of its own. */
  readonly local?: boolean
  /** Base URL not on loopback may be spoken to without TLS, by the user's own word. */
  readonly allowHttp?: boolean
  readonly dialect?: Dialect
  readonly clientNotAllowed?: { readonly status: number; readonly type?: string; readonly contains: string }
  /** By protocol in use: the protocol to name in the fix when the client is refused. */
  readonly clientNotAllowedFix?: Partial<Readonly<Record<Protocol, Protocol>>>
  readonly errorRules?: readonly ErrorRule[]
  readonly limits?: RouteLimits
  readonly auth: readonly AuthEntry[]
  readonly models: readonly ModelEntry[]
  /** Where each fact was read: field path -> page or program, and the month. Every top-level fact has one; `*` covers the rest. */
  readonly sources: Readonly<Record<string, string>>
}

export interface Withdrawn {
  readonly why: string
  /** YYYY-MM-DD */
  readonly since: string
  readonly fix: string
  readonly source: string
}

export interface ModelsList {
  readonly items?: string
  readonly id?: string
  readonly name?: string
  /** Path of the tokens of the window. */
  readonly context?: string
  /** What a model must be to count. */
  readonly where?: readonly ModelCondition[]
  /** What it must be where that leaves none. */
  readonly orElse?: readonly ModelCondition[]
}

/** A path in a listed model and what must, or must not, stand there. */
interface ModelCondition {
  readonly path: string
  readonly is?: string | boolean
  readonly isNot?: string | boolean
}

export interface RouteLimits {
  readonly maxConcurrent?: number
  readonly requestMaxBytes?: number
  /** Smallest and largest by plan. */
  readonly requestsPer5h?: readonly [number, number]
  readonly quotaWindows?: readonly string[]
  readonly apiKeysMax?: number
  /** A device grant that is not used for so long is unbound. */
  readonly deviceIdleDays?: number
}

export interface RouteLink {
  readonly to: string
  /** Ids of the auth entries of that route which a sign-in to this provider may use. */
  readonly auth: readonly string[]
  /** Keys that begin so belong to that route. */
  readonly keyPrefixes?: readonly string[]
  /** Reached only by its own name. */
  readonly namedOnly?: boolean
  /** Said when a sign-in to the provider ends on that route. */
  readonly note?: string
}

export interface Region {
  readonly baseUrl?: string
  readonly baseUrls?: Partial<Readonly<Record<Protocol, string>>>
  readonly oauthHost?: string
}

export interface ModelEntry {
  readonly id: string
  readonly name?: string
  readonly aliases?: readonly string[]
  /** Tokens of the window; 0 = not stated. */
  readonly contextTokens: number
  /** Most tokens of one answer; 0 = not stated. */
  readonly outputTokens: number
  readonly input: readonly ('text' | 'image' | 'pdf')[]
  readonly tools: boolean
  readonly reasoning: boolean
  /** May `temperature` be sent. */
  readonly sampling?: boolean
  readonly protocol?: Protocol
  /** Where this model differs from the dialect of its route. */
  readonly dialect?: Dialect
  /** Last day, as the vendor announced it (YYYY-MM-DD). */
  readonly retires?: string
  readonly retiresNotBefore?: string
}
