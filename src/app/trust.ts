import { join, resolve } from 'node:path'
import { findPaths, PROJECT_FILE, type FoundPaths } from '../config/config-paths.ts'
import { MAX_CONFIG_BYTES, type ConfigRequest } from '../config/config-request.ts'
import { problemsError } from '../config/problem.ts'
import { readLayers } from '../config/read-layers.ts'
import { changeTrust, grantFor, readTrust, trustFile, type TrustGrant } from '../config/trust.ts'
import { ClawError } from '../core/errors.ts'
import { systemConfigFiles } from '../platform/config-files.ts'
import { configRequest, homeMissing, type ConfigPlace } from './config-request.ts'

export interface TrustedProject {
  readonly path: string
  readonly sha256: string
  /** Whether the file is still what was trusted. */
  readonly trusted: boolean
}

/**
 * Trusts the project file of a directory as it is now.
 *
 * @throws {ClawError} `CLAW_PROJECT_FILE_MISSING`; `CLAW_CONFIG_FORBIDDEN` where it says what no project file may,
 * `CLAW_CONFIG_INVALID`; `CLAW_STORE_UNREADABLE`, `CLAW_STORE_UNWRITABLE`, `CLAW_HOME_MISSING`
 */
export async function trustProject(place: ConfigPlace, directory?: string): Promise<TrustedProject> {
  const { request, paths, stateDir } = await locate(place, directory)
  const found =
    paths.projectFile === null ? undefined : await systemConfigFiles.read(paths.projectFile, { maxBytes: MAX_CONFIG_BYTES, follow: false })
  if (!found || paths.projectFile === null) throw missing(directory ?? request.machine.cwd)
  const { userFile } = paths
  const user = userFile === null ? undefined : await systemConfigFiles.read(userFile, { maxBytes: MAX_CONFIG_BYTES, follow: true })
  const { problems } = readLayers(
    user && { path: userFile ?? '', found: user },
    { path: paths.projectFile, found, isTrusted: true },
    request.catalogue,
  )
  if (problems.length > 0) throw problemsError(problems)
  const grant = grantFor(found)
  await changeTrust(systemConfigFiles, stateDir, (grants) => [...grants.filter(({ path }) => path !== grant.path), grant])
  return { path: grant.path, sha256: grant.sha256, trusted: true }
}

/** Every project that was trusted, and whether its file is still the same. */
export async function listTrust(place: ConfigPlace): Promise<readonly TrustedProject[]> {
  const { stateDir } = await locate(place)
  const trust = await readTrust(systemConfigFiles, stateDir)
  if ('fault' in trust)
    throw new ClawError('CLAW_STORE_UNREADABLE', { what: `the list of trusted projects ${trust.fault}`, why: trustFile(stateDir) })
  return Promise.all(trust.grants.map(async (grant) => ({ path: grant.path, sha256: grant.sha256, trusted: await isUnchanged(grant) })))
}

/** Takes the trust back; also of a project whose file is gone. @returns what was trusted */
export async function revokeTrust(place: ConfigPlace, directory?: string): Promise<readonly TrustedProject[]> {
  const { request, paths, stateDir } = await locate(place, directory)
  const file = await systemConfigFiles.realPath(paths.projectFile ?? join(request.machine.cwd, PROJECT_FILE))
  let revoked: readonly TrustGrant[] = []
  await changeTrust(systemConfigFiles, stateDir, (grants) => {
    revoked = grants.filter(({ path }) => path === file)
    return grants.filter(({ path }) => path !== file)
  })
  return revoked.map(({ path, sha256 }) => ({ path, sha256, trusted: false }))
}

async function locate(place: ConfigPlace, directory?: string): Promise<{ request: ConfigRequest; paths: FoundPaths; stateDir: string }> {
  const { cwd } = place.world.machine
  const request = configRequest(place, directory === undefined ? cwd : resolve(cwd, directory))
  const paths = await findPaths(request)
  if (paths.error) throw paths.error
  if (paths.stateDir === null) throw homeMissing()
  return { request, paths, stateDir: paths.stateDir }
}

async function isUnchanged(grant: TrustGrant): Promise<boolean> {
  try {
    const found = await systemConfigFiles.read(grant.path, { maxBytes: MAX_CONFIG_BYTES, follow: false })
    return found !== undefined && grantFor(found).hash === grant.hash
  } catch (thrown) {
    if (thrown instanceof ClawError) return false
    throw thrown
  }
}

function missing(directory: string): ClawError {
  return new ClawError('CLAW_PROJECT_FILE_MISSING', {
    what: `there is no \`${PROJECT_FILE}\` to trust`,
    why: `looked from ${directory} up to the root of its repository`,
  })
}
