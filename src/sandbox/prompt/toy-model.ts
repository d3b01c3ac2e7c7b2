/** What the toy behind the sandbox answers: it is no language model, and says so. */
export type ToyAnswer =
  | { readonly kind: 'text'; readonly pieces: readonly string[] }
  | { readonly kind: 'tool'; readonly name: string; readonly arguments: Readonly<Record<string, unknown>> }

const MOST_PIECES = 1_000_000

/** `say: X` answers X, `count: N` N numbers, `tool: NAME {JSON}` a call; anything else comes back as it was. */
export function toyAnswer(prompt: string): ToyAnswer {
  const [, command = '', rest = ''] = /^(say|count|tool):\s*([\s\S]*)$/.exec(prompt) ?? []
  if (command === 'count') {
    const count = Math.min(Number.parseInt(rest, 10) || 0, MOST_PIECES)
    return { kind: 'text', pieces: Array.from({ length: count }, (_, n) => `${n + 1} `) }
  }
  if (command === 'tool') {
    const [, name = '', written = ''] = /^([\w-]{1,64})\s*([\s\S]*)$/.exec(rest) ?? []
    const given = objectOf(written === '' ? '{}' : written)
    if (name !== '' && given) return { kind: 'tool', name, arguments: given }
  }
  const text = command === 'say' ? rest : prompt
  return { kind: 'text', pieces: text.match(/\S+\s*|\s+/g) ?? [] }
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** The text of the last message; a tool result counts as text. `undefined` where there is no message. */
export function lastText(messages: unknown): string | undefined {
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined
  return last === undefined ? undefined : textOf(last)
}

function textOf(part: unknown): string {
  if (typeof part === 'string') return part
  if (Array.isArray(part)) return part.map(textOf).join('')
  if (typeof part !== 'object' || part === null) return ''
  if ('text' in part) return textOf(part.text)
  return 'content' in part ? textOf(part.content) : ''
}

/** What the toy calls tokens: of a text its words, of a call one. */
export function tokensOf(answer: ToyAnswer): number {
  return answer.kind === 'text' ? answer.pieces.length : 1
}

export function wordsIn(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}
