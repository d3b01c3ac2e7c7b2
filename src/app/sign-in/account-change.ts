import type { Account, CredentialRecord } from '../../credentials/record.ts'

type Owned = Pick<CredentialRecord, 'account'>

/** That a sign-in has brought another account than the one it takes the place of (S-45); null where nobody says so. */
export function accountChange(before: Owned | undefined, after: Owned): string | null {
  const [was, is] = [before?.account, after.account]
  if (!was || !is) return null
  const isSame = was.id !== null && is.id !== null ? was.id === is.id : was.name === null || is.name === null || was.name === is.name
  return isSame ? null : `this is another account than before: ${shown(is)}, not ${shown(was)}`
}

function shown({ name, id }: Account): string {
  return `\`${name ?? id}\``
}
