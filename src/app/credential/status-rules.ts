import type { StatusRules } from '../../protocols/oauth/minimax-answer.ts'
import type { AuthEntry } from '../../providers/entry.ts'

/** How the token endpoint of an entry puts its verdict into a field of an answer; `undefined` where it speaks OAuth. */
export function statusRulesOf(auth: AuthEntry): StatusRules | undefined {
  const { statusField, successValue, errorValue, errorMessagePath, errorCodePath, tokenExpiryField } = auth
  if (statusField === undefined || successValue === undefined || errorValue === undefined) return undefined
  return { statusField, successValue, errorValue, errorMessagePath, errorCodePath, expiryField: tokenExpiryField }
}
