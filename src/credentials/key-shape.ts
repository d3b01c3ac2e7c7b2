/** What a value may begin with, by the vendors' public prefixes. */
export interface KeyShape {
  /** Prefixes of what is wanted. */
  readonly own: readonly string[]
  /** Prefixes of anything that is known to be something else. */
  readonly others: readonly string[]
}

/**
 * The prefix that tells a value to be of another kind, or `undefined`. The longest prefix decides; a value without a known
 * one is taken as it is (`sk-` and something is a key of half the vendors: nobody guesses).
 */
export function foreignPrefix(value: string, { own, others }: KeyShape): string | undefined {
  const fit = longest(value, own)
  const other = longest(value, others)
  return other !== undefined && other.length > (fit?.length ?? 0) ? other : undefined
}

/** The values below this length show nothing: four characters of few would be too many (S-54). */
const SHORTEST_SHOWN = 24

/**
 * A credential as status and doctor show it: the public prefix of its kind and the last four characters, which is what the
 * vendors' consoles list. Only for API keys and access tokens, never for anything else.
 */
export function maskOf(value: string, publicPrefixes: readonly string[]): string {
  if (value.length < SHORTEST_SHOWN) return '…'
  return `${longest(value, publicPrefixes) ?? ''}…${value.slice(-4)}`
}

function longest(value: string, prefixes: readonly string[]): string | undefined {
  return prefixes.filter((prefix) => value.startsWith(prefix)).sort((a, b) => b.length - a.length)[0]
}
