import type { RefreshPorts } from './refresh-ports.ts'

/** A waiter looks again after this long at the latest, with jitter; a change notice wakes it earlier. */
const RECHECK_MS = 1_000
const BACK_OFF_MS = 1_000

/** Until the store has changed, or it is time to look again anyway. */
export async function awaitNextLook(
  { store, clock, random }: Pick<RefreshPorts, 'store' | 'clock' | 'random'>,
  revision: string,
  until: number,
  signal: AbortSignal,
): Promise<'changed' | 'out_of_patience'> {
  const leftMs = until - clock.now()
  if (leftMs <= 0) return 'out_of_patience'
  await store.changed(revision, Math.min(leftMs, RECHECK_MS * (0.5 + random.fraction())), signal)
  return 'changed'
}

/** When what was not processed is asked again: at the server's own wish, and later by chance, so that not all come at once. */
export function retryAtOf(retryAfterMs: number | null, { clock, random }: Pick<RefreshPorts, 'clock' | 'random'>): number {
  return clock.now() + (retryAfterMs ?? BACK_OFF_MS) * (1 + 0.25 * random.fraction())
}
