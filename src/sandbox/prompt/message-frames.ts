import type { ToyAnswer } from './toy-model.ts'

interface Message {
  readonly content: readonly Readonly<Record<string, unknown>>[]
  readonly stop_reason: string
  readonly usage: { readonly input_tokens: number; readonly output_tokens: number }
}

const THINKING = { type: 'thinking', thinking: 'The toy thinks of nothing.', signature: 'c2FuZGJveC1zaWduYXR1cmU=' }

/** The blocks of a whole answer. */
export function contentOf(answer: ToyAnswer, thinks: boolean): readonly Readonly<Record<string, unknown>>[] {
  const block =
    answer.kind === 'text'
      ? { type: 'text', text: answer.pieces.join('') }
      : { type: 'tool_use', id: 'toolu_1', name: answer.name, input: answer.arguments }
  return thinks ? [THINKING, block] : [block]
}

/** The events in which a whole answer is streamed; `space` follows the colon of each field. */
export function* messageFrames(message: Message, answer: ToyAnswer, space: string): Iterable<string> {
  const frame = (type: string, fields: Readonly<Record<string, unknown>>) =>
    `event:${space}${type}\ndata:${space}${JSON.stringify({ type, ...fields })}\n\n`
  const delta = (index: number, fields: Readonly<Record<string, unknown>>) => frame('content_block_delta', { index, delta: fields })
  const { usage } = message
  yield frame('message_start', { message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 0 } } })
  for (const [index, block] of message.content.entries()) {
    const begun = block.type === 'text' ? { text: '' } : block.type === 'tool_use' ? { input: {} } : { thinking: '', signature: '' }
    yield frame('content_block_start', { index, content_block: { ...block, ...begun } })
    if (block.type === 'thinking') {
      yield delta(index, { type: 'thinking_delta', thinking: block.thinking })
      yield delta(index, { type: 'signature_delta', signature: block.signature })
    } else if (answer.kind === 'text') {
      for (const text of answer.pieces) yield delta(index, { type: 'text_delta', text })
    } else {
      for (const piece of piecesOf(answer.arguments)) yield delta(index, { type: 'input_json_delta', partial_json: piece })
    }
    yield frame('content_block_stop', { index })
  }
  yield frame('message_delta', { delta: { stop_reason: message.stop_reason, stop_sequence: null }, usage })
  yield frame('message_stop', {})
}

/** As real servers send them: an empty piece, then the arguments cut anywhere. */
export function piecesOf(given: Readonly<Record<string, unknown>>): readonly string[] {
  const text = JSON.stringify(given)
  const middle = Math.ceil(text.length / 2)
  return ['', text.slice(0, middle), text.slice(middle)]
}
