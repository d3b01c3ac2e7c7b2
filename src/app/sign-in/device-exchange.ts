import { ClawError } from '../../core/errors.ts'
import type { PendingFlow } from '../../credentials/record.ts'

/**
 * Where a sign-in stands whose approval brings a code that is exchanged for the tokens: `due`, or `sent` and no answer told
 * what became of it. A code is good for one exchange, so what was sent is not repeated by itself.
 */
export type Exchange = 'due' | 'sent'

/** `null` before the approval, and for a sign-in whose polls bring the tokens themselves. */
export function exchangeOf({ unknown: { exchange } }: Pick<PendingFlow, 'unknown'>): Exchange | null {
  return exchange === 'due' || exchange === 'sent' ? exchange : null
}

/** Whether the server surely did not look at the code: 408, 429, 503, and a request that never left. */
export function isUnprocessed({ data }: ClawError): boolean {
  return data.sent === false || [408, 429, 503].includes(Number(data.status))
}

/** An exchange that may have been done. @param error what came in place of its answer; `null`: another process sent it */
export function exchangeInDoubt(error: ClawError | null, waitCommand: string): ClawError {
  const fix = `run \`${waitCommand}\`, which tries the exchange once more`
  if (error) return error.reworded({ fix })
  return new ClawError('CLAW_PROTOCOL', {
    what: 'the sign-in was approved and its code sent to be exchanged, but no answer came',
    why: 'the code may be used up',
    fix,
  })
}
