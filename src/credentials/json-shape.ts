import { isName } from '../core/vocabulary.ts'
import { firstErrorIn } from './json-position.ts'

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
/** Names that reach into every object where somebody copies them carelessly. */
const FORBIDDEN_NAMES: readonly string[] = ['__proto__', 'constructor', 'prototype']

/** A JSON object whose fields are taken one by one; what nobody took is kept as `rest()`. */
export class JsonObject {
  readonly #fields: Map<string, unknown>
  readonly #place: string
  readonly #isMap: boolean

  /** @param isMap its names come from the file, and are not repeated in a place */
  constructor(value: unknown, place: string, isMap = false) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ShapeError(place)
    this.#fields = new Map(Object.entries(value))
    this.#place = place
    this.#isMap = isMap
  }

  take(name: string): unknown {
    const value = this.#fields.get(name)
    this.#fields.delete(name)
    return value
  }

  at(name: string): string {
    return `${this.#place}.${this.#isMap ? '*' : name}`
  }

  string(name: string): string {
    const value = this.take(name)
    if (typeof value !== 'string') throw new ShapeError(this.at(name))
    return value
  }

  stringOrNull(name: string): string | null {
    return this.#isAbsent(name) ? null : this.string(name)
  }

  /** A secret: a text that is not empty. */
  filled(name: string): string {
    const value = this.string(name)
    if (value === '') throw new ShapeError(this.at(name))
    return value
  }

  /** The name of a provider, route or profile. */
  name(name: string): string {
    const value = this.string(name)
    if (!isName(value)) throw new ShapeError(this.at(name))
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
    if (typeof value !== 'number' || !Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER)
      throw new ShapeError(this.at(name))
    return value
  }

  numberOrNull(name: string): number | null {
    return this.#isAbsent(name) ? null : this.number(name)
  }

  count(name: string): number {
    const value = this.number(name)
    if (!Number.isInteger(value) || value < 0) throw new ShapeError(this.at(name))
    return value
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
      if (typeof item !== 'string') throw new ShapeError(`${this.at(name)}[${n}]`)
      return item
    })
  }

  stringsOrNull(name: string): string[] | null {
    return this.#isAbsent(name) ? null : this.strings(name)
  }

  object(name: string): JsonObject {
    return new JsonObject(this.take(name), this.at(name))
  }

  objectOrNull(name: string): JsonObject | null {
    return this.#isAbsent(name) ? null : this.object(name)
  }

  /** An object whose names are data. */
  mapOrNull(name: string): JsonObject | null {
    return this.#isAbsent(name) ? null : new JsonObject(this.take(name), this.at(name), true)
  }

  /** The items of a list; none where it is absent. */
  items(name: string, most: number): { readonly value: unknown; readonly place: string }[] {
    const value = this.take(name)
    if (value === undefined) return []
    if (!Array.isArray(value) || value.length > most) throw new ShapeError(this.at(name))
    return value.map((item: unknown, n) => ({ value: item, place: `${this.at(name)}[${n}]` }))
  }

  get names(): string[] {
    return [...this.#fields.keys()]
  }

  /** The fields that a newer claw wrote. */
  rest(): Record<string, unknown> {
    return Object.fromEntries(this.#fields)
  }

  #isAbsent(name: string): boolean {
    const value = this.#fields.get(name)
    if (value !== undefined && value !== null) return false
    this.#fields.delete(name)
    return true
  }
}

/**
 * Parses bytes as strict UTF-8 JSON of bounded depth, lengths and numbers; one byte order mark is let pass.
 *
 * @throws {ShapeError} with the place of the first error; the text is never repeated.
 */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decodeText(bytes)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const position = firstErrorIn(text)
    throw new ShapeError(position >= text.length ? `character ${position}, where it ends too early` : `character ${position}`)
  }
  checkTree(value, '$', 0)
  return value
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const lenient = Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))
    throw new ShapeError(`byte ${lenient.findIndex((byte, n) => byte !== bytes[n])}, which is no UTF-8`)
  }
}

/** What holds for every value, also for those of a newer claw that are only kept. */
function checkTree(value: unknown, place: string, depth: number): void {
  if (depth > DEEPEST) throw new ShapeError(`${place}, which is nested too deep`)
  if (typeof value === 'string' && value.length > LONGEST_STRING) throw new ShapeError(`${place}, which is too long`)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new ShapeError(`${place}, which is too large`)
  if (Array.isArray(value)) {
    for (const [n, item] of value.entries()) checkTree(item, `${place}[${n}]`, depth + 1)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, field] of Object.entries(value)) {
      if (FORBIDDEN_NAMES.includes(name)) throw new ShapeError(`${place}, which has a forbidden name`)
      checkTree(field, `${place}.*`, depth + 1)
    }
  }
}
