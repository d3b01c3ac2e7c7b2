/** What typing has led to: more is awaited, a line is whole, or somebody asks for a signal. */
export type Typed = { readonly kind: 'more' } | { readonly kind: 'line'; readonly line: string } | { readonly kind: 'interrupt' }

/** Far above the longest credential: whoever holds a key down, or pastes a file, is not listened to for ever. */
const LONGEST_LINE = 64 * 1024

/** Keys that send more than one byte (arrows, functions), and the marks that a terminal may put around pasted text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the bytes that a terminal sends
const SEQUENCE = /^(?:\u001b\[[0-?]*[ -/]*[@-~]|\u001bO.|\u001b[^[O])/u
// biome-ignore lint/suspicious/noControlCharactersInRegex: the beginning of one, whose rest has not come yet
const BEGINNING = /^\u001b(?:\[[0-?]*[ -/]*|O)?$/u

/**
 * One line that somebody types at a terminal in raw mode, where the keys that a terminal would see to arrive as bytes:
 * backspace, Ctrl-U (all), Ctrl-W (a word), Enter, Ctrl-D (as Enter), Ctrl-C. Other control keys mean nothing.
 */
export class HiddenLine {
  #line: string[] = []
  #rest = ''
  readonly #decoder = new TextDecoder()

  feed(chunk: Uint8Array): Typed {
    let text = this.#rest + this.#decoder.decode(chunk, { stream: true })
    this.#rest = ''
    while (text !== '') {
      const sequence = SEQUENCE.exec(text)?.[0]
      if (sequence !== undefined) {
        text = text.slice(sequence.length)
        continue
      }
      if (BEGINNING.test(text)) {
        this.#rest = text
        break
      }
      const [key = ''] = text
      text = text.slice(key.length)
      if (key === '\r' || key === '\n' || key === '\u0004') return { kind: 'line', line: this.#line.join('') }
      if (key === '\u0003') return { kind: 'interrupt' }
      this.#press(key)
    }
    return { kind: 'more' }
  }

  #press(key: string): void {
    if (key === '\u007f' || key === '\b') this.#line.pop()
    else if (key === '\u0015') this.#line = []
    else if (key === '\u0017') this.#line = [...this.#line.join('').replace(/\S+\s*$/u, '')]
    else if (key >= ' ' && this.#line.length < LONGEST_LINE) this.#line.push(key)
  }
}
