import { readFileSync, writeFileSync } from 'node:fs'
import { parse, stringify, type TomlTable } from 'smol-toml'

/**
 * Writes a configuration with the addresses of another one beneath it, and other values above: what somebody who copies an
 * example has, who lives where the sandbox stands for every vendor.
 */
export function pointAt(file: string, addresses: string, values: TomlTable): void {
  const [beneath, own] = [addresses, readFileSync(file, 'utf8')].map((text) => parse(text))
  writeFileSync(file, stringify(merged(merged(beneath ?? {}, own ?? {}), values)))
}

function merged(beneath: TomlTable, above: TomlTable): TomlTable {
  const both = Object.entries(above).map(([key, value]) => {
    const other = beneath[key]
    return [key, isTable(value) && isTable(other) ? merged(other, value) : value] as const
  })
  return { ...beneath, ...Object.fromEntries(both) }
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
