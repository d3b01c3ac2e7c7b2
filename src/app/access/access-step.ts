import type { Secret } from '../../core/secret.ts'
import type { Account } from '../../credentials/record.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { accountOf } from '../sign-in/account.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import type { Route } from '../catalogue/catalogue.ts'

/** What stands between a credential and its use at the API. */
export interface AccessStep {
  /** `server`: sent as it is, to an address that is known; `ask`: sent as it is, when its address or account was asked for; `mint`: exchanged. */
  readonly kind: 'server' | 'ask' | 'mint'
  /** The auth entry that says how. */
  readonly entry: AuthEntry
  /** Where to ask; may hold `{domain}`. */
  readonly url: string
}

/**
 * The step that a credential needs before it is used; null for nearly all of them.
 *
 * @param anew also where its answer is known already, because the step proves the credential
 */
export function accessStepOf(credential: Found, anew = false): AccessStep | null {
  const { route, auth, secret, record, source, access } = credential
  if (secret === null || access) return null
  const value = secret.reveal()
  if (source === 'bundle') return stepOfBundle(route, value)
  const exchange = route.entry.auth.find((entry) => entry.exchangeUrl !== undefined && entry.enabled && isFor(entry, auth, value))
  if (exchange?.exchangeUrl !== undefined) return { kind: 'mint', entry: exchange, url: exchange.exchangeUrl }
  const entry = usedEntry(route, auth)
  if (entry.serverToken && value.startsWith(entry.serverToken.prefix)) return { kind: 'server', entry, url: entry.serverToken.baseUrl }
  if (entry.kind === 'copilot_direct' && entry.discoveryUrl !== undefined) return { kind: 'ask', entry, url: entry.discoveryUrl }
  if (entry.whoamiUrl === undefined || !startsWithOne(value, entry.prefixes)) return null
  return anew || ownerOf({ route, secret, record })?.id == null ? { kind: 'ask', entry, url: entry.whoamiUrl } : null
}

type Found = Pick<ChosenCredential, 'route' | 'auth' | 'secret' | 'record' | 'source' | 'access'>

/** A bundle names its hosts, and the sign-in host is none of them: its token is used as it was handed out. */
function stepOfBundle({ entry: { auth } }: Route, value: string): AccessStep | null {
  const exchange = auth.find(({ exchangeUrl }) => exchangeUrl !== undefined)
  if (!exchange) return null
  const direct = auth.find(({ discoveryUrl, prefixes }) => discoveryUrl !== undefined && startsWithOne(value, prefixes))
  return { kind: 'server', entry: direct ?? exchange, url: '' }
}

/** Whose a credential is, as its record or its own claims say; null where neither does. */
export function ownerOf({ route, secret, record }: Pick<ChosenCredential, 'route' | 'secret' | 'record'>): Account | null {
  return record?.account ?? (secret && route.entry.accountId ? accountOf(route.entry, { access: secret }) : null)
}

/** What a value is that an entry cannot use and has a word for; `undefined` where it may be one of its own. */
export function strangerNote(route: Route, auth: AuthEntry, secret: Secret): string | undefined {
  if (auth.otherwise === undefined || startsWithOne(secret.reveal(), auth.prefixes)) return undefined
  return ownerOf({ route, secret, record: null })?.id == null ? auth.otherwise : undefined
}

/** The entry by which a credential is used: a grant may be used by that of another entry. */
function usedEntry(route: Route, auth: AuthEntry): AuthEntry {
  return route.entry.auth.find(({ id }) => id === auth.usedBy) ?? auth
}

/** An exchange is for the grants of the entry that it needs, and for values of their kind that were given by hand. */
function isFor(exchange: AuthEntry, auth: AuthEntry, value: string): boolean {
  return exchange.needs === auth.id || startsWithOne(value, exchange.prefixes)
}

function startsWithOne(value: string, prefixes: readonly string[] = []): boolean {
  return prefixes.some((prefix) => value.startsWith(prefix))
}
