import type { NewCredential } from '../../credentials/record.ts'
import { jwtLifetimeMs } from '../../protocols/oauth/jwt-claims.ts'
import type { TokenGrant } from '../../protocols/oauth/token-endpoint.ts'
import type { AuthEntry } from '../../providers/entry.ts'

/** An instant of these times is one in seconds, a later one in milliseconds. */
const LAST_SECOND = 1e12

/** Fields of a token answer that its refreshes need, by their wire names: asked for at the sign-in and at each refresh. */
export function keptFields({ echoOnRefresh = [], earliestRefreshField }: AuthEntry): readonly string[] {
  return earliestRefreshField === undefined ? echoOnRefresh : [...echoOnRefresh, earliestRefreshField]
}

/**
 * How long an access token lives, ms: by the token itself where the entry says that it is the truth, else by the answer,
 * else by what the entry says of tokens without an end. `null` = nobody knows.
 */
export function grantLifetime(auth: AuthEntry, grant: TokenGrant, wallNow: number): number | null {
  const said = grant.lifetimeMs
  const claimed = auth.opaqueToken ? null : jwtLifetimeMs(grant.accessToken.reveal(), wallNow)
  const known = auth.expirySource === 'jwt-exp' ? (claimed ?? said) : (said ?? claimed)
  return known ?? secondsMs(auth.defaultAccessTtlS) ?? secondsMs(auth.accessTtlS)
}

/** What the server wants of the next refresh. Only what can be sent back as it came is kept. */
export function renewalTerms(
  { echoOnRefresh = [], earliestRefreshField }: AuthEntry,
  grant: TokenGrant,
  wallNow: number,
): Pick<NewCredential, 'renewal'> {
  const echo = echoOnRefresh.flatMap((name) => {
    const value = grant.extras.get(name)
    return value !== undefined && /^[\x20-\x7e]{1,256}$/.test(value) ? [[name, value] as const] : []
  })
  const earliest = earliestRefreshField === undefined ? undefined : instantOf(grant.extras.get(earliestRefreshField))
  if (echo.length === 0 && earliest === undefined) return {}
  return { renewal: { echo: Object.fromEntries(echo), notBeforeInMs: earliest === undefined ? null : Math.max(0, earliest - wallNow) } }
}

/** An instant in seconds, in milliseconds, or as RFC 3339 has it; what is none counts as not said. */
function instantOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const number = /^\d{1,16}(?:\.\d+)?$/.test(value) ? Number(value) : Number.NaN
  const instant = Number.isNaN(number)
    ? /^\d{4}-\d\d-\d\dT/.test(value)
      ? Date.parse(value)
      : number
    : number < LAST_SECOND
      ? number * 1_000
      : number
  return Number.isNaN(instant) ? undefined : instant
}

/** The catalogue's 0 is "not known". */
function secondsMs(seconds: number | undefined): number | null {
  return seconds === undefined || seconds === 0 ? null : seconds * 1_000
}

/** The age at which a token is renewed that tells no end, ms. */
export function maxAgeOf({ fallbackRefreshAgeS }: AuthEntry): number | undefined {
  return secondsMs(fallbackRefreshAgeS) ?? undefined
}
