/** A key of a TOML document and where its text stands. Offsets are UTF-16 units. */
export interface TomlKey {
  /** Names, and indexes into arrays. */
  readonly path: readonly (string | number)[]
  readonly kind: 'table' | 'value' | 'element'
  /** Where the last part of the key begins; of an element, where its value does. */
  readonly start: number
  /** The text of the value; of a table header, the header itself with its brackets. */
  readonly from: number
  readonly to: number
  /** Stands inside an inline table or an array. */
  readonly inline: boolean
}

type Path = readonly (string | number)[]

/** Deeper than any document that the reader accepts. */
const DEEPEST = 48
const BARE_KEY = /[A-Za-z0-9_-]+/y
const BARE_VALUE = /[^,\]}\n\r#]*/y
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\u001B', '"': '"', '\\': '\\' }

/**
 * The keys of a document that a TOML parser has accepted, in the order of the text. The parser in use reports positions of
 * faults only; an edit of one line and an error about a valid key need those of everything.
 */
export function scanToml(source: string): TomlKey[] {
  const keys: TomlKey[] = []
  const arrays = new Map<string, number>()
  let pos = 0

  const skipSpace = (pattern: RegExp): void => {
    pattern.lastIndex = pos
    if (pattern.test(source)) pos = pattern.lastIndex
  }
  const skipBlank = (): void => skipSpace(/[ \t]+/y)
  const skipTrivia = (): void => skipSpace(/(?:[ \t\r\n]+|#[^\n]*)+/y)

  const readString = (): string => {
    const quote = source.charAt(pos)
    const isLong = source.startsWith(quote.repeat(3), pos)
    const end = isLong ? quote.repeat(3) : quote
    const start = pos + end.length
    pos = start
    while (pos < source.length && !source.startsWith(end, pos)) pos += quote === '"' && source.charAt(pos) === '\\' ? 2 : 1
    const text = source.slice(start, pos)
    pos += end.length
    // Up to two quotes may stand directly before the closing three.
    for (let extra = 0; isLong && extra < 2 && source.charAt(pos) === quote; extra++) pos++
    return quote === '"' ? unescaped(text) : text
  }

  const readKey = (): { parts: string[]; start: number } => {
    const parts: string[] = []
    let start = pos
    for (;;) {
      skipBlank()
      start = pos
      const first = source.charAt(pos)
      if (first === '"' || first === "'") parts.push(readString())
      else {
        BARE_KEY.lastIndex = pos
        const match = BARE_KEY.exec(source)
        if (!match) break
        pos = BARE_KEY.lastIndex
        parts.push(match[0])
      }
      skipBlank()
      if (source.charAt(pos) !== '.') break
      pos++
    }
    return { parts, start }
  }

  const readValue = (path: Path, inline: boolean): void => {
    const first = source.charAt(pos)
    if (first === '"' || first === "'") readString()
    else if ((first === '[' || first === '{') && path.length < DEEPEST) readMembers(path, first)
    else {
      BARE_VALUE.lastIndex = pos
      BARE_VALUE.test(source)
      const end = Math.max(BARE_VALUE.lastIndex, inline ? pos : pos + 1)
      pos = pos + source.slice(pos, end).trimEnd().length
    }
  }

  const readMembers = (path: Path, open: '[' | '{'): void => {
    const close = open === '[' ? ']' : '}'
    pos++
    for (let index = 0; ; index++) {
      skipTrivia()
      if (pos >= source.length || source.charAt(pos) === close) break
      const before = pos
      if (open === '{') readStatement(path, true)
      else {
        const from = pos
        readValue([...path, index], true)
        keys.push({ path: [...path, index], kind: 'element', start: from, from, to: pos, inline: true })
      }
      skipTrivia()
      if (source.charAt(pos) === ',') pos++
      if (pos === before) pos++
    }
    pos++
  }

  const readStatement = (table: Path, inline: boolean): void => {
    const { parts, start } = readKey()
    if (source.charAt(pos) !== '=') return
    pos++
    skipBlank()
    const from = pos
    const path = [...table, ...parts.slice(0, DEEPEST)]
    const place = keys.length
    readValue(path, inline)
    keys.splice(place, 0, { path, kind: 'value', start, from, to: pos, inline })
  }

  /** A table header names the newest element of every array of tables on its way. */
  const readHeader = (): Path => {
    const from = pos
    const isArray = source.startsWith('[[', pos)
    pos += isArray ? 2 : 1
    const { parts, start } = readKey()
    pos += isArray ? 2 : 1
    const path: (string | number)[] = []
    for (const [index, part] of parts.slice(0, DEEPEST).entries()) {
      path.push(part)
      const id = JSON.stringify(path)
      const count = arrays.get(id)
      if (isArray && index === parts.length - 1) {
        arrays.set(id, (count ?? 0) + 1)
        path.push(count ?? 0)
      } else if (count !== undefined) path.push(count - 1)
    }
    keys.push({ path, kind: 'table', start, from, to: pos, inline: false })
    return path
  }

  let table: Path = []
  for (skipTrivia(); pos < source.length; skipTrivia()) {
    const before = pos
    if (source.charAt(pos) === '[') table = readHeader()
    else readStatement(table, false)
    if (pos === before) pos++
  }
  return keys
}

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))/gs, (whole, short, long, byte, single) => {
    const code = short ?? long ?? byte
    if (code === undefined) return ESCAPES[String(single)] ?? whole
    const point = Number.parseInt(String(code), 16)
    return point <= 0x10_ff_ff ? String.fromCodePoint(point) : whole
  })
}
