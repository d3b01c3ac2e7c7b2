import { ClawError } from '../core/errors.ts'
import type { NewCredential } from '../credentials/record.ts'
import { withDeadline } from '../platform/deadline.ts'
import type { HttpConnection } from '../platform/http.ts'
import { judgeTokenAnswer, type TokenAnswer, type TokenGrant } from '../protocols/token-endpoint.ts'
import { tokenError } from '../protocols/token-error.ts'
import { requestRefresh } from '../protocols/token-request.ts'
import type { AuthEntry } from '../providers/entry.ts'
import type { OAuthClient } from './oauth-client.ts'
import type { Ports } from './ports.ts'
import type { TokenWire, WireAnswer } from './refresh-ports.ts'

/**
 * The token endpoint as a refresh sees it: a fresh connection that stands before the intent is written, and one request.
 *
 * @param credentialOf makes a credential of what was granted; `sentAgoMs` is filled in here.
 */
export function tokenWire(
  ports: Pick<Ports, 'clock' | 'http'>,
  client: () => Promise<OAuthClient>,
  auth: AuthEntry,
  timeoutMs: number,
  credentialOf: (grant: TokenGrant) => NewCredential,
): TokenWire {
  const { clock, http } = ports
  let standing: { readonly connection: HttpConnection; readonly client: OAuthClient } | undefined
  return {
    async connect(signal) {
      const known = await client()
      standing = { client: known, connection: await http.connect(known.token.url, signal) }
    },
    async refresh(refreshToken, signal) {
      if (!standing) throw new ClawError('CLAW_INTERNAL', { what: 'a refresh request had no connection' })
      const { connection, client: server } = standing
      const sentAt = clock.now()
      try {
        const { audience, resource } = server
        const answer = await withDeadline(
          clock,
          timeoutMs,
          () => overdue(server.token.url, timeoutMs),
          signal,
          (limited) => requestRefresh(connection, server.token, refreshToken, { audience, resource }, limited),
        )
        const judged = judgeTokenAnswer(answer, clock.wall())
        if (judged.kind === 'granted')
          return { kind: 'granted', credential: { ...credentialOf(judged.grant), sentAgoMs: clock.now() - sentAt } }
        return unanswered(judged, server.token.url, auth.deadRefreshCodes ?? [])
      } catch (thrown) {
        return failed(thrown)
      }
    },
    close() {
      standing?.connection.close()
      standing = undefined
    },
  }
}

/** What an answer without a grant means for the grant: only the provider's own words end it (law 6). */
function unanswered(answer: Exclude<TokenAnswer, { kind: 'granted' }>, url: string, deadCodes: readonly string[]): WireAnswer {
  const error = tokenError(answer, `the token endpoint of \`${new URL(url).host}\``, deadCodes)
  if (error.code === 'CLAW_GRANT_REJECTED') return { kind: 'rejected', reason: [error.message, error.why].filter(Boolean).join(': ') }
  if (answer.kind === 'not_processed') return { kind: 'not_processed', error, retryAfterMs: answer.retryAfterMs }
  return { kind: answer.kind === 'server_error' ? 'lost' : 'refused', error }
}

/** What was never sent leaves no doubt; whatever else went wrong may have been processed. */
function failed(thrown: unknown): WireAnswer {
  const error =
    thrown instanceof ClawError
      ? thrown
      : new ClawError('CLAW_INTERNAL', { what: 'the refresh request failed in an unforeseen way', cause: thrown })
  if (error.code === 'CLAW_REDIRECT') return { kind: 'refused', error }
  return error.data.sent === false ? { kind: 'not_processed', error, retryAfterMs: null } : { kind: 'lost', error }
}

function overdue(url: string, timeoutMs: number): ClawError {
  const seconds = timeoutMs / 1_000
  return new ClawError('CLAW_TIMEOUT', {
    what: `\`${new URL(url).host}\` did not answer the refresh within ${seconds} s`,
    why: 'limit refresh.request, `[store] request_timeout`',
    fix: 'run the command again later',
    data: { sent: true, limit: { limit: 'refresh.request', seconds, source: 'config' } },
  })
}
