/** A parsed JSON value that does not have the shape it should: names the place, never the value. */
export class ShapeError extends Error {
  readonly place: string

  constructor(place: string) {
    super(`unexpected value at ${place}`)
    this.place = place
  }
}

const DEEPEST = 32
const LONGEST_STRING = 16_384

/** A JSON object whose fields are taken one by one; what nobody took is kept as `rest()`. */
export class JsonObject {
  readonly #fields: Map<string, unknown>
  readonly #place: string

  constructor(value: unknown, place: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ShapeError(place)
    this.#fields = new Map(Object.entries(value))
    this.#place = place
    for (const name of ['__proto__', 'constructor', 'prototype']) if (this.#fields.has(name)) throw new ShapeError(`${place}.${name}`)
  }

  take(name: string): unknown {
    const value = this.#fields.get(name)
    this.#fields.delete(name)
    return value
  }

  at(name: string): string {
    return `${this.#place}.${name}`
  }

  string(name: string): string {
    const value = this.take(name)
    if (typeof value !== 'string' || value.length > LONGEST_STRING) throw new ShapeError(this.at(name))
    return value
  }

  stringOrNull(name: string): string | null {
    const value = this.take(name)
    if (value === undefined || value === null) return null
    if (typeof value !== 'string' || value.length > LONGEST_STRING) throw new ShapeError(this.at(name))
    return value
  }

  oneOf<Word extends string>(name: string, words: readonly Word[]): Word {
    const value = this.take(name)
    const word = words.find((candidate) => candidate === value)
    if (word === undefined) throw new ShapeError(this.at(name))
    return word
  }

  number(name: string): number {
    const value = this.take(name)
    if (typeof value !== 'number' || !Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) throw new ShapeError(this.at(name))
    return value
  }

  numberOrNull(name: string): number | null {
    const value = this.#fields.get(name)
    if (value === undefined || value === null) {
      this.take(name)
      return null
    }
    return this.number(name)
  }

  boolean(name: string): boolean {
    const value = this.take(name)
    if (typeof value !== 'boolean') throw new ShapeError(this.at(name))
    return value
  }

  strings(name: string): string[] {
    const value = this.take(name)
    if (!Array.isArray(value)) throw new ShapeError(this.at(name))
    return value.map((item: unknown, n) => {
      if (typeof item !== 'string' || item.length > LONGEST_STRING) throw new ShapeError(`${this.at(name)}[${n}]`)
      return item
    })
  }

  stringsOrNull(name: string): string[] | null {
    const value = this.#fields.get(name)
    if (value === undefined || value === null) {
      this.take(name)
      return null
    }
    return this.strings(name)
  }

  object(name: string): JsonObject {
    return new JsonObject(this.take(name), this.at(name))
  }

  objectOrNull(name: string): JsonObject | null {
    const value = this.take(name)
    return value === undefined || value === null ? null : new JsonObject(value, this.at(name))
  }

  objects(name: string, most: number): JsonObject[] {
    const value = this.take(name)
    if (value === undefined) return []
    if (!Array.isArray(value) || value.length > most) throw new ShapeError(this.at(name))
    return value.map((item: unknown, n) => new JsonObject(item, `${this.at(name)}[${n}]`))
  }

  get names(): string[] {
    return [...this.#fields.keys()]
  }

  /** The fields that a newer claw wrote. */
  rest(): Record<string, unknown> {
    return Object.fromEntries(this.#fields)
  }
}

/**
 * Parses bytes as strict UTF-8 JSON of bounded depth; one byte order mark is let pass.
 *
 * @throws {ShapeError} with the offset of the first error where that is known; the text is never repeated.
 */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ShapeError('the bytes: not UTF-8')
  }
  if (depthOf(text) > DEEPEST) throw new ShapeError('the nesting: too deep')
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch (thrown) {
    const position = thrown instanceof Error ? /position (\d+)/.exec(thrown.message)?.[1] : undefined
    throw new ShapeError(position === undefined ? `byte ${bytes.length}: it ends too early` : `character ${position}: not JSON`)
  }
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let isString = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (isString) {
      if (character === '\\') i++
      else if (character === '"') isString = false
    } else if (character === '"') isString = true
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth)
    else if (character === '}' || character === ']') depth--
  }
  return deepest
}
