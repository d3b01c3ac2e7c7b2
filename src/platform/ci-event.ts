import type { CiSystem } from './ci.ts'
import type { Environment } from './environment.ts'
import { readRegularFile } from './files.ts'

/** The largest event that is read, bytes (S-06): those of pull requests have some tens of thousands. */
const MAX_EVENT_BYTES = 4 * 1024 * 1024

/**
 * The CI system with what the event that started the job says of its pull request: GitHub Actions tells a fork nowhere else
 * (GitHub documentation, events that trigger workflows, 2026). An event that cannot be read says nothing.
 */
export async function withEvent(ci: CiSystem, environment: Environment): Promise<CiSystem> {
  if (ci.vendor !== 'github' || ci.isPR !== true || ci.isFork !== null) return ci
  const path = environment.get('GITHUB_EVENT_PATH')
  return path === undefined ? ci : { ...ci, isFork: forkOf(await eventAt(path), environment.get('GITHUB_REPOSITORY')) }
}

async function eventAt(path: string): Promise<unknown> {
  try {
    const file = await readRegularFile(path, { maxBytes: MAX_EVENT_BYTES, followSymlinks: true, code: 'CLAW_REFERENCE_UNRESOLVED' })
    return file && JSON.parse(file.bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

/** A repository that is a fork itself has pull requests of its own: its name decides, and `fork` only where there is none. */
function forkOf(event: unknown, repository: string | undefined): boolean | null {
  const head = member(member(event, 'pull_request'), 'head')
  if (head === undefined) return null
  const source = member(head, 'repo')
  // The repository of the pull request was deleted: it was none of this one.
  if (source === null) return true
  const name = member(source, 'full_name')
  if (typeof name === 'string' && repository !== undefined) return name.toLowerCase() !== repository.toLowerCase()
  const isFork = member(source, 'fork')
  return typeof isFork === 'boolean' ? isFork : null
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
}
