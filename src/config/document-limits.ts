import { isTable, type KeyPath } from './toml-values.ts'

export const DEEPEST = 32
const LONGEST_TEXT = 16 * 1024
const MOST_PROVIDERS = 256
const UNSAFE_KEYS: readonly string[] = ['__proto__', 'constructor', 'prototype']

/** What a document may hold at most, whatever its keys mean (S-10, S-11). The first fault of each branch is told. */
export function faultsOfLimits(document: unknown): { readonly path: KeyPath; readonly message: string }[] {
  const faults: { path: KeyPath; message: string }[] = []
  const walk = (value: unknown, path: KeyPath): void => {
    const last = path.at(-1)
    if (path.length > DEEPEST) faults.push({ path, message: `is nested deeper than ${DEEPEST} levels` })
    else if (typeof last === 'string' && UNSAFE_KEYS.includes(last)) faults.push({ path, message: 'is a name that no key may have' })
    else if (typeof value === 'string' && value.length > LONGEST_TEXT) faults.push({ path, message: 'is longer than 16 KiB' })
    else if (typeof value === 'number' && !Number.isFinite(value)) faults.push({ path, message: 'must be a finite number' })
    else if (Array.isArray(value)) for (const [index, element] of value.entries()) walk(element, [...path, index])
    else if (isTable(value)) for (const [key, member] of Object.entries(value)) walk(member, [...path, key])
  }
  walk(document, [])
  for (const table of ['providers', 'local_providers']) {
    const providers = isTable(document) ? document[table] : undefined
    if (isTable(providers) && Object.keys(providers).length > MOST_PROVIDERS)
      faults.push({ path: [table], message: `holds more than ${MOST_PROVIDERS} providers` })
  }
  return faults
}
