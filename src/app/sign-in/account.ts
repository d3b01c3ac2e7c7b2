import type { Secret } from '../../core/secret.ts'
import type { Account } from '../../credentials/record.ts'
import { type AccountClaims, accountClaims } from '../../protocols/oauth/account-claims.ts'
import type { ProviderEntry } from '../../providers/entry.ts'

/** Whose tokens these are, as far as they say; null where they say nothing. A hint for people and the account headers (S-48). */
export function accountOf(
  { accountId }: Pick<ProviderEntry, 'accountId'>,
  tokens: { readonly access?: Secret | undefined; readonly idToken?: Secret | undefined },
): Account | null {
  return accountOfClaims(accountClaims({ idToken: tokens.idToken?.reveal(), accessToken: tokens.access?.reveal() }, accountId))
}

/** An account as a record keeps it; null where nothing of it is known. */
export function accountOfClaims({ fedramp, ...claims }: AccountClaims): Account | null {
  const isKnown = claims.id !== null || claims.name !== null || claims.plan !== null || fedramp
  return isKnown ? { ...claims, ...(fedramp && { fedramp }) } : null
}

/** An account for people: `ann@example.com (plan team)`; empty where nothing of it is known. */
export function accountWords(account: Pick<Account, 'id' | 'name' | 'plan'> | null): string {
  const who = account?.name ?? account?.id ?? null
  return [...(who === null ? [] : [who]), ...(account?.plan ? [`(plan ${account.plan})`] : [])].join(' ')
}
