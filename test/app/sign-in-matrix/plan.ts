import type { AuthKind } from '../../../src/providers/entry.ts'
import { derived } from './derived.ts'
import { device } from './device.ts'
import type { Entry } from './entry.ts'
import { keys } from './keys.ts'
import { none } from './none.ts'
import { pkce } from './pkce.ts'

/** How one kind of sign-in is rehearsed. */
export interface Plan {
  scenarios(entry: Entry): readonly string[]
  /** Runs one scenario and judges it. */
  run(entry: Entry, scenario: string): Promise<void>
}

/** Every kind that the catalogue may have. A kind without a plan does not compile; `why` = its tests are elsewhere, and where. */
export const PLANS: Readonly<Record<AuthKind, Plan | { readonly why: string }>> = {
  api_key: keys,
  bearer: keys,
  copilot_direct: keys,
  copilot_exchange: derived,
  none,
  oauth_device: device,
  openai_device: device,
  minimax_device: device,
  oauth_pkce: pkce,
  pkce_key_mint: pkce,
  workload_identity: { why: 'the exchange of a job token has a matrix of its own' },
}
