const OPEN = '<think>'
const CLOSE = '</think>'

export interface SplitText {
  readonly type: 'text' | 'reasoning'
  readonly text: string
}

/**
 * Takes `<think>…</think>` at the start of an answer apart from the answer, however the tags are split. Anywhere else they are
 * ordinary text.
 */
export class ThinkTags {
  #place: 'start' | 'thinking' | 'thought' | 'text' = 'start'
  #held = ''

  take(text: string): SplitText[] {
    if (this.#place === 'text') return piece('text', text)
    this.#held += text
    if (this.#place === 'start') {
      const begun = this.#held.trimStart()
      if (begun.length < OPEN.length && OPEN.startsWith(begun)) return []
      this.#place = begun.startsWith(OPEN) ? 'thinking' : 'text'
      if (this.#place === 'text') return piece('text', this.#release(this.#held.length))
      this.#held = begun.slice(OPEN.length)
    }
    return this.#place === 'thinking' ? this.#takeThinking() : this.#takeThought()
  }

  /** What was held back, at the end of the answer. */
  end(): SplitText[] {
    return this.#place === 'thought' ? [] : piece(this.#place === 'thinking' ? 'reasoning' : 'text', this.#release(this.#held.length))
  }

  #takeThinking(): SplitText[] {
    const closeAt = this.#held.indexOf(CLOSE)
    if (closeAt < 0) return piece('reasoning', this.#release(this.#held.length - tailThatMayClose(this.#held)))
    const reasoning = this.#release(closeAt)
    this.#held = this.#held.slice(CLOSE.length)
    this.#place = 'thought'
    return [...piece('reasoning', reasoning), ...this.#takeThought()]
  }

  /** The blank lines between the reasoning and the answer belong to neither. */
  #takeThought(): SplitText[] {
    this.#held = this.#held.replace(/^[\r\n]+/, '')
    if (this.#held === '') return []
    this.#place = 'text'
    return piece('text', this.#release(this.#held.length))
  }

  #release(length: number): string {
    const text = this.#held.slice(0, length)
    this.#held = this.#held.slice(length)
    return text
  }
}

function tailThatMayClose(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--) if (CLOSE.startsWith(text.slice(-length))) return length
  return 0
}

function piece(type: SplitText['type'], text: string): SplitText[] {
  return text === '' ? [] : [{ type, text }]
}
