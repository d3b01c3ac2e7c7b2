import type { CredentialRecord } from '../../credentials/record.ts'
import type { Route } from '../catalogue/catalogue.ts'

/** What a flow has brought, by whichever method. */
export interface SignedIn {
  readonly state: 'granted'
  readonly route: Route
  readonly record: CredentialRecord
  /** False where what is stored was still good, or another process has stored it. */
  readonly changed: boolean
  /** What stood there before. */
  readonly before: CredentialRecord | undefined
}
