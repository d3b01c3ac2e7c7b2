import { ClawError } from '../../core/errors.ts'
import { formatInstant } from '../../core/duration.ts'
import type { Secret } from '../../core/secret.ts'
import type { CredentialRecord, NewCredential } from '../../credentials/record.ts'
import { fingerprintOf } from '../../credentials/next-record.ts'
import { jwtExpiry } from '../../protocols/oauth/jwt-claims.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { accountOf } from './account.ts'
import type { MethodChoice } from './choose-method.ts'

export interface GivenEnd {
  readonly method: 'api_key' | 'token'
  /** What the caller says, ms. */
  readonly lifetimeMs: number | undefined
  readonly wallNow: number
  /** What is stored in its place. */
  readonly before: CredentialRecord | undefined
  /** Where alone it may be sent; empty = the hosts of its route. */
  readonly origins: readonly string[]
}

/** What is stored of a key or token that somebody handed over. */
export function givenCredential({ route, auth }: MethodChoice, key: Secret, given: GivenEnd): NewCredential {
  return {
    method: given.method,
    auth: auth.id,
    secrets: { access: key },
    lifetimeMs: lifetimeOf(auth, key, given),
    sentAgoMs: 0,
    account: given.method === 'token' ? accountOf(route.entry, { access: key }) : null,
    region: route.region,
    scopes: null,
    origins: given.origins,
    client: null,
  }
}

/**
 * How long a token lives, ms: what it claims itself (JWT `exp`), what the caller says, what the vendor's tokens have; null =
 * nobody knows. The same value again keeps the end that it had, unless the caller says another: repeating changes nothing.
 *
 * @throws {ClawError} `CLAW_CREDENTIAL_EXPIRED` for one that has ended by its own claim
 */
function lifetimeOf({ accessTtlS, opaqueToken }: AuthEntry, key: Secret, { method, lifetimeMs, wallNow, before }: GivenEnd): number | null {
  if (method === 'api_key') return null
  const isSame = before?.fingerprint === fingerprintOf(key)
  const endsAt = opaqueToken ? null : jwtExpiry(key.reveal())
  if (endsAt !== null && endsAt <= wallNow) {
    throw new ClawError('CLAW_CREDENTIAL_EXPIRED', {
      what: 'the token has ended, so it is not stored',
      why: `its \`exp\` is ${formatInstant(endsAt)}`,
      data: { expiresAt: formatInstant(endsAt) },
    })
  }
  if (isSame && (endsAt !== null || lifetimeMs === undefined)) return before.lifetimeMs
  if (endsAt !== null) return endsAt - wallNow
  return lifetimeMs ?? (accessTtlS ? accessTtlS * 1_000 : null)
}
