import { formatDuration } from '../../core/duration.ts'
import { ClawError, toClawError } from '../../core/errors.ts'
import type { RecordSecrets } from '../../credentials/record.ts'
import { withDeadline } from '../../platform/deadline.ts'
import { type Answer, retryAfterMs } from '../../protocols/answer.ts'
import { judgeRevocation, requestRevocation } from '../../protocols/oauth/revocation.ts'
import type { Endpoint } from '../../protocols/oauth/token-request.ts'
import type { Ports } from '../ports.ts'

export interface Revocation {
  readonly outcome: 'revoked' | 'not_supported' | 'failed'
  /** Why it failed. */
  readonly error: ClawError | null
}

const REVOCATION_TIMEOUT_MS = 10_000

/** Revokes what a server gave out (RFC 7009): the refresh token first, which takes its access tokens along, then the access token. */
export async function revokeTokens(
  { clock, http }: Pick<Ports, 'clock' | 'http'>,
  endpoint: Endpoint | null,
  secrets: RecordSecrets,
  signal: AbortSignal,
): Promise<Revocation> {
  if (!endpoint) return { outcome: 'not_supported', error: null }
  const { host } = new URL(endpoint.url)
  const late = () => new ClawError('CLAW_TIMEOUT', { what: `\`${host}\` did not answer the revocation in time` })
  const tokens = [
    { token: secrets.refresh, hint: 'refresh_token' as const },
    { token: secrets.access, hint: 'access_token' as const },
  ]
  for (const { token, hint } of tokens) {
    if (!token) continue
    try {
      const answer = await withDeadline(clock, REVOCATION_TIMEOUT_MS, late, signal, (limited) =>
        requestRevocation((request) => http.request(request), endpoint, token, hint, limited),
      )
      const outcome = judgeRevocation(answer)
      // A server that takes refresh tokens only has revoked what matters (RFC 7009 section 2).
      if (outcome === 'not_supported' && hint === 'access_token' && secrets.refresh) continue
      if (outcome === 'not_supported') return { outcome, error: null }
      if (outcome === 'failed') return { outcome, error: refused(host, answer, clock.wall()) }
    } catch (thrown) {
      return { outcome: 'failed', error: toClawError(thrown) }
    }
  }
  return { outcome: 'revoked', error: null }
}

/** RFC 7009 section 2.2.1: after a 503 the token lives on, and the server may say when it can be asked again. */
function refused(host: string, { status, headers }: Answer, wallNow: number): ClawError {
  const waitMs = status === 503 ? retryAfterMs(headers, wallNow) : null
  return new ClawError(status === 503 ? 'CLAW_OVERLOADED' : 'CLAW_SERVER', {
    what: `\`${host}\` did not revoke the credential`,
    why: waitMs === null ? `HTTP ${status}` : `HTTP ${status}, to be asked again after ${formatDuration(waitMs)}`,
    ...(waitMs !== null && { data: { retryAfterMs: waitMs } }),
  })
}
