/** What the log parser of a CI system acts on, and where a visible backslash takes that away. */
interface Rule {
  /** At the start of a line (after white space) or anywhere. */
  readonly pattern: RegExp
  readonly replacement: string
  /** A text that may still become a match when more comes. */
  readonly unfinished: RegExp
}

const ANYWHERE_HASH: Rule = { pattern: /##(?=\[)/g, replacement: '#\\#', unfinished: /#{1,2}$/ }
const RULES: Readonly<Record<string, readonly Rule[]>> = {
  github: [{ pattern: /((?:^|[\r\n])\s*)(?=::)/g, replacement: '$1\\', unfinished: /(?:^|[\r\n])\s*:?$/ }, ANYWHERE_HASH],
  azure: [{ pattern: /##(?=vso\[)/g, replacement: '#\\#', unfinished: /##v?s?o?$/ }, ANYWHERE_HASH],
  gitlab: [
    { pattern: /(section_(?:start|end))(?=:)/g, replacement: '$1\\', unfinished: /s(?:e(?:c(?:t(?:i(?:o(?:n(?:_[a-z]{0,5})?)?)?)?)?)?)?$/ },
  ],
  buildkite: [
    {
      pattern: /((?:^|[\r\n])\s*)(?=(?:---|\+\+\+|~~~|\^\^\^) )/g,
      replacement: '$1\\',
      unfinished: /(?:^|[\r\n])\s*(?:-{1,3}|\+{1,3}|~{1,3}|\^{1,3})?$/,
    },
  ],
}
/** An unknown system may be any of them. */
const ALL: readonly Rule[] = Object.values(RULES).flat()
/** A held-back piece longer than this is white space without an end: it is let go. */
const MOST_HELD = 4_096

/** Escapes text of a model for the log of a CI system, however it is split into pieces. */
export class CiEscape {
  readonly #rules: readonly Rule[]
  #held = ''
  #isLineStart = true
  #count = 0

  constructor(vendor: string) {
    this.#rules = RULES[vendor] ?? ALL
  }

  /** How many places were escaped. */
  get count(): number {
    return this.#count
  }

  push(piece: string): string {
    const text = this.#held + piece
    const held = Math.max(0, ...this.#rules.map(({ unfinished }) => this.#tail(text, unfinished)))
    this.#held = held > MOST_HELD ? '' : text.slice(text.length - held)
    return this.#escape(text.slice(0, text.length - this.#held.length))
  }

  end(): string {
    const rest = this.#held
    this.#held = ''
    return this.#escape(rest)
  }

  #tail(text: string, unfinished: RegExp): number {
    return unfinished.exec(this.#guard + text)?.[0].length ?? 0
  }

  /** A letter in front keeps `^` from matching where the text goes on in the middle of a line. */
  get #guard(): string {
    return this.#isLineStart ? '' : 'x'
  }

  #escape(text: string): string {
    if (text === '') return ''
    const guard = this.#guard
    let escaped = guard + text
    for (const { pattern, replacement } of this.#rules) {
      escaped = escaped.replace(pattern, (...groups: unknown[]) => {
        this.#count++
        return replacement.replace('$1', typeof groups[1] === 'string' ? groups[1] : '')
      })
    }
    const line = text.slice(Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1)
    this.#isLineStart = /^\s*$/.test(line) && (/[\r\n]/.test(text) || this.#isLineStart)
    return escaped.slice(guard.length)
  }
}
