import type { Random } from '../../platform/random.ts'
import type { AuthEntry } from '../../providers/entry.ts'

/** The headers that an entry wants on requests to its authorization server: lower-case names, and a new `{uuid}` for each request. */
export function authRequestHeaders(auth: AuthEntry, random: Pick<Random, 'uuid'>): Record<string, string> {
  const wanted = Object.entries({ ...auth.requestHeaders, ...auth.deviceHeaders })
  return Object.fromEntries(wanted.map(([name, value]) => [name.toLowerCase(), value.replaceAll('{uuid}', () => random.uuid())]))
}
