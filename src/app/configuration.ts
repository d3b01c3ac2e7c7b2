import type { ConfigPaths, Note } from '../config/config.ts'
import { findPaths } from '../config/config-paths.ts'
import { effectiveValues, type EffectiveValue } from '../config/effective-values.ts'
import { loadConfig, readConfig } from '../config/load-config.ts'
import type { ClawError } from '../core/errors.ts'
import { systemConfigFiles } from '../platform/config-files.ts'
import { configRequest, homeMissing, type ConfigPlace } from './config-request.ts'

/**
 * Writes the commented file where there is none; one that is there is left alone.
 * @throws {ClawError} `CLAW_HOME_MISSING`, `CLAW_OUTPUT`
 */
export async function initConfig(place: ConfigPlace): Promise<{ readonly path: string; readonly written: boolean }> {
  const { userFile, error } = await findPaths(configRequest(place))
  if (error) throw error
  if (userFile === null) throw homeMissing()
  if (await systemConfigFiles.exists(userFile)) return { path: userFile, written: false }
  const { CONFIG_TEMPLATE } = await import('../config/template.ts')
  await systemConfigFiles.replace(userFile, CONFIG_TEMPLATE, 'CLAW_OUTPUT')
  return { path: userFile, written: true }
}

/**
 * Validates files and environment together.
 * @throws {ClawError} what is wrong with them, with `data.problems`
 */
export async function checkConfig(place: ConfigPlace): Promise<{ readonly files: readonly string[]; readonly notes: readonly Note[] }> {
  const { paths, notes } = await loadConfig(configRequest(place))
  const hasUserFile = paths.userFile !== null && (await systemConfigFiles.exists(paths.userFile))
  return { files: [hasUserFile ? paths.userFile : null, paths.projectFile].filter((file) => file !== null), notes }
}

/** What is in force and where it came from; of a broken configuration what is still good, with the error beside it. */
export async function showConfig(
  place: ConfigPlace,
): Promise<{ readonly values: readonly EffectiveValue[]; readonly error: ClawError | undefined }> {
  const { config, error } = await readConfig(configRequest(place))
  return { values: effectiveValues(config), error }
}

/** Where the files are, or would be. */
export async function configPaths(place: ConfigPlace): Promise<ConfigPaths> {
  const { userFile, projectFile, projectRoot, stateDir, error } = await findPaths(configRequest(place))
  if (error) throw error
  return { userFile, projectFile, projectRoot, stateDir }
}

export async function configSchema(): Promise<Readonly<Record<string, unknown>>> {
  return (await import('../config/json-schema.ts')).configJsonSchema()
}
