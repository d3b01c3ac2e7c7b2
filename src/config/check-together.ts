import { BUILT_IN } from './built-in.ts'
import type { Config, Origin } from './config.ts'
import type { Problem } from './problem.ts'
import { milliseconds, type Sources } from './to-config.ts'

/** Limits that an untrusted project file may only make shorter. */
const LIMITS = ['timeout', 'first_event_timeout', 'idle_timeout'] as const

/** Faults that show only when files, environment and flags are seen together. */
export function checkTogether(sources: Sources, config: Config): Problem[] {
  return [...checkTiers(sources), ...checkStore(sources, config), ...checkLimits(sources)]
}

function checkTiers({ files, environment }: Sources): Problem[] {
  return Object.entries(files?.document.tiers ?? {}).flatMap(([name, { model }]) => {
    if (model !== undefined || (name === 'default' && environment.model !== undefined)) return []
    const path = ['tiers', name]
    const layer = files?.layers.find(({ document }) => document.tiers?.[name] !== undefined)
    if (!layer) return []
    return [
      { file: layer.file, ...layer.place(path), key: path.join('.'), message: 'needs `model`', nearest: null, kind: 'invalid' as const },
    ]
  })
}

function checkStore({ files, environment }: Sources, config: Config): Problem[] {
  const { store } = config
  const problems: Problem[] = []
  const fault = (key: string, message: string, fix: string): void => {
    problems.push({
      ...placeOf(config.origins.get(key), files?.layers.find(({ from }) => from === 'user')?.place(key.split('.'))),
      key,
      message,
      nearest: null,
      kind: 'invalid',
      fix,
    })
  }
  const isShared = store.backend === 'postgres' || store.backend === 'redis'
  if (isShared && !store.url) fault('store.backend', `\`${store.backend}\` needs an address`, 'set store.url, or CLAW_STORE to the address')
  if (isShared && !store.key)
    fault(
      'store.backend',
      `\`${store.backend}\` needs a key that encrypts what leaves this process`,
      'set store.key or CLAW_STORE_KEY_FILE',
    )
  if (environment.store === undefined && files?.storeUrl && !isShared)
    fault('store.url', `is for \`postgres\` and \`redis\`, and the backend is \`${store.backend}\``, 'set store.backend')
  if (store.leaseMs <= store.requestTimeoutMs)
    fault(
      'store.lease',
      'must be longer than `store.request_timeout`: a refresh is sent only under a lease that outlives it',
      'set a longer store.lease',
    )
  return problems
}

function checkLimits({ files }: Sources): Problem[] {
  const project = files?.layers.find(({ from, isTrusted }) => from === 'project' && !isTrusted)
  const user = files?.layers.find(({ from }) => from === 'user')
  return LIMITS.flatMap((name) => {
    const written = project?.document.prompt?.[name]
    const limit = user?.document.prompt?.[name] ?? BUILT_IN[`prompt.${name}`]
    if (!project || written === undefined || milliseconds(written) <= milliseconds(limit)) return []
    const path = ['prompt', name]
    const message = `may only be made shorter than ${limit} by a project file that is not trusted`
    return [{ file: project.file, ...project.place(path), key: path.join('.'), message, nearest: null, kind: 'forbidden' as const }]
  })
}

function placeOf(
  origin: Origin | undefined,
  place: { line: number; column: number } | undefined,
): Pick<Problem, 'file' | 'line' | 'column'> {
  if (origin?.from === 'user') return { file: origin.name, line: place?.line ?? null, column: place?.column ?? null }
  return { file: origin?.from === 'environment' ? 'environment' : 'built-in', line: null, column: null }
}
