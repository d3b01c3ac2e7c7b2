/** A map whose keys are known and whose values are made when they are first asked for, once. */
export class OnDemand<Value> implements ReadonlyMap<string, Value> {
  readonly #keys: ReadonlySet<string>
  readonly #make: (key: string) => Value
  readonly #made = new Map<string, Value>()

  constructor(keys: Iterable<string>, make: (key: string) => Value) {
    this.#keys = new Set(keys)
    this.#make = make
  }

  get size(): number {
    return this.#keys.size
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  get(key: string): Value | undefined {
    return this.#keys.has(key) ? this.value(key) : undefined
  }

  /** The value of a key that is known to be there. */
  value(key: string): Value {
    const known = this.#made.get(key)
    if (known !== undefined) return known
    const value = this.#make(key)
    this.#made.set(key, value)
    return value
  }

  keys(): MapIterator<string> {
    return this.#keys.values()
  }

  values(): MapIterator<Value> {
    return this.#whole().values()
  }

  entries(): MapIterator<[string, Value]> {
    return this.#whole().entries()
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries()
  }

  forEach(visit: (value: Value, key: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this)
  }

  /** In the order of the keys. */
  #whole(): Map<string, Value> {
    return new Map([...this.#keys].map((key) => [key, this.value(key)]))
  }
}
