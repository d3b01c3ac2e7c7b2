import { piecesOf } from './message-frames.ts'
import type { ToyAnswer } from './toy-model.ts'

const ID = 'chatcmpl-sandbox'

/** A whole answer. */
export function completionOf(answer: ToyAnswer, model: string, usage: unknown): Record<string, unknown> {
  const message =
    answer.kind === 'text'
      ? { role: 'assistant', content: answer.pieces.join('') }
      : { role: 'assistant', content: null, tool_calls: [callOf(answer.name, JSON.stringify(answer.arguments))] }
  const choice = { index: 0, message, finish_reason: finishOf(answer) }
  return { id: ID, object: 'chat.completion', created: 0, model, choices: [choice], usage }
}

/** The same as chunks, in the order in which OpenAI sends them; usage last, where it is wanted. */
export function* chatFrames(answer: ToyAnswer, model: string, usage: unknown): Iterable<string> {
  const frame = (choices: readonly unknown[], given: unknown = null) =>
    `data: ${JSON.stringify({ id: ID, object: 'chat.completion.chunk', created: 0, model, choices, usage: given })}\n\n`
  const chunk = (delta: unknown, finish: string | null = null) => frame([{ index: 0, delta, finish_reason: finish }])
  if (answer.kind === 'text') {
    yield chunk({ role: 'assistant', content: '' })
    for (const content of answer.pieces) yield chunk({ content })
  } else {
    const [first = '', ...more] = piecesOf(answer.arguments)
    yield chunk({ role: 'assistant', content: null, tool_calls: [{ index: 0, ...callOf(answer.name, first) }] })
    for (const piece of more) yield chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] })
  }
  yield chunk({}, finishOf(answer))
  if (usage !== null) yield frame([], usage)
  yield 'data: [DONE]\n\n'
}

function callOf(name: string, text: string): Record<string, unknown> {
  return { id: 'call_1', type: 'function', function: { name, arguments: text } }
}

function finishOf(answer: ToyAnswer): string {
  return answer.kind === 'text' ? 'stop' : 'tool_calls'
}
