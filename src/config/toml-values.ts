/** A table of a parsed document: whatever it holds is not yet validated. */
export type Table = Readonly<Record<string, unknown>>
export type KeyPath = readonly (string | number)[]

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** Every value that is no table, with its path. An empty table sets nothing. */
export function leavesOf(value: unknown, above: readonly string[] = []): [path: readonly string[], value: unknown][] {
  if (!isTable(value)) return [[above, value]]
  return Object.entries(value).flatMap(([key, member]) => leavesOf(member, [...above, key]))
}
