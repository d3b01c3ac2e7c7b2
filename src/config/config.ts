import type { Reference } from '../core/reference.ts'
import type { AuthMode, Kind, Protocol } from '../core/vocabulary.ts'

export type { Reference } from '../core/reference.ts'

/** Where a value of the configuration came from, for `claw config show`, errors and doctor. */
export interface Origin {
  readonly from: 'flag' | 'environment' | 'user' | 'project' | 'built-in'
  /** The file, or the name of the flag or variable. */
  readonly name: string
  readonly line?: number | undefined
}

export interface Tier {
  readonly name: string
  readonly model: string
  readonly authMode?: AuthMode
  readonly prefer?: 'api_key' | 'oauth'
  readonly profile?: string
  readonly fallback: readonly string[]
}

/** The contract of a provider: anything else that would be used is refused. */
export interface Expectation {
  readonly kind?: Kind
  readonly account?: string
  readonly route?: string
}

/** `[providers.ID]` and `[local_providers.ID]`. */
export interface ProviderSettings {
  readonly id: string
  readonly local: boolean
  readonly apiKey?: Reference
  readonly authToken?: Reference
  readonly authMode?: AuthMode
  readonly prefer?: 'api_key' | 'oauth'
  readonly profile?: string
  readonly region?: string
  readonly protocol?: Protocol
  readonly baseUrl?: string
  readonly expect?: Expectation
  readonly allowHttp?: boolean
  /** Fields of a catalogue entry that the user changes, in camelCase, `auth` included: validated, not yet merged. */
  readonly overrides: Readonly<Record<string, unknown>>
  /** The same for auth entries, by id. `enabled` and endpoints among them. */
  readonly auth: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Which file it was defined in, for the rule that a project file defines no hosts of another's provider. */
  readonly origin: Origin
}

/** The typed, validated configuration. Built by `load-config.ts`; absent = the default of whoever reads it. */
export interface Config {
  readonly defaultModel?: string
  readonly aliases: ReadonlyMap<string, string>
  readonly tiers: ReadonlyMap<string, Tier>
  readonly providers: ReadonlyMap<string, ProviderSettings>
  /** `PROVIDER/AUTH` switched on by `CLAW_ENABLE`. */
  readonly enabled: readonly string[]
  readonly authMode?: AuthMode
  readonly prefer?: 'api_key' | 'oauth'
  readonly profile?: string
  readonly store: {
    readonly backend: string
    readonly url?: Reference
    readonly key?: Reference
    readonly leaseMs: number
    readonly waitMs: number
    readonly requestTimeoutMs: number
    readonly boundToMachine: boolean
    readonly followSymlink: boolean
  }
  readonly network: { readonly proxy?: string; readonly caFile?: string }
  readonly refresh: { readonly minRemainingMs?: number }
  readonly prompt: {
    readonly timeoutMs?: number
    readonly retries?: number
    readonly maxTokens?: number
    readonly temperature?: number
    readonly reasoning?: 'low' | 'medium' | 'high'
    readonly stream?: boolean
    readonly idleTimeoutMs?: number
    readonly firstEventTimeoutMs?: number
    readonly system?: string
  }
  readonly paths: ConfigPaths
  /** Where each value in force came from, by dotted key. */
  readonly origins: ReadonlyMap<string, Origin>
  /** Things to say that stop nothing (a literal secret in the user's file, an ignored variable). */
  readonly notes: readonly { readonly code: string; readonly message: string }[]
}

export interface ConfigPaths {
  /** Null where there is no home: only environment credentials work. */
  readonly userFile: string | null
  readonly projectFile: string | null
  readonly stateDir: string | null
}
