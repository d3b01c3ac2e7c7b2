let running = 0
const waiting: (() => void)[] = []

/**
 * Runs work that no signal may cut short (R-37: from the answer of a token endpoint to its commit). A second signal, which
 * otherwise ends the process at once, then waits for it.
 */
export async function criticalSection<T>(work: () => Promise<T>): Promise<T> {
  running++
  try {
    return await work()
  } finally {
    running--
    if (running === 0) for (const next of waiting.splice(0)) next()
  }
}

/** Calls back when no critical section runs: at once, or at the end of the last one. */
export function afterCriticalSections(next: () => void): void {
  if (running === 0) next()
  else waiting.push(next)
}
