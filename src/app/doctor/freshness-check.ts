import { formatDuration, formatInstant } from '../../core/duration.ts'
import { remainingMs } from '../../credentials/refresh-decision.ts'
import { endsSoon } from '../credential/ending.ts'
import { renewalCommand } from '../sign-in/sign-in-command.ts'
import type { Federation } from '../identity/federation.ts'
import type { Finding } from './check.ts'
import type { CredentialUse, Ground } from './ground.ts'

/** How long a credential serves, and whether it comes back by itself then. */
export function freshness({ chosen, record }: CredentialUse, { session, options }: Ground): Finding {
  if (chosen?.federation) return ofIdentity(chosen.federation, chosen.expiresAt, session.ports.clock.wall(), options)
  const now = session.ports.clock.wall()
  const leftMs = record ? remainingMs(record, now) : (chosen?.expiresAt ?? Number.POSITIVE_INFINITY) - now
  const isRefreshable = record?.refreshable ?? false
  const at = chosen?.expiresAt ? formatInstant(chosen.expiresAt) : 'a time that is not known'
  if (leftMs <= 0) {
    if (isRefreshable) return { status: 'pass', evidence: 'resolved', detail: `it ended ${at} and can be refreshed` }
    return {
      status: 'fail',
      evidence: 'resolved',
      detail: `it ended ${at} and cannot be refreshed here`,
      ...(chosen ? { fix: { command: renewalCommand(chosen) } } : {}),
    }
  }
  if (options.minTtlMs !== undefined && leftMs < options.minTtlMs && !isRefreshable) {
    return {
      status: 'fail',
      evidence: 'resolved',
      detail: `it ends ${at}, sooner than in ${formatDuration(options.minTtlMs)}`,
      ...(chosen ? { fix: { command: renewalCommand(chosen) } } : {}),
    }
  }
  if (chosen && record && endsSoon(record, now)) {
    return {
      status: 'warn',
      evidence: 'resolved',
      detail: `it ends ${at}, and only a person can renew it`,
      fix: { command: renewalCommand(chosen) },
    }
  }
  return { status: 'pass', evidence: 'resolved', detail: `until ${at}${isRefreshable ? ', and can be refreshed' : ''}` }
}

/** What an identity was exchanged for is exchanged anew by itself, where its source gives another token. */
function ofIdentity({ isFresh, source }: Federation, expiresAt: number | null, now: number, { minTtlMs }: Ground['options']): Finding {
  const until = expiresAt === null ? 'a time that is not known' : formatInstant(expiresAt)
  if (isFresh) return { status: 'pass', evidence: 'resolved', detail: `until ${until}, and exchanged anew by itself` }
  const isTooShort = minTtlMs !== undefined && expiresAt !== null && expiresAt - now < minTtlMs
  const detail = `until ${until}; then \`${source}\` must give a new identity token`
  return {
    status: isTooShort ? 'fail' : 'pass',
    evidence: 'resolved',
    detail: isTooShort ? `it ends sooner than in ${formatDuration(minTtlMs)}: ${detail}` : detail,
  }
}
