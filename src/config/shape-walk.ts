import type { Shape } from './shape.ts'

/** Every key path of a schema, with `*` for a free key and for the elements of a list of tables. */
export function keyPaths({ members }: Shape<unknown>, above: readonly string[] = []): string[][] {
  if (members.type === 'table') return Object.entries(members.keys).flatMap(([key, value]) => keyPaths(value, [...above, key]))
  if (members.type === 'record') return keyPaths(members.of, [...above, '*'])
  if (members.type === 'list' && members.of.members.type !== 'leaf') return keyPaths(members.of, [...above, '*'])
  return [[...above]]
}

/** A checked value with the keys of the schema in camelCase; keys that the user chose stay as they are. */
export function inCamelCase({ members }: Shape<unknown>, value: unknown): unknown {
  if (members.type === 'list' && Array.isArray(value)) return value.map((element) => inCamelCase(members.of, element))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if (members.type === 'record')
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, inCamelCase(members.of, member)]))
  if (members.type !== 'table') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const shape = members.keys[key]
      return [camelCase(key), shape ? inCamelCase(shape, member) : member]
    }),
  )
}

export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
