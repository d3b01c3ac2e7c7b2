import type { CredentialRecord } from '../../credentials/record.ts'
import { fits, isResolvable } from '../../credentials/refresh-decision.ts'
import type { Ports } from '../ports.ts'

/** Whether the answer to the last refresh of a grant was lost (law 5): nobody waits for it any more, and none was saved. */
export async function isInDoubt({ store, spool }: Pick<Ports, 'store' | 'spool'>, record: CredentialRecord, now: number): Promise<boolean> {
  const { intent, state } = record
  if (state !== 'ok' || intent === null) return false
  if (!intent.gaveUp && !isResolvable(intent, now, (holder) => store.sight(holder))) return false
  return !(await spool.find(record.id)).some((answer) => fits(answer, record))
}
