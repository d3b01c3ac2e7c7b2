import type { ConfigFiles } from '../platform/config-files.ts'
import type { Environment } from '../platform/environment.ts'
import type { Machine } from '../platform/machine.ts'

/** The names of the catalogue, as the configuration must know them. */
export interface CatalogueNames {
  readonly ids: readonly string[]
  /** Other names of providers, and the id each stands for. */
  readonly aliases: ReadonlyMap<string, string>
  /** Ids of the auth entries of a provider; empty for one that is not in the catalogue. */
  authIds(provider: string): readonly string[]
}

export interface ConfigRequest {
  readonly environment: Environment
  readonly machine: Pick<Machine, 'home' | 'cwd'>
  readonly files: ConfigFiles
  readonly flags: { readonly configFile?: string | undefined; readonly profile?: string | undefined }
  readonly catalogue: CatalogueNames
}

/** The most of a configuration file that is read (S-06). */
export const MAX_CONFIG_BYTES = 256 * 1024
