import type { StatusRules } from '../protocols/status-answer.ts'
import type { AuthEntry } from '../providers/entry.ts'

/** How the token endpoint of an entry tells what became of a request in a field of its own; `undefined` where it speaks OAuth. */
export function statusRulesOf(auth: AuthEntry): StatusRules | undefined {
  if (auth.statusField === undefined) return undefined
  return {
    statusField: auth.statusField,
    successValue: auth.successValue ?? 'success',
    errorValue: auth.errorValue ?? 'error',
    messagePath: auth.errorMessagePath,
    expiryField: auth.tokenExpiryField ?? 'expires_in',
  }
}
