import { parseDuration } from '../core/duration.ts'
import { ClawError } from '../core/errors.ts'
import { BUILT_IN } from './built-in.ts'
import type { Config, ConfigPaths, Note, ProjectModel, Tier } from './config.ts'
import type { EnvironmentSettings } from './environment-settings.ts'
import type { Layers } from './join-layers.ts'
import { valuesInForce } from './values-in-force.ts'

export interface Sources {
  /** `undefined` where there is no file at all. */
  readonly files: Layers | undefined
  readonly environment: EnvironmentSettings
  readonly profile: string | undefined
  readonly paths: ConfigPaths
  readonly notes: readonly Note[]
}

/** The typed configuration of files, environment and flags; what is missing has its default where it is read. */
export function toConfig(sources: Sources): Config {
  const { files, environment, paths } = sources
  const { prompt = {}, network = {}, refresh = {}, aliases = {} } = files?.document ?? {}
  const tiers = toTiers(sources)
  const defaultModel = tiers.get('default')?.model
  const profile = sources.profile ?? environment.profile
  // Only `config show` and faults want to know where everything came from: nobody else waits for it.
  let found: ReturnType<typeof valuesInForce> | undefined
  const inForce = () => (found ??= valuesInForce(sources))
  return {
    ...(defaultModel !== undefined && { defaultModel }),
    aliases: new Map(Object.entries(aliases)),
    tiers,
    providers: files?.providers ?? new Map(),
    enabled: environment.enabled,
    ...(environment.authMode && { authMode: environment.authMode }),
    ...(environment.prefer && { prefer: environment.prefer }),
    ...(profile !== undefined && { profile }),
    ...(environment.timeoutMs !== undefined && { timeoutMs: environment.timeoutMs }),
    store: toStore(sources),
    network: {
      ...(network.proxy !== undefined && { proxy: network.proxy }),
      ...(network.ca_file !== undefined && { caFile: network.ca_file }),
    },
    refresh: { ...(refresh.min_remaining !== undefined && { minRemainingMs: milliseconds(refresh.min_remaining) }) },
    prompt: {
      ...(prompt.timeout !== undefined && { timeoutMs: milliseconds(prompt.timeout) }),
      ...(prompt.retries !== undefined && { retries: prompt.retries }),
      ...(prompt.max_tokens !== undefined && { maxTokens: prompt.max_tokens }),
      ...(prompt.temperature !== undefined && { temperature: prompt.temperature }),
      ...(prompt.reasoning && { reasoning: prompt.reasoning }),
      ...(prompt.stream !== undefined && { stream: prompt.stream }),
      ...(prompt.idle_timeout !== undefined && { idleTimeoutMs: milliseconds(prompt.idle_timeout) }),
      ...(prompt.first_event_timeout !== undefined && { firstEventTimeoutMs: milliseconds(prompt.first_event_timeout) }),
      ...(prompt.system !== undefined && { system: prompt.system }),
    },
    paths: { userFile: paths.userFile, projectFile: paths.projectFile, projectRoot: paths.projectRoot, stateDir: paths.stateDir },
    projectModels: modelsOfProject(sources, tiers),
    get values() {
      return inForce().values
    },
    get origins() {
      return inForce().origins
    },
    notes: [...sources.notes, ...(files?.notes ?? [])],
  }
}

function toTiers({ files, environment }: Sources): ReadonlyMap<string, Tier> {
  const written = new Map(Object.entries(files?.document.tiers ?? {}))
  if (environment.model !== undefined) written.set('default', { ...written.get('default'), model: environment.model })
  const tiers = new Map<string, Tier>()
  for (const [name, { model, auth_mode: authMode, prefer, profile, fallback = [] }] of written) {
    // A tier without a model is a fault that was told; what is left of the configuration can still be looked at.
    if (model === undefined) continue
    tiers.set(name, {
      name,
      model,
      ...(authMode && { authMode }),
      ...(prefer && { prefer }),
      ...(profile !== undefined && { profile }),
      fallback,
    })
  }
  return tiers
}

function toStore({ files, environment }: Sources): Config['store'] {
  const store = files?.document.store ?? {}
  const backend = environment.store?.backend ?? store.backend ?? BUILT_IN['store.backend']
  const isShared = backend === 'postgres' || backend === 'redis'
  const url = isShared ? (environment.store?.url ?? files?.storeUrl) : undefined
  const key = environment.storeKey ?? files?.storeKey
  const leaseMs = milliseconds(store.lease ?? BUILT_IN['store.lease'])
  return {
    backend,
    ...(url && { url }),
    ...(key && { key }),
    leaseMs,
    // Waiting lasts longer than a lease that nobody can prove dead, so that the death of one holder fails no other.
    waitMs: store.wait === undefined ? Math.max(leaseMs + 20_000, milliseconds(BUILT_IN['store.wait'])) : milliseconds(store.wait),
    requestTimeoutMs: milliseconds(store.request_timeout ?? BUILT_IN['store.request_timeout']),
    boundToMachine: store.bound_to_machine ?? BUILT_IN['store.bound_to_machine'],
    followSymlink: store.follow_symlink ?? BUILT_IN['store.follow_symlink'],
  }
}

/** The models that an untrusted project file chose and that nobody above it replaced. */
function modelsOfProject({ files, environment }: Sources, tiers: ReadonlyMap<string, Tier>): ProjectModel[] {
  const project = files?.layers.find(({ from, isTrusted }) => from === 'project' && !isTrusted)
  const user = files?.layers.find(({ from }) => from === 'user')
  return Object.entries(project?.document.tiers ?? {}).flatMap(([name, { model }]) => {
    const isReplaced = user?.document.tiers?.[name]?.model !== undefined || (name === 'default' && environment.model !== undefined)
    if (!project || model === undefined || isReplaced || !tiers.has(name)) return []
    const path = ['tiers', name, 'model']
    return [{ key: path.join('.'), model, origin: { from: 'project' as const, name: project.file, line: project.place(path).line } }]
  })
}

export function milliseconds(written: string | number): number {
  const ms = parseDuration(String(written))
  if (ms === undefined) throw new ClawError('CLAW_INTERNAL', { what: 'a duration of the configuration was not checked' })
  return ms
}
