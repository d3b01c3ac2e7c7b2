import { findPaths } from '../config/config-paths.ts'
import { MAX_CONFIG_BYTES } from '../config/config-request.ts'
import { setTierModel } from '../config/edit-toml.ts'
import { problemsError } from '../config/problem.ts'
import { appendProvider, type NewProvider } from '../config/provider-block.ts'
import { readLayers } from '../config/read-layers.ts'
import { ClawError } from '../core/errors.ts'
import { isName } from '../core/vocabulary.ts'
import { systemConfigFiles } from '../platform/config-files.ts'
import { configRequest, homeMissing, type ConfigPlace } from './config-request.ts'

export interface Edited {
  readonly path: string
  readonly changed: boolean
}

/**
 * Makes a model that of a tier in the user's file, and changes nothing else of it.
 * @throws {ClawError} `CLAW_USAGE` for a tier that cannot be named so; `CLAW_CONFIG_INVALID`, `CLAW_OUTPUT`
 */
export async function setModel(place: ConfigPlace, tier: string, reference: string): Promise<Edited> {
  if (!isName(tier))
    throw new ClawError('CLAW_USAGE', {
      what: '`--tier` is no name of a tier',
      why: 'a name has lower-case letters, digits, `-` and `_`, at most 64',
    })
  return editUserFile(place, (source) => setTierModel(source, tier, reference))
}

/**
 * Appends a provider of one's own to the user's file.
 * @throws {ClawError} `CLAW_USAGE` for the id of the catalogue; `CLAW_CONFIG_INVALID` for one that is there, or a bad value
 */
export async function addProvider(place: ConfigPlace, provider: NewProvider): Promise<Edited> {
  const { catalogue } = configRequest(place)
  if (catalogue.ids.includes(provider.id) || catalogue.aliases.has(provider.id)) {
    throw new ClawError('CLAW_USAGE', {
      what: `\`${provider.id}\` is a provider of the catalogue`,
      fix: `claw config add-provider my-${provider.id}`,
    })
  }
  return editUserFile(place, (source) => appendProvider(source, provider))
}

/** The edited file is held against the schema before it replaces the old one: no edit leaves a file that claw refuses. */
async function editUserFile(place: ConfigPlace, edit: (source: string) => string): Promise<Edited> {
  const request = configRequest(place)
  const { userFile, error } = await findPaths(request)
  if (error) throw error
  if (userFile === null) throw homeMissing()
  const found = await systemConfigFiles.read(userFile, { maxBytes: MAX_CONFIG_BYTES, follow: true })
  const read = (bytes: Uint8Array) =>
    readLayers(
      { path: userFile, found: { bytes, mode: found?.mode ?? 0o600, uid: found?.uid ?? 0, realPath: userFile } },
      undefined,
      request.catalogue,
    )
  const { problems: before } = read(found?.bytes ?? new Uint8Array())
  if (before.length > 0) throw problemsError(before)
  const source = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(found?.bytes)
  const edited = edit(source)
  if (edited === source) return { path: userFile, changed: false }
  const { problems } = read(new TextEncoder().encode(edited))
  if (problems.length > 0) throw problemsError(problems)
  await systemConfigFiles.replace(userFile, edited, 'CLAW_OUTPUT')
  return { path: userFile, changed: true }
}
