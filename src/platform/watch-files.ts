import { watch, type FSWatcher } from 'node:fs'

/** Calls back when something in one of the directories changes. A directory that cannot be watched is passed over: callers also look by themselves. */
export function watchDirectories(paths: readonly string[], onChange: () => void): () => void {
  const watchers: FSWatcher[] = []
  for (const path of paths) {
    try {
      const watcher = watch(path, { persistent: false }, onChange)
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
