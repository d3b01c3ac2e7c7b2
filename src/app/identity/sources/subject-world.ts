import type { ReferenceWorld } from '../../../credentials/references.ts'
import type { Http } from '../../../platform/http.ts'

/** What a source is asked with. */
export interface SubjectWorld extends ReferenceWorld {
  readonly http: Http
  /** The longest that obtaining one token may take, ms: all attempts and the pauses between them. */
  readonly timeoutMs: number
  /** Where the socket of a source is, in place of its own path. */
  readonly socketPath?: string | undefined
}

/** Whether a source can give a token here. */
export type Sight = { readonly there: true } | { readonly there: false; readonly why: string; readonly fix: string }

export const THERE: Sight = { there: true }
