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
  /** Beats what `protocol` and `region` would choose. Not repeated in `overrides`. */
  readonly baseUrl?: string
  readonly expect?: Expectation
  readonly allowHttp?: boolean
  /** Whether a subscription grant may be fed to programs of others than its vendor. */
  readonly feed?: 'any'
  /** Other fields of a catalogue entry that the file sets, in camelCase (`defaultModel`, `headers`, `models`, …): validated, not yet merged. */
  readonly overrides: Readonly<Record<string, unknown>>
  /**
   * The same for auth entries, by id, endpoints and `enabled` among them; those of a federation stand under `federation`.
   * Beside the fields of the catalogue: `method`, `subjectToken` and `clientSecret` (a Reference), `grant`, and `ids`, the
   * vendor's ids by their wire names.
   */
  readonly auth: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Which file it was defined in, for the rule that a project file defines no hosts of another's provider. */
  readonly origin: Origin
}

/** The typed, validated configuration. Built by `load-config.ts`; absent = the default of whoever reads it. */
export interface Config {
  /** The same as the model of the tier `default`, which exists whenever this is set. */
  readonly defaultModel?: string
  readonly aliases: ReadonlyMap<string, string>
  readonly tiers: ReadonlyMap<string, Tier>
  readonly providers: ReadonlyMap<string, ProviderSettings>
  /** `PROVIDER/AUTH` switched on by `CLAW_ENABLE`. */
  readonly enabled: readonly string[]
  /** `CLAW_AUTH_MODE` and `CLAW_AUTH_PREFER`: they beat what tiers and providers say. */
  readonly authMode?: AuthMode
  readonly prefer?: 'api_key' | 'oauth'
  /** `--profile`, else `CLAW_PROFILE`: it beats what tiers and providers say. */
  readonly profile?: string
  /** `CLAW_TIMEOUT`: the limit of a whole command. */
  readonly timeoutMs?: number
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
  /** Models in force that an untrusted project file names: their providers must be known to somebody else too. */
  readonly projectModels: readonly ProjectModel[]
  /** What is in force, by dotted key, as `claw config show` prints it: secrets are masked. */
  readonly values: ReadonlyMap<string, unknown>
  /** Where each value in force came from, by dotted key. */
  readonly origins: ReadonlyMap<string, Origin>
  /** Things to say that stop nothing (a literal secret in the user's file, an ignored variable). */
  readonly notes: readonly Note[]
}

export interface Note {
  readonly code: string
  readonly message: string
}

/** A model that an untrusted project file chose. */
export interface ProjectModel {
  readonly key: string
  readonly model: string
  readonly origin: Origin
}

export interface ConfigPaths {
  /** Where the user's file is or would be. Null where there is no home: only environment credentials work. */
  readonly userFile: string | null
  readonly projectFile: string | null
  /** The repository around the working directory: nothing in it may hold claw's own files or be run by it. */
  readonly projectRoot: string | null
  readonly stateDir: string | null
}
