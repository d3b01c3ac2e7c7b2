import type { Account, Barring, CredentialRecord, NewCredential } from '../../credentials/record.ts'
import { sameAccount } from '../../credentials/record.ts'
import type { AuthEntry, ProviderEntry } from '../../providers/entry.ts'
import { accountOf } from '../sign-in/account.ts'

/**
 * Whether a refreshed grant may be used at all. One of another account is not used silently: somebody else would pay, and
 * see what is asked. The decision is made from the answer alone, so that it goes into the saved answer and the commit
 * with it: the refresh token that was sent is spent (law 4), and dropping its successor would leave a live grant at the
 * provider that nobody could use or revoke. The record is kept, moves on to the new generation, and is marked; the
 * commands that need it end with 77 and the sign-in command, `auth logout --revoke` revokes it, and a sign-in replaces it.
 */
export function barringOf(
  entry: Pick<ProviderEntry, 'accountId'>,
  { requiredGrantedScope }: Pick<AuthEntry, 'requiredGrantedScope'>,
  record: CredentialRecord,
  fresh: NewCredential,
): { readonly barred?: Barring } {
  const [before, after] = comparable(entry, record, fresh)
  if (!sameAccount(before, after)) {
    return { barred: { kind: 'account', reason: `it was of ${maskedAccount(before)} and is now of ${maskedAccount(after)}` } }
  }
  if (requiredGrantedScope !== undefined && fresh.scopes?.includes(requiredGrantedScope) === false)
    return { barred: { kind: 'scope', reason: `the provider no longer grants \`${requiredGrantedScope}\`` } }
  return {}
}

/** Accounts as tokens of the same sort name them: two sorts may name one account in two ways. */
function comparable(
  entry: Pick<ProviderEntry, 'accountId'>,
  { secrets, account }: CredentialRecord,
  fresh: NewCredential,
): readonly [Account | null, Account | null] {
  const { access, idToken } = fresh.secrets
  if (secrets?.idToken && idToken) {
    const before = accountOf(entry, { idToken: secrets.idToken })
    const after = accountOf(entry, { idToken })
    if (before?.id && after?.id) return [before, after]
  }
  const before = accountOf(entry, { access: secrets?.access })
  const after = accountOf(entry, { access })
  return before?.id && after?.id ? [before, after] : [account, fresh.account]
}

/** Enough of an account to be known by whoever has it. */
function maskedAccount(account: Account | null): string {
  const shown = [account?.name, account?.id].flatMap((each) => (each ? [masked(each)] : []))
  return shown.length > 0 ? `\`${shown.join(', ')}\`` : 'nobody that is known'
}

function masked(text: string): string {
  const at = text.lastIndexOf('@')
  return at > 0
    ? `${text.slice(0, 1)}…${text.slice(at)}`
    : `${text.slice(0, Math.min(4, Math.floor(text.length / 3)))}…${text.length > 12 ? text.slice(-2) : ''}`
}
