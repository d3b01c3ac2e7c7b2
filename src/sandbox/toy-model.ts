/** What the toy behind the sandbox answers: it is no language model, and says so. */
export type ToyAnswer =
  | { readonly kind: 'text'; readonly pieces: readonly string[] }
  | { readonly kind: 'tool'; readonly name: string; readonly arguments: string }

const MOST_PIECES = 1_000_000

/** `say: X` answers X, `count: N` N numbers, `tool: NAME {JSON}` a call; anything else comes back as it was. */
export function toyAnswer(prompt: string): ToyAnswer {
  const [, command = '', rest = ''] = /^(say|count|tool):\s*([\s\S]*)$/.exec(prompt) ?? []
  if (command === 'count') {
    const count = Math.min(Number.parseInt(rest, 10) || 0, MOST_PIECES)
    return { kind: 'text', pieces: Array.from({ length: count }, (_, n) => `${n + 1} `) }
  }
  if (command === 'tool') {
    const [name = 'tool', ...json] = rest.split(' ')
    return { kind: 'tool', name, arguments: json.join(' ') || '{}' }
  }
  const text = command === 'say' ? rest : prompt
  return { kind: 'text', pieces: text.match(/\S+\s*|\s+/g) ?? [] }
}
