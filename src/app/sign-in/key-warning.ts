import type { AuthEntry } from '../../providers/entry.ts'

/** What is to be said of a value that is taken all the same. */
export function warningOf({ warnPrefixes }: AuthEntry, value: string): string | undefined {
  return Object.entries(warnPrefixes ?? {}).find(([prefix]) => value.startsWith(prefix))?.[1]
}
