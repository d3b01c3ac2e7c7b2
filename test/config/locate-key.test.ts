import fc from 'fast-check'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { locateKeys } from '../../src/config/locate-key.ts'
import { scanToml } from '../../src/config/scan-toml.ts'

const DOCUMENT = `# a comment = not a key
title = "x" # [no.table]
"quo\\"ted" . 'lit.eral' = 1
text = """
[not.a.table]
key = 1 \\""" still
"""
raw = '''
it's = 'x'''''
dates = [1979-05-27T07:32:00Z, 07:32:00]
[ servers . "alpha.beta" ] # [comment]
ip = "10.0.0.1"
nested.deep = { a = 1, b = [ { c = "]" }, 2 ], "d}" = '{' }
list = [
  "a", # "b"
  [1, 2],
  { x = 1 },
]
[[products]]
name = "one"
[[products.parts]]
id = 1
[[products.parts]]
id = 2
[[products]]
name = "two"
[products.size]
w = 3
`

describe('the place of a key', () => {
  const locate = locateKeys(DOCUMENT)
  it.each([
    [['title'], 2, 1],
    [['quo"ted', 'lit.eral'], 3, 14],
    [['text'], 4, 1],
    [['raw'], 8, 1],
    [['dates', 1], 10, 32],
    [['servers'], 11, 13],
    [['servers', 'alpha.beta'], 11, 13],
    [['servers', 'alpha.beta', 'ip'], 12, 1],
    [['servers', 'alpha.beta', 'nested'], 13, 8],
    [['servers', 'alpha.beta', 'nested', 'deep', 'b', 0, 'c'], 13, 32],
    [['servers', 'alpha.beta', 'nested', 'deep', 'd}'], 13, 48],
    [['servers', 'alpha.beta', 'list', 2, 'x'], 17, 5],
    [['products', 0, 'name'], 20, 1],
    [['products', 0, 'parts', 1, 'id'], 24, 1],
    [['products', 1, 'name'], 26, 1],
    [['products', 1, 'size', 'w'], 28, 1],
    [['products', 1, 'size', 'unknown'], 27, 11],
    [['nowhere'], 1, 1],
  ])('%j is at %i:%i', (path, line, column) => {
    expect(locate(path)).toEqual({ line, column })
  })

  it('lines that end in CR LF count once', () => {
    expect(locateKeys('a = 1\r\n\r\n[b]\r\nc = 2\r\n')(['b', 'c'])).toEqual({ line: 4, column: 1 })
  })
})

const bare = fc.stringMatching(/^[A-Za-z0-9_-]{1,6}$/)
const odd = fc.string({
  minLength: 0,
  maxLength: 6,
  unit: fc.constantFrom('a', '"', "'", '.', '#', '=', '[', ']', '{', '}', '\\', 'é', '\n', ' '),
})
const key = fc.oneof(bare, odd)
const keyText = (name: string): string => (/^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name))
const scalar = fc.oneof(
  fc.integer({ min: -9999, max: 9999 }).map(String),
  fc.boolean().map(String),
  odd.map((text) => JSON.stringify(text)),
  odd.map((text) => `"""\n${JSON.stringify(text).slice(1, -1)}"""`),
  fc.constantFrom("'a # b'", "'''x\n[y]\nz = 1'''", '1979-05-27', '""""a"""""'),
)
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc
      .uniqueArray(fc.record({ name: key, item: tie('value') }), { selector: ({ name }) => name, maxLength: 3 })
      .map((members) => `{ ${members.map(({ name, item }) => `${keyText(name)} = ${item}`).join(', ')} }`),
  ),
}))

describe('a scan of generated documents', () => {
  it('finds every key of a line where it was written, and the text of its value', () => {
    const line = fc.record({
      name: key,
      value,
      indent: fc.constantFrom('', '  ', '\t'),
      comment: fc.constantFrom('', ' # x = [1', ' # "'),
      blank: fc.constantFrom('', '\n', '# c\n'),
    })
    const table = fc.record({ name: key, lines: fc.uniqueArray(line, { selector: (each) => each.name, maxLength: 4 }) })
    fc.assert(
      fc.property(fc.uniqueArray(table, { selector: (each) => each.name, maxLength: 4 }), (tables) => {
        let source = ''
        const expected: { path: string[]; start: number; from: number; to: number }[] = []
        for (const { name, lines } of tables) {
          source += `[${keyText(name)}]\n`
          for (const each of lines) {
            source += each.blank + each.indent
            const start = source.length
            source += `${keyText(each.name)} = `
            const from = source.length
            source += each.value
            expected.push({ path: [name, each.name], start, from, to: source.length })
            source += `${each.comment}\n`
          }
        }
        parse(source)
        const found = scanToml(source).filter(({ kind, inline }) => kind === 'value' && !inline)
        expect(found.map(({ path, start, from, to }) => ({ path, start, from, to }))).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })

  it('knows the same leaves as the parser', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.record({ name: key, value }), { selector: (each) => each.name, maxLength: 4 }), (lines) => {
        const source = lines.map((each) => `${keyText(each.name)} = ${each.value}\n`).join('')
        const known = new Set(scanToml(source).map(({ path }) => JSON.stringify(path)))
        const walk = (node: unknown, path: (string | number)[]): void => {
          if (path.length > 0) expect(known).toContain(JSON.stringify(path))
          if (Array.isArray(node)) for (const [index, member] of node.entries()) walk(member, [...path, index])
          else if (typeof node === 'object' && node !== null && !(node instanceof Date))
            for (const [name, member] of Object.entries(node)) walk(member, [...path, name])
        }
        walk(parse(source), [])
      }),
      { numRuns: 1000 },
    )
  })

  it('ends for any text, TOML or not', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('[', ']', '{', '}', '"', "'", '=', '.', ',', '\n', 'a', ' ', '#', '\\'), maxLength: 60 }),
        (text) => scanToml(text).every(({ from, to }) => from <= to),
      ),
      { numRuns: 3000 },
    )
  })
})
