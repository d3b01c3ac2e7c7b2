import { nearest } from '../core/nearest.ts'
import { isTable, type KeyPath } from './toml-values.ts'

/** One thing wrong with one key. It never repeats a value. */
export interface Fault {
  readonly path: KeyPath
  readonly message: string
  readonly nearest: string | null
}

/** What a shape is made of: for walks over a whole schema. */
export type Members =
  | { readonly type: 'leaf' }
  | { readonly type: 'list'; readonly of: Shape<unknown> }
  | { readonly type: 'record'; readonly of: Shape<unknown> }
  | { readonly type: 'table'; readonly keys: Readonly<Record<string, Shape<unknown>>> }

/**
 * What a value of the configuration may be. A schema of some two hundred keys is made, used once and thrown away at every
 * start of claw, so that the making must cost nothing: shapes are plain closures over shared leaves. (A validation library
 * took 20 to 30 ms for the same schema; this takes one or two.)
 */
export interface Shape<Value> {
  /** Whether `value` is one; where not, at least one fault is told. */
  accepts(value: unknown, path: KeyPath, faults: Fault[]): value is Value
  readonly members: Members
  /** The same as JSON Schema. */
  json(): Readonly<Record<string, unknown>>
}

export type ValueOf<Any> = Any extends Shape<infer Value> ? Value : never

const LEAF: Members = { type: 'leaf' }
const LONGEST_LIST = 1024

function tell(faults: Fault[], path: KeyPath, message: string, meant: string | null = null): false {
  faults.push({ path, message, nearest: meant })
  return false
}

export type TextFault = string | { readonly message: string; readonly nearest?: string | undefined } | undefined

/** A text; `judge` says what is wrong with it. */
export function text(judge: (value: string) => TextFault): Shape<string> {
  return {
    members: LEAF,
    json: () => ({ type: 'string' }),
    accepts(value, path, faults): value is string {
      if (typeof value !== 'string') return tell(faults, path, 'must be a text in quotes')
      const fault = judge(value)
      if (fault === undefined) return true
      return typeof fault === 'string' ? tell(faults, path, fault) : tell(faults, path, fault.message, fault.nearest ?? null)
    },
  }
}

export function choice<const Choices extends readonly string[]>(...choices: Choices): Shape<Choices[number]> {
  const named = choices
    .map((each) => `\`${each}\``)
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1')
  return {
    members: LEAF,
    json: () => ({ enum: choices }),
    accepts(value, path, faults): value is Choices[number] {
      if (typeof value !== 'string') return tell(faults, path, 'must be a text in quotes')
      return choices.includes(value) || tell(faults, path, `must be ${named}`, nearest(value, choices, 1)[0] ?? null)
    },
  }
}

export function number(least: number, most: number, isWhole = true): Shape<number> {
  return {
    members: LEAF,
    json: () => ({ type: isWhole ? 'integer' : 'number', minimum: least, maximum: most }),
    accepts(value, path, faults): value is number {
      if (typeof value !== 'number') return tell(faults, path, 'must be a number')
      if (isWhole && !Number.isInteger(value)) return tell(faults, path, 'must be a whole number')
      if (value < least) return tell(faults, path, `must be at least ${least}`)
      return value <= most || tell(faults, path, `must be at most ${most}`)
    },
  }
}

export const flag: Shape<boolean> = {
  members: LEAF,
  json: () => ({ type: 'boolean' }),
  accepts(value, path, faults): value is boolean {
    return typeof value === 'boolean' || tell(faults, path, 'must be `true` or `false`')
  },
}

/** Whatever TOML can say. */
export const anything: Shape<unknown> = { members: LEAF, json: () => ({}), accepts: (_value): _value is unknown => true }

export function list<Value>(of: Shape<Value>, length?: number): Shape<Value[]> {
  return {
    members: { type: 'list', of },
    json: () => ({ type: 'array', items: of.json(), ...(length !== undefined && { minItems: length, maxItems: length }) }),
    accepts(value, path, faults): value is Value[] {
      if (!Array.isArray(value)) return tell(faults, path, 'must be a list')
      if (length !== undefined && value.length !== length) return tell(faults, path, `must be a list of ${length} values`)
      if (value.length > LONGEST_LIST) return tell(faults, path, `must hold at most ${LONGEST_LIST} values`)
      return value.map((element, index) => of.accepts(element, [...path, index], faults)).every(Boolean)
    },
  }
}

/** A table whose keys the user chooses. */
export function record<Value>(key: Shape<string>, of: Shape<Value>): Shape<Record<string, Value>> {
  return {
    members: { type: 'record', of },
    json: () => ({ type: 'object', additionalProperties: of.json() }),
    accepts(value, path, faults): value is Record<string, Value> {
      if (!isTable(value)) return tell(faults, path, 'must be a table')
      const entries = Object.entries(value)
      return entries
        .map(([name, member]) => key.accepts(name, [...path, name], faults) && of.accepts(member, [...path, name], faults))
        .every(Boolean)
    },
  }
}

type Keys = Readonly<Record<string, Shape<unknown>>>
type Table<All extends Keys, Must extends keyof All> = { [Key in Must]: ValueOf<All[Key]> } & {
  [Key in Exclude<keyof All, Must>]?: ValueOf<All[Key]>
}

/** A table of known keys; any other one is a fault that names the nearest. Keys may be left out unless `required` lists them. */
export function table<All extends Keys, Must extends keyof All & string = never>(
  keys: All,
  ...required: readonly Must[]
): Shape<Table<All, Must>> {
  return {
    members: { type: 'table', keys },
    json: () => ({
      type: 'object',
      properties: Object.fromEntries(Object.entries(keys).map(([key, shape]) => [key, shape.json()])),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
    }),
    accepts(value, path, faults): value is Table<All, Must> {
      if (!isTable(value)) return tell(faults, path, 'must be a table')
      const before = faults.length
      for (const [key, member] of Object.entries(value)) {
        const shape = Object.hasOwn(keys, key) ? keys[key] : undefined
        if (shape) shape.accepts(member, [...path, key], faults)
        else tell(faults, [...path, key], 'is no key of the configuration', nearest(key, Object.keys(keys), 1)[0] ?? null)
      }
      for (const key of required) if (!Object.hasOwn(value, key)) tell(faults, [...path, key], 'is missing')
      return faults.length === before
    },
  }
}

/** A short form, or its longer form as a table. */
export function either<Short, Long>(short: Shape<Short>, long: Shape<Long>): Shape<Short | Long> {
  return {
    members: long.members,
    json: () => ({ anyOf: [short.json(), long.json()] }),
    accepts(value, path, faults): value is Short | Long {
      return isTable(value) ? long.accepts(value, path, faults) : short.accepts(value, path, faults)
    },
  }
}
