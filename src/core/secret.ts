import { inspect } from 'node:util'
import { rememberSecret, type SecretKind } from './redaction.ts'

const MASK = '[secret]'

/**
 * A value that cannot print itself: string conversion, JSON, inspection and template literals all give a mask.
 * Making one registers the value with the redactor, so that it is struck from every output even when it leaks.
 */
export class Secret {
  readonly #value: string
  readonly kind: SecretKind

  constructor(value: string, kind: SecretKind = 'token') {
    this.#value = value
    this.kind = kind
    rememberSecret(value, kind)
  }

  /** The value itself. Call it only where it is sent, stored or printed on purpose. */
  reveal(): string {
    return this.#value
  }

  equals(other: Secret): boolean {
    return this.#value === other.#value
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }

  [Symbol.toPrimitive](): string {
    return MASK
  }

  [inspect.custom](): string {
    return MASK
  }
}
