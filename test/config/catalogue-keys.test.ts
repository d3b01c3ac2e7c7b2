import { describe, expect, it } from 'vitest'
import { authSchema } from '../../src/config/schema-auth.ts'
import { providerSchema } from '../../src/config/schema.ts'
import type { Fault, Shape } from '../../src/config/shape.ts'
import { camelCase } from '../../src/config/shape-walk.ts'
import { CATALOGUE, WITHDRAWN } from '../../src/providers/catalogue.ts'
import type { AuthEntry, ProviderEntry } from '../../src/providers/entry.ts'

/** Facts about the catalogue itself, which no configuration changes. */
const OWN_WORDS = ['id', 'kind', 'sources', 'withdrawn', 'auth', 'federation']

/** A value of the catalogue in the words of the configuration; a field that has none there is told. */
function inWordsOf(shape: Shape<unknown>, value: unknown, path: string, unknown: string[]): unknown {
  const { members } = shape
  if (Array.isArray(value)) return value.map((each) => (members.type === 'list' ? inWordsOf(members.of, each, path, unknown) : each))
  if (typeof value !== 'object' || value === null) return value
  const pairs = Object.entries(value)
  if (members.type === 'record')
    return Object.fromEntries(pairs.map(([name, member]) => [name, inWordsOf(members.of, member, `${path}.${name}`, unknown)]))
  if (members.type !== 'table') return value
  return Object.fromEntries(
    pairs.flatMap(([name, member]) => {
      const key = Object.keys(members.keys).find((each) => camelCase(each) === name)
      const below = key === undefined ? undefined : members.keys[key]
      if (key === undefined || !below) {
        unknown.push(`${path}.${name}`)
        return []
      }
      return [[key, inWordsOf(below, member, `${path}.${name}`, unknown)]]
    }),
  )
}

function faultsOf(shape: Shape<unknown>, fields: object, path: string): string[] {
  const unknown: string[] = []
  const own = Object.fromEntries(Object.entries(fields).filter(([name]) => !OWN_WORDS.includes(name) || path.includes('models')))
  const written = inWordsOf(shape, own, path, unknown)
  const faults: Fault[] = []
  shape.accepts(written, [path], faults)
  return [...unknown, ...faults.map((fault) => `${fault.path.join('.')} ${fault.message}`)]
}

const entries: ProviderEntry[] = [...CATALOGUE.values(), ...WITHDRAWN.values()].map((entry) => ({
  ...entry,
  baseUrl: entry.baseUrl || 'https://none.example',
}))
const methods = entries.flatMap(({ id, auth }) => auth.map((method): [string, AuthEntry] => [`${id}/${method.id}`, method]))

describe('every field of the catalogue can be set in the file of the user, to what it is', () => {
  it.each(entries.map((entry): [string, ProviderEntry] => [entry.id, entry]))('of %s', (id, entry) => {
    expect(faultsOf(providerSchema, entry, id)).toEqual([])
  })

  it.each(methods)('of %s', (name, { federation, ...auth }) => {
    expect(faultsOf(authSchema, { ...federation, ...auth }, name)).toEqual([])
  })

  it('finds a field that has no key', () => {
    expect(faultsOf(providerSchema, { name: 'x', strangeField: 1, dialect: { odd: true } }, 'p')).toEqual([
      'p.strangeField',
      'p.dialect.odd',
    ])
  })
})
