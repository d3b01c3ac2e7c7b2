/** What kind of failure a provider's answer is, whatever status it came with. */
export type ErrorKind =
  | 'auth'
  | 'forbidden'
  | 'client_not_allowed'
  | 'terminated'
  | 'quota'
  | 'rate_limit'
  | 'overloaded'
  | 'context_overflow'
  | 'content_filter'
  | 'not_found'
  | 'invalid_request'
  | 'server'

/** A provider's own words for a failure; looked up before the general rules, in order. */
export interface ErrorRule {
  readonly status?: readonly number[]
  readonly codes?: readonly string[]
  readonly contains?: string
  /** What kind of failure it is, whatever status it came with. */
  readonly kind: ErrorKind
  readonly hint?: string
}
