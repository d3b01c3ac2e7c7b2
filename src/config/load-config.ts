import { ClawError } from '../core/errors.ts'
import { isName } from '../core/vocabulary.ts'
import type { FoundFile } from '../platform/config-files.ts'
import type { Config, Note } from './config.ts'
import { findPaths, type FoundPaths } from './config-paths.ts'
import { MAX_CONFIG_BYTES, type ConfigRequest } from './config-request.ts'
import { checkTogether } from './check-together.ts'
import { readEnvironment } from './environment-settings.ts'
import { problemsError } from './problem.ts'
import { toConfig, type Sources } from './to-config.ts'

export interface ConfigReading {
  /** What can be told of the configuration: a file with a fault counts as absent. */
  readonly config: Config
  /** Why nothing but doctor and its like may go on with it. */
  readonly error: ClawError | undefined
  readonly trust: 'none' | 'trusted' | 'untrusted' | 'mismatch'
}

/**
 * The configuration of this process.
 * @throws {ClawError} `CLAW_CONFIG_INVALID`, `CLAW_CONFIG_FORBIDDEN` (with `data.problems`), `CLAW_CONFIG_UNREADABLE`,
 * `CLAW_FILE_UNREADABLE`, `CLAW_INSECURE`, `CLAW_TRUST_MISMATCH`, `CLAW_USAGE`.
 */
export async function loadConfig(request: ConfigRequest): Promise<Config> {
  const { config, error } = await readConfig(request)
  if (error) throw error
  return config
}

/** As {@link loadConfig}, for the commands that must go on with a broken configuration: the error is returned. */
export async function readConfig(request: ConfigRequest): Promise<ConfigReading> {
  const { environment, catalogue, flags } = request
  const paths = await findPaths(request)
  const errors: ClawError[] = paths.error ? [paths.error] : []
  const notes: Note[] = [...paths.notes]
  const attempt = async (read: () => Promise<FoundFile | undefined>): Promise<FoundFile | undefined> => {
    try {
      return await read()
    } catch (thrown) {
      if (!(thrown instanceof ClawError)) throw thrown
      errors.push(thrown)
      return undefined
    }
  }
  const user = paths.error ? undefined : await attempt(() => readUserFile(request, paths))
  const project = await attempt(() => readProjectFile(request, paths))
  const trust = project ? await judgeTrust(project, request, paths, notes) : 'none'
  if (trust === 'mismatch') errors.push(mismatch(paths.projectFile ?? ''))

  // Without a file there is nothing to parse: the parser and the validator are not even loaded.
  const hasFile = user !== undefined || project !== undefined
  const files = hasFile
    ? (await import('./read-layers.ts')).readLayers(
        user && { path: paths.userFile ?? '', found: user },
        project && { path: paths.projectFile ?? '', found: project, isTrusted: trust === 'trusted' },
        catalogue,
      )
    : undefined
  const { settings, problems } = readEnvironment(environment, catalogue)
  const isProfile = flags.profile === undefined || isName(flags.profile)
  if (!isProfile)
    errors.push(
      new ClawError('CLAW_USAGE', {
        what: '`--profile` is no name of a profile',
        why: 'a name has lower-case letters, digits, `-` and `_`, at most 64',
        fix: 'claw auth status',
      }),
    )
  const sources: Sources = {
    files,
    environment: settings,
    profile: isProfile ? flags.profile : undefined,
    paths: paths.error ? { ...paths, userFile: null, stateDir: null } : paths,
    notes,
  }
  const config = toConfig(sources)
  const all = [...(files?.problems ?? []), ...problems, ...checkTogether(sources, config)]
  return { config, error: errors[0] ?? (all.length > 0 ? problemsError(all) : undefined), trust }
}

async function judgeTrust(
  project: FoundFile,
  { environment, files }: ConfigRequest,
  paths: FoundPaths,
  notes: Note[],
): Promise<'trusted' | 'untrusted' | 'mismatch'> {
  const { readTrust, trustOf } = await import('./trust.ts')
  return trustOf(project, environment, () => readTrust(files, paths.error ? null : paths.stateDir), notes)
}

async function readUserFile({ files }: ConfigRequest, { userFile, named }: FoundPaths): Promise<FoundFile | undefined> {
  if (userFile === null) return undefined
  const found = await files.read(userFile, { maxBytes: MAX_CONFIG_BYTES, follow: true })
  if (!found && named)
    throw new ClawError('CLAW_FILE_UNREADABLE', {
      what: `the configuration file that \`${named}\` names does not exist`,
      why: userFile,
      fix: 'claw config init',
    })
  // It may say which program to run: whoever can write it could run one.
  if (found && (found.mode & 0o002) !== 0)
    throw new ClawError('CLAW_INSECURE', {
      what: 'the configuration file can be written by everybody',
      why: userFile,
      fix: `chmod 600 ${userFile}`,
    })
  return found
}

/** A link could make claw read, and name the keys of, any file of this user: it is not followed. */
async function readProjectFile({ files }: ConfigRequest, { projectFile }: FoundPaths): Promise<FoundFile | undefined> {
  return projectFile === null ? undefined : await files.read(projectFile, { maxBytes: MAX_CONFIG_BYTES, follow: false })
}

function mismatch(file: string): ClawError {
  return new ClawError('CLAW_TRUST_MISMATCH', {
    what: '`CLAW_TRUST_PROJECT` is not the SHA-256 of the project file',
    why: file,
    fix: `review the file, then set CLAW_TRUST_PROJECT to what \`sha256sum ${file}\` prints`,
  })
}
