import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { ClawError } from '../core/errors.ts'
import type { ConfigPaths, Note } from './config.ts'
import type { ConfigRequest } from './config-request.ts'

export interface FoundPaths extends ConfigPaths {
  /** What named the user's file, where something did: then it must exist. */
  readonly named: string | null
  /** A variable that may name no place inside the project, and does. */
  readonly error: ClawError | null
  readonly notes: readonly Note[]
}

export const PROJECT_FILE = 'claw.toml'

/** Where the files of this user and project are (S-20). Nothing is read but the names of directories. */
export async function findPaths({ environment, machine, files, flags }: ConfigRequest): Promise<FoundPaths> {
  const notes: Note[] = []
  const root = await findRoot(machine.cwd, (path) => files.exists(path))
  const isAllowed = environment.get('CLAW_ALLOW_PROJECT_HOME') === '1'
  let error: ClawError | null = null

  const directory = async (name: string): Promise<string | undefined> => {
    const value = environment.get(name)
    if (value === undefined) return undefined
    if (!isAbsolute(value)) {
      notes.push({ code: 'relative-path', message: `\`${name}\` is ignored: it is no absolute path` })
      return undefined
    }
    if (root !== null && !isAllowed && (await isInside(value, root, files.realPath))) error ??= insideProject(name)
    return resolve(value)
  }

  const home = await directory('CLAW_HOME')
  const configHome = home === undefined ? await directory('XDG_CONFIG_HOME') : undefined
  const stateHome = home === undefined ? await directory('XDG_STATE_HOME') : undefined
  const own = machine.home !== undefined && isAbsolute(machine.home) ? machine.home : undefined
  const below = (base: string | undefined, fallback: string): string | null =>
    base ? join(base, 'claw') : own ? join(own, fallback, 'claw') : null
  const configDir = home ?? below(configHome, '.config')

  let userFile = configDir === null ? null : join(configDir, 'config.toml')
  let named: string | null = null
  if (flags.configFile !== undefined) {
    userFile = resolve(machine.cwd, flags.configFile)
    named = '--config'
  } else if (environment.get('CLAW_CONFIG') !== undefined) {
    const value = environment.get('CLAW_CONFIG') ?? ''
    named = 'CLAW_CONFIG'
    userFile = resolve(machine.cwd, value)
    if (!isAbsolute(value))
      error ??= new ClawError('CLAW_INSECURE', {
        what: '`CLAW_CONFIG` is no absolute path',
        fix: 'name the file by its absolute path, or with --config',
      })
    else if (root !== null && !isAllowed && (await isInside(value, root, files.realPath))) error ??= insideProject(named)
  }
  const found = await findProjectFile(machine.cwd, root, (path) => files.exists(path))
  // Named by hand, it is the user's own, and not read a second time with fewer rights.
  const projectFile = named !== null && found === userFile ? null : found
  return {
    userFile,
    named,
    stateDir: home === undefined ? below(stateHome, '.local/state') : join(home, 'state'),
    projectFile,
    projectRoot: root,
    error,
    notes,
  }
}

/** The root of the repository that holds `cwd`; `null` outside of one. */
async function findRoot(cwd: string, exists: (path: string) => Promise<boolean>): Promise<string | null> {
  for (let directory = resolve(cwd); ; directory = dirname(directory)) {
    if (await exists(join(directory, '.git'))) return directory
    if (directory === dirname(directory)) return null
  }
}

/** The nearest project file from `cwd` up to the root, and nowhere above; outside of a repository only that of `cwd`. */
async function findProjectFile(cwd: string, root: string | null, exists: (path: string) => Promise<boolean>): Promise<string | null> {
  const last = root ?? resolve(cwd)
  for (let directory = resolve(cwd); ; directory = dirname(directory)) {
    const file = join(directory, PROJECT_FILE)
    if (await exists(file)) return file
    if (directory === last || directory === dirname(directory)) return null
  }
}

async function isInside(path: string, root: string, realPath: (path: string) => Promise<string>): Promise<boolean> {
  const from = await realPath(root)
  const lies = (candidate: string): boolean => {
    const way = relative(from, candidate)
    return way !== '..' && !way.startsWith('../') && !isAbsolute(way)
  }
  return lies(resolve(path)) || lies(await realPath(path)) || lies(resolve(from, relative(root, path)))
}

function insideProject(name: string): ClawError {
  return new ClawError('CLAW_INSECURE', {
    what: `\`${name}\` leads into the project that claw runs in`,
    why: 'whoever writes the project could move the configuration and the credentials of claw',
    fix: 'set CLAW_ALLOW_PROJECT_HOME=1 if it is meant',
  })
}
