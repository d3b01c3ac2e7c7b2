import { watch, type FSWatcher } from 'node:fs'

/**
 * Calls back with the name of what changed in one of the directories, `null` where the system does not say. A directory
 * that cannot be watched is passed over: callers also look by themselves.
 */
export function watchDirectories(paths: readonly string[], onChange: (name: string | null) => void): () => void {
  const watchers: FSWatcher[] = []
  for (const path of paths) {
    try {
      const watcher = watch(path, { persistent: false }, (_, name) => onChange(name))
      watcher.on('error', () => watcher.close())
      watchers.push(watcher)
    } catch {
      // No directory yet, or no watches left on this machine.
    }
  }
  return () => {
    for (const watcher of watchers) watcher.close()
  }
}
