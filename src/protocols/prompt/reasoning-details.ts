import { at, isFields, textAt, type Fields } from './wire-json.ts'

/** Fields of which a stream brings the next piece; all others are said once or repeated. */
const PIECEWISE: ReadonlySet<string> = new Set(['text', 'summary', 'data'])

/** Puts `reasoning_details` (OpenRouter, MiniMax) together, so that they can go back as if they had come in one piece. */
export class ReasoningDetails {
  readonly #details: Map<string, unknown>[] = []

  /** @returns about how many characters are kept of them */
  take(details: readonly unknown[]): number {
    let kept = 0
    for (const detail of details) {
      if (!isFields(detail)) continue
      const last = this.#details.at(-1)
      const isSame =
        last !== undefined && last.get('type') === at(detail, 'type') && (last.get('index') ?? undefined) === at(detail, 'index')
      const target = isSame ? last : new Map<string, unknown>()
      if (!isSame) this.#details.push(target)
      for (const [name, value] of Object.entries(detail)) {
        merge(target, name, value)
        kept += name.length + (typeof value === 'string' ? value.length : 0)
      }
    }
    return kept
  }

  /** The details as they go on the wire. */
  list(): Fields[] {
    return this.#details.map((detail) => Object.fromEntries(detail))
  }
}

/** What a reader would see of the details. */
export function visibleReasoning(details: readonly unknown[]): string {
  return details.map((detail) => textAt(detail, 'text') ?? textAt(detail, 'summary') ?? '').join('')
}

function merge(target: Map<string, unknown>, name: string, value: unknown): void {
  const known = target.get(name)
  if (typeof value === 'object' && value !== null) return
  if (PIECEWISE.has(name) && typeof known === 'string' && typeof value === 'string') target.set(name, known + value)
  else if (value !== null || known === undefined) target.set(name, value)
}
