/**
 * The index of the first character at which a text is no JSON, or its length where it only ends too early. The parser of
 * the engine says so in some of its messages, beside a piece of the text, which may be a secret.
 */
export function firstErrorIn(text: string): number {
  const scan = new Scan(text)
  scan.value(0)
  if (!scan.isBroken) scan.space()
  return scan.at
}

const DEEPEST = 64
const WORDS = ['true', 'false', 'null']

/** A recognizer of RFC 8259: moves on as long as the text is well-formed, and stays where it is not. */
class Scan {
  readonly #text: string
  at = 0
  isBroken = false

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): void {
    this.space()
    const first = this.#text[this.at]
    if (depth > DEEPEST) this.isBroken = true
    else if (first === '{') this.#list('}', depth, true)
    else if (first === '[') this.#list(']', depth, false)
    else if (first === '"') this.#string()
    else if (!this.#match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y) && !WORDS.some((word) => this.#word(word))) this.isBroken = true
  }

  space(): void {
    this.#match(/[ \t\r\n]+/y)
  }

  #list(end: string, depth: number, hasNames: boolean): void {
    this.at++
    this.space()
    if (this.#word(end)) return
    while (!this.isBroken) {
      if (hasNames) this.#name()
      if (!this.isBroken) this.value(depth + 1)
      if (this.isBroken) return
      this.space()
      if (this.#word(end)) return
      if (!this.#word(',')) this.isBroken = true
    }
  }

  #name(): void {
    this.space()
    if (this.#text[this.at] === '"') this.#string()
    else this.isBroken = true
    if (this.isBroken) return
    this.space()
    if (!this.#word(':')) this.isBroken = true
  }

  #string(): void {
    this.at++
    // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
    while (this.#match(/[^"\\\u0000-\u001f]+/y) || this.#match(/\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y));
    if (!this.#word('"')) this.isBroken = true
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.at)) return false
    this.at += word.length
    return true
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.#text)
    if (!found) return false
    this.at += found[0].length
    return true
  }
}
