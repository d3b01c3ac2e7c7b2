import { formatDuration, formatInstant } from '../../../core/duration.ts'
import { ExchangeWire } from '../../identity/exchange-wire.ts'
import { findingsOf, instantOf, isNearlyInTime } from '../../identity/job-token.ts'
import type { Finding } from '../check.ts'
import { withRemedy } from '../fixes.ts'
import type { Ground } from '../ground.ts'
import type { IdentityUse } from './identity-use.ts'
import type { Presented } from './token-checks.ts'

/** How far the clocks of a vendor, an issuer and this machine may be apart unnoticed, ms (Anthropic's reference on workload identity, 2026). */
const SKEW_MS = 30_000

/** Whether a token is good now, and for as long as is asked for; and whose clock is wrong where it looks as if it were not. */
export async function time(presented: Presented, { kept }: IdentityUse, ground: Ground): Promise<Finding> {
  const { federation, token, readAt } = presented
  const { minTtlMs } = ground.options
  const [first] = outOfTime(presented, token.now)
  if (first) {
    const serverNow = !ground.options.offline && isNearlyInTime(token) ? await serverClock(presented, ground) : null
    if (serverNow !== null && outOfTime(presented, serverNow).length === 0)
      return clockOff(serverNow - readAt, 'the server that it is exchanged at')
    return { status: 'fail', evidence: 'resolved', ...withRemedy(`${first.what}, and it is ${formatInstant(token.now)}`, first.fix) }
  }
  const issuedAt = instantOf(token.claims, 'iat')
  const isDated = federation.isFresh && federation.reference.scheme === 'oidc' && presented.row?.mayRepeat !== true
  if (issuedAt !== null && isDated && Math.abs(issuedAt - readAt) > SKEW_MS) return clockOff(issuedAt - readAt, 'the issuer of the token')
  const leftMs = reach(presented)
  if (minTtlMs !== undefined && !kept && !federation.isFresh && leftMs !== null && leftMs < minTtlMs)
    return {
      status: 'fail',
      evidence: 'resolved',
      detail: `what it is exchanged for ends within ${formatDuration(leftMs)}, sooner than in ${formatDuration(minTtlMs)}; use a source that gives a new token each time`,
    }
  return { status: 'pass', evidence: 'resolved', detail: remaining(token.endsInMs) }
}

/** The longest that what it is exchanged for can serve, ms; null where nobody knows. */
function reach({ federation: { rules }, token: { endsInMs } }: Presented): number | null {
  if (endsInMs === null || rules.outlivesSubject === 'unknown') return null
  return rules.outlivesSubject === 'twice' ? 2 * endsInMs : endsInMs
}

function outOfTime({ federation, token }: Presented, now: number) {
  return findingsOf(federation, token, now).filter(({ aspect }) => aspect === 'time')
}

/** Anybody may ask a server what time it is: nothing is exchanged. */
function serverClock({ federation }: Presented, { session }: Ground): Promise<number | null> {
  const wire = new ExchangeWire(session.ports, federation, session.config.store.requestTimeoutMs)
  return wire.serverNow(session.signal)
}

function clockOff(aheadMs: number, of: string): Finding {
  const how = `${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'behind' : 'ahead of'}`
  return { status: 'warn', evidence: 'reached', detail: `the clock of this machine is ${how} that of ${of}; set it` }
}

function remaining(endsInMs: number | null): string {
  return endsInMs === null ? 'it claims no end' : `for another ${formatDuration(endsInMs)}`
}
