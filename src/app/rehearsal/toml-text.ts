/** A value of a TOML document. */
export type TomlValue = string | number | boolean | readonly TomlValue[] | { readonly [key: string]: TomlValue }

/** A table with what it sets; empty where it sets nothing. */
export function tableText(path: readonly string[], fields: Readonly<Record<string, TomlValue>>): string {
  const lines = Object.entries(fields).map(([key, value]) => `${keyText(key)} = ${valueText(value)}\n`)
  return lines.length === 0 ? '' : `[${path.map(keyText).join('.')}]\n${lines.join('')}\n`
}

function valueText(value: TomlValue): string {
  if (typeof value !== 'object') return typeof value === 'string' ? JSON.stringify(value) : String(value)
  if (isList(value)) return `[${value.map(valueText).join(', ')}]`
  return `{ ${Object.entries(value)
    .map(([key, member]) => `${keyText(key)} = ${valueText(member)}`)
    .join(', ')} }`
}

function isList(value: TomlValue): value is readonly TomlValue[] {
  return Array.isArray(value)
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key)
}
