import { ClawError } from '../../core/errors.ts'
import type { CredentialRecord, NewCredential } from '../../credentials/record.ts'
import { withDeadline } from '../../platform/deadline.ts'
import type { HttpConnection } from '../../platform/http.ts'
import type { TokenGrant } from '../../protocols/oauth/token-endpoint.ts'
import { TokenAddresses } from '../../protocols/oauth/token-addresses.ts'
import { type Endpoint, requestRefresh } from '../../protocols/oauth/token-request.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { OAuthClient } from '../sign-in/oauth-client.ts'
import type { Ports } from '../ports.ts'
import { judgeRefresh } from './refresh-answer.ts'
import type { TokenWire, WireAnswer } from './refresh-ports.ts'
import { revokeTokens } from '../sign-out/revoke-tokens.ts'

export interface WireTarget {
  readonly auth: AuthEntry
  readonly timeoutMs: number
  /** The client that a record pins. */
  clientOf(record: CredentialRecord): Promise<OAuthClient>
  /** Makes a credential of what was granted; `sentAgoMs` is filled in here. */
  credentialOf(grant: TokenGrant, client: OAuthClient, record: CredentialRecord): NewCredential
}

/** The token endpoint as a refresh sees it: a fresh connection that stands before the intent is written, and one request. */
export function tokenWire(ports: Pick<Ports, 'clock' | 'http'>, target: WireTarget): TokenWire {
  const { clock, http } = ports
  const { auth, timeoutMs } = target
  const addresses = new TokenAddresses()
  let standing: { readonly connection: HttpConnection; readonly client: OAuthClient; readonly endpoint: Endpoint } | undefined
  return {
    async connect(record, signal) {
      const client = await target.clientOf(record)
      const endpoint = addresses.of(client.token, client.tokenFallbacks)
      standing = { client, endpoint, connection: await http.connect(endpoint.url, signal) }
    },
    async refresh(record, refreshToken, signal) {
      if (!standing) throw new ClawError('CLAW_INTERNAL', { what: 'a refresh request had no connection' })
      const { connection, client, endpoint } = standing
      const { url } = endpoint
      const sentAt = clock.now()
      try {
        const { audience, resource } = client
        const wish = { audience, resource, echo: record.renewal?.echo }
        const answer = await withDeadline(
          clock,
          timeoutMs,
          () => overdue(url, timeoutMs),
          signal,
          (limited) => requestRefresh(connection, endpoint, refreshToken, wish, limited),
        )
        const verdict = judgeRefresh(auth, answer, url, clock.wall())
        if (verdict.kind === 'granted')
          return { kind: 'granted', credential: { ...target.credentialOf(verdict.grant, client, record), sentAgoMs: clock.now() - sentAt } }
        if (verdict.kind === 'refused' && addresses.goOn(answer, client.tokenFallbacks))
          return { kind: 'not_processed', error: verdict.error, retryAfterMs: 0 }
        return verdict
      } catch (thrown) {
        return failed(thrown)
      }
    },
    async revoke(record, secrets) {
      const { revocation } = await target.clientOf(record)
      await revokeTokens(ports, revocation, secrets, new AbortController().signal)
    },
    close() {
      standing?.connection.close()
      standing = undefined
    },
  }
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
