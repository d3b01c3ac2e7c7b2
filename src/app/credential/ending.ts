import type { CredentialRecord } from '../../credentials/record.ts'

/** How long before its end somebody is told of a credential that only a person can renew, ms. */
const NOTICE_MS = 14 * 86_400_000
/** Never more than this part of its life (law 7): a token of an hour is not always about to end. */
const NOTICE_SHARE = 0.2

/** Whether a credential that cannot be refreshed is near its end: a setup token, a bearer token with an expiry. */
export function endsSoon({ refreshable, expiresAt, lifetimeMs, state }: CredentialRecord, now: number): boolean {
  if (refreshable || expiresAt === null || state !== 'ok' || expiresAt <= now) return false
  return expiresAt - now <= Math.min(NOTICE_MS, (lifetimeMs ?? NOTICE_MS) * NOTICE_SHARE)
}
