import { createHash } from 'node:crypto'

/** One request as the journal keeps it: no secret, only what a claim such as "one refresh" is counted by. */
export interface JournalEntry {
  readonly at: string
  readonly method: string
  readonly path: string
  readonly dialect: string
  readonly status: number
  readonly grantType?: string
  /** How often the grant had been refreshed before. */
  readonly generation?: number
  /** {@link shortHash} of the token that was sent. */
  readonly token?: string
  /** What the server made of it: `granted`, `reuse`, `authorization_pending`, … */
  readonly note?: string
}

/** The part of an entry that only the dialect knows. */
export type JournalNote = Partial<Pick<JournalEntry, 'grantType' | 'generation' | 'token' | 'note'>>

/** Eight hex digits by which two uses of one token are seen to be the same. */
export function shortHash(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 8)
}
