import { ClawError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import type { Account } from '../../credentials/record.ts'
import { withDeadline } from '../../platform/deadline.ts'
import { judgeAccount, judgeRefusal } from '../../protocols/oauth/account-answer.ts'
import type { Answer } from '../../protocols/answer.ts'
import { getWithBearer } from '../../protocols/bearer-request.ts'
import { judgeMintedToken } from '../../protocols/oauth/minted-token.ts'
import { isAtHost } from '../../providers/hosts.ts'
import type { AccessStep } from './access-step.ts'
import { accountOfClaims } from '../sign-in/account.ts'
import { refusalError } from './access-errors.ts'
import { atDomain, hostsAtDomain } from './domain.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import type { Session } from '../session.ts'

/** What was learnt with a credential, or minted from it. Durations, not instants: the engine's clock makes instants of them. */
export interface Learnt {
  /** What is sent in its place; null = it is sent itself. */
  readonly secret: Secret | null
  /** How long this is good, ms; null = nobody says. */
  readonly lifetimeMs: number | null
  readonly sentAgoMs: number
  readonly baseUrl: string | null
  readonly account: Account | null
}

export type AskAnswer =
  | { readonly kind: 'answered'; readonly learnt: Learnt }
  | { readonly kind: 'busy'; readonly error: ClawError; readonly retryAfterMs: number | null }

/**
 * Asks the provider what a credential needs before it can be used: one GET, which may be made again.
 *
 * @throws {ClawError} `CLAW_CREDENTIAL_REJECTED`, `CLAW_CLIENT_NOT_ALLOWED`, `CLAW_FORBIDDEN`, `CLAW_PROTOCOL`, `CLAW_NETWORK`, `CLAW_TIMEOUT`.
 */
export async function askProvider(
  session: Session,
  credential: ChosenCredential & { readonly secret: Secret },
  { kind, entry, url: template }: AccessStep,
  signal: AbortSignal,
): Promise<AskAnswer> {
  const { clock, http, version } = session.ports
  const { route, secret, record } = credential
  const region = record?.region ?? null
  const url = atDomain(route, template, region)
  const timeoutMs = session.config.store.requestTimeoutMs
  const headers = {
    'user-agent': entry.userAgent ?? route.entry.userAgent ?? `claw/${version}`,
    ...Object.fromEntries(Object.entries(entry.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
  }
  const sentAt = clock.now()
  const answer = await withDeadline(
    clock,
    timeoutMs,
    () => overdue(url, timeoutMs),
    signal,
    (limited) => getWithBearer((request) => http.request(request), url, secret, headers, limited),
  )
  const refused = judgeRefusal(answer, entry.refusals ?? [], clock.wall())
  if (refused) {
    const error = refusalError(refused, credential, entry, url)
    if (refused.kind !== 'busy') throw error
    return { kind: 'busy', error, retryAfterMs: refused.retryAfterMs }
  }
  const learnt = kind === 'mint' ? minted(answer, entry, clock.wall()) : told(answer, entry)
  if (learnt.baseUrl !== null) checkBaseUrl(credential, entry, learnt.baseUrl, region)
  return { kind: 'answered', learnt: { ...learnt, sentAgoMs: clock.now() - sentAt } }
}

function minted(answer: Answer, entry: AccessStep['entry'], now: number): Omit<Learnt, 'sentAgoMs'> {
  const { tokenField = 'token', expiresField = 'expires_at', refreshInField, baseUrlField, baseUrlFromToken, accessTtlS } = entry
  const { token, lifetimeMs, baseUrl } = judgeMintedToken(
    answer,
    { tokenField, expiresField, refreshInField, baseUrlField, baseUrlFromToken },
    now,
  )
  return { secret: token, lifetimeMs: lifetimeMs ?? (accessTtlS ? accessTtlS * 1_000 : null), baseUrl, account: null }
}

function told(answer: Answer, { baseUrlField, accountFields, discoveryTtlS }: AccessStep['entry']): Omit<Learnt, 'sentAgoMs'> {
  const { baseUrl, ...claims } = judgeAccount(answer, { ...accountFields, baseUrl: baseUrlField })
  return {
    secret: null,
    lifetimeMs: discoveryTtlS === undefined ? null : discoveryTtlS * 1_000,
    baseUrl,
    account: accountOfClaims(claims),
  }
}

/** A server may name only a host that the entry trusts, or the user's file: else whoever answers could have the credential sent anywhere. */
export function checkBaseUrl({ route }: ChosenCredential, entry: AccessStep['entry'], baseUrl: string, region: string | null): void {
  const isPlainAddress = URL.canParse(baseUrl) && !/[@?#\s\\]/.test(baseUrl)
  if (isPlainAddress && isAtHost(baseUrl, hostsAtDomain(route, region))) return
  const host = URL.canParse(baseUrl) ? new URL(baseUrl).host : 'no address'
  throw new ClawError('CLAW_PROTOCOL', {
    what: `\`${route.id}\` was told to send its credential to a host that it does not know`,
    why: `the answer to \`${entry.id}\` names \`${host.slice(0, 128)}\``,
    fix: `add the host to \`trusted_hosts\` of [providers.${route.id}], if you trust it`,
    data: { sent: true, host },
  })
}

function overdue(url: string, timeoutMs: number): ClawError {
  const seconds = timeoutMs / 1_000
  return new ClawError('CLAW_TIMEOUT', {
    what: `\`${new URL(url).host}\` did not answer within ${seconds} s`,
    why: 'limit access.request, `[store] request_timeout`',
    data: { limit: { limit: 'access.request', seconds, source: 'config' } },
  })
}
