/** A JSON object of a provider. Read it with {@link at} only: its names are not to be trusted as properties. */
export type Fields = Readonly<Record<string, unknown>>

/** Deeper values are refused where they are kept: whoever serialises them would run out of stack. */
const MOST_DEPTH = 200

/** The value of a JSON text; `undefined` when it is none. White space and a byte order mark around it are allowed. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return { value }
  } catch {
    return undefined
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What stands at a path of own properties and indexes; absent and null are both `undefined`. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined
    here = (here as Record<string | number, unknown>)[step]
  }
  return here ?? undefined
}

/** A non-empty string at a path: `""`, null and absent mean the same on the wire. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = at(value, ...path)
  return typeof found === 'string' && found !== '' ? found : undefined
}

/** A finite number at a path, also as a numeric string. */
export function numberAt(value: unknown, ...path: readonly (string | number)[]): number | undefined {
  const found = at(value, ...path)
  const number = typeof found === 'string' && /^-?\d+(?:\.\d+)?$/.test(found.trim()) ? Number(found) : found
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** The list at a path; anything else is an empty one. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

/** Whether a value nests deeper than anything a caller should have to serialise. */
export function isTooDeep(value: unknown, left = MOST_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false
  return left === 0 || Object.values(value).some((inner) => isTooDeep(inner, left - 1))
}
