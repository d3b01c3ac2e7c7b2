import { formatDuration } from '../core/duration.ts'
import { referenceName } from '../core/reference.ts'
import { BUILT_IN } from './built-in.ts'
import type { Config, Origin } from './config.ts'
import { dottedKey } from './problem.ts'
import { shownValue } from './shown-value.ts'
import type { Sources } from './to-config.ts'

/** What is in force and where it came from, by dotted key; the last one to say it is the highest. */
export function valuesInForce({ files, environment, profile }: Sources): Pick<Config, 'values' | 'origins'> {
  const values = new Map<string, unknown>()
  const origins = new Map<string, Origin>()
  const set = (key: string, value: unknown, origin: Origin): void => {
    values.set(key, value)
    origins.set(key, origin)
  }
  for (const [key, value] of Object.entries(BUILT_IN)) set(key, value, { from: 'built-in', name: 'built-in' })
  for (const layer of [...(files?.layers ?? [])].reverse()) {
    for (const [path, value] of layer.leaves)
      set(dottedKey(path), shownValue(path, value), { from: layer.from, name: layer.file, line: layer.place(path).line })
  }
  const { model, authMode, prefer, timeoutMs, store, storeKey, enabled } = environment
  const fromVariable = (key: string, value: unknown, name: string): void => {
    if (value !== undefined) set(key, value, { from: 'environment', name })
  }
  fromVariable('tiers.default.model', model, 'CLAW_MODEL')
  fromVariable('auth_mode', authMode, 'CLAW_AUTH_MODE')
  fromVariable('prefer', prefer, 'CLAW_AUTH_PREFER')
  fromVariable('profile', environment.profile, 'CLAW_PROFILE')
  fromVariable('timeout', timeoutMs === undefined ? undefined : formatDuration(timeoutMs), 'CLAW_TIMEOUT')
  fromVariable('store.backend', store?.backend, 'CLAW_STORE')
  fromVariable('store.url', store?.url && referenceName(store.url), 'CLAW_STORE')
  fromVariable('store.key', storeKey && referenceName(storeKey), storeKey?.scheme === 'file' ? 'CLAW_STORE_KEY_FILE' : 'CLAW_STORE_KEY')
  for (const method of enabled) fromVariable(`providers.${method.replace('/', '.auth.')}.enabled`, true, 'CLAW_ENABLE')
  if (profile !== undefined) set('profile', profile, { from: 'flag', name: '--profile' })
  return { values, origins }
}
