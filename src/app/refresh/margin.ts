import type { Config } from '../../config/config.ts'
import { DEFAULT_MARGIN_MS } from '../../credentials/refresh-decision.ts'
import type { AuthEntry } from '../../providers/entry.ts'

/** How long before its end a token is renewed, ms: the configuration's word, the entry's, else five minutes (law 8). */
export function marginMsOf({ config }: { readonly config: Pick<Config, 'refresh'> }, { bufferS }: Pick<AuthEntry, 'bufferS'>): number {
  return config.refresh.minRemainingMs ?? (bufferS === undefined ? DEFAULT_MARGIN_MS : bufferS * 1_000)
}
