import { ClawError } from '../../core/errors.ts'
import { visibleLine } from '../../core/visible.ts'
import type { HttpResponse } from '../../platform/http.ts'
import type { AnswerContext } from './answer-context.ts'
import { AnswerSize } from './answer-size.ts'
import { chatAssistantMessage } from './openai-chat-message.ts'
import type { PromptEvent } from './conversation.ts'
import { chatFinish } from './finish-reason.ts'
import { type AnswerReader, readPromptStream, readWholeAnswer, truncated } from './prompt-stream.ts'
import { ReasoningDetails, visibleReasoning } from './reasoning-details.ts'
import { ThinkTags, type SplitText } from './think-tags.ts'
import { ToolCallAccumulator } from './tool-call-accumulator.ts'
import { chatUsage } from './usage.ts'
import { at, isFields, listAt, textAt, type Fields } from './wire-json.ts'

/** An openai-chat stream as events. @throws {ClawError} see {@link readPromptStream} */
export function readChatStream(response: HttpResponse, context: AnswerContext): AsyncGenerator<PromptEvent, void> {
  return readPromptStream(response, context, new ChatAnswer(context))
}

/** An openai-chat answer in one piece as the same events. @throws {ClawError} see {@link readPromptStream} */
export function readChatAnswer(text: string, context: AnswerContext): PromptEvent[] {
  return readWholeAnswer(text, context, new ChatAnswer(context))
}

class ChatAnswer implements AnswerReader {
  readonly #context: AnswerContext
  readonly #size: AnswerSize
  readonly #calls = new ToolCallAccumulator()
  readonly #details = new ReasoningDetails()
  readonly #thinkTags: ThinkTags | undefined
  #content = ''
  #reasoning = ''
  #refusal = ''
  #finish: string | undefined
  #model: string | undefined
  #usage: unknown
  hasOutput = false
  readonly isOver = false

  constructor(context: AnswerContext) {
    this.#context = context
    this.#size = new AnswerSize(context)
    this.#thinkTags = context.dialect.thinkTags ? new ThinkTags() : undefined
  }

  get isComplete(): boolean {
    return this.#finish !== undefined
  }

  take(frame: Fields): PromptEvent[] {
    // Kimi counts inside the choice, Groq in a field of its own.
    this.#usage = at(frame, 'usage') ?? at(frame, 'choices', 0, 'usage') ?? at(frame, 'x_groq', 'usage') ?? this.#usage
    this.#model ??= textAt(frame, 'model')
    const choice = listAt(frame, 'choices').find((candidate) => (at(candidate, 'index') ?? 0) === 0)
    if (!isFields(choice)) return []
    // Servers that think of one piece say `message` where a stream says `delta`.
    const events = this.#takeDelta(at(choice, 'delta') ?? at(choice, 'message'))
    this.#finish ??= textAt(choice, 'finish_reason')
    return events
  }

  takeWhole(answer: Fields): PromptEvent[] | undefined {
    if (!isFields(at(answer, 'choices', 0))) return undefined
    const events = this.take(answer)
    // Nothing can follow, so nothing can be missing.
    this.#finish ??= 'stop'
    return events
  }

  rest(): PromptEvent[] {
    return this.#usage === undefined ? [] : [{ type: 'usage', usage: chatUsage(this.#usage, this.#context.dialect) }]
  }

  end(wasMarked: boolean): PromptEvent[] {
    const { dialect, route } = this.#context
    const isEofOk = dialect.eofOk === true && this.#calls.areObjects
    // A mark alone is no answer.
    const isMarkedEnd = wasMarked && this.hasOutput
    if (!this.isComplete && !isMarkedEnd && !isEofOk)
      throw truncated(this.#context, wasMarked ? '`finish_reason` or any output' : '`finish_reason` or `[DONE]`')
    const held = this.#split(this.#thinkTags?.end() ?? [])
    const said = chatFinish(this.#finish, { hasCalls: false })
    if (said === 'error') {
      throw new ClawError('CLAW_SERVER', {
        what: `\`${route}\` failed in the middle of its answer`,
        why: `finish reason \`${visibleLine(this.#finish ?? '', 80)}\``,
        data: { kind: 'server' },
      })
    }
    const calls = this.#calls.finish(route, said !== 'stop' && said !== 'tool_calls')
    const finishReason = chatFinish(this.#finish, { hasCalls: calls.length > 0, hasRefusal: this.#refusal !== '' })
    const message = chatAssistantMessage(dialect, {
      content: this.#content,
      refusal: this.#refusal,
      reasoning: this.#reasoning,
      details: this.#details.list(),
      calls,
    })
    return [
      ...held,
      ...calls.map(({ id, name, arguments: given }): PromptEvent => ({ type: 'tool_call', id, name, arguments: given })),
      ...this.rest(),
      ...(this.isComplete
        ? []
        : [{ type: 'warning', code: 'finish_reason_missing', message: `\`${route}\` did not say why its answer ended` } as const]),
      {
        type: 'finish',
        finishReason,
        rawFinish: this.#finish === undefined ? null : visibleLine(this.#finish, 80),
        model: this.#model === undefined ? null : visibleLine(this.#model, 200),
        continuation: { protocol: 'openai-chat', route, message },
      },
    ]
  }

  #takeDelta(delta: unknown): PromptEvent[] {
    const details = listAt(delta, 'reasoning_details')
    this.#size.add(this.#details.take(details))
    // Routers send the same reasoning twice, as text and as details.
    const reasoning =
      textAt(delta, 'reasoning_content') ?? textAt(delta, 'reasoning') ?? textAt(delta, 'reasoning_text') ?? visibleReasoning(details)
    const events = this.#reason(reasoning)
    for (const part of contentParts(at(delta, 'content')))
      events.push(...(part.type === 'reasoning' ? this.#reason(part.text) : this.#say(part.text)))
    const refusal = textAt(delta, 'refusal')
    if (refusal !== undefined) {
      this.#refusal += refusal
      this.#size.add(refusal.length)
      events.push({ type: 'text', text: refusal })
    }
    for (const call of listAt(delta, 'tool_calls')) {
      this.#size.add(this.#calls.take(call))
      this.hasOutput = true
    }
    if (events.length > 0) this.hasOutput = true
    return events
  }

  #reason(text: string): PromptEvent[] {
    if (text === '') return []
    this.#size.add(text.length)
    this.#reasoning += text
    return [{ type: 'reasoning', text }]
  }

  #say(text: string): PromptEvent[] {
    this.#size.add(text.length)
    this.#content += text
    if (!this.#thinkTags) return [{ type: 'text', text }]
    this.hasOutput = true
    return this.#split(this.#thinkTags.take(text))
  }

  /** The tags stay in the content that goes back: that is the form in which the server knows its own reasoning. */
  #split(pieces: readonly SplitText[]): PromptEvent[] {
    return pieces.map(({ type, text }) => ({ type, text }))
  }
}

/** Content as text, or as a list of parts (Mistral), some of which are reasoning. */
function contentParts(content: unknown): SplitText[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return listAt(content).flatMap((part): SplitText[] => {
    const thinking = at(part, 'thinking')
    if (thinking !== undefined) return contentParts(thinking).map(({ text }) => ({ type: 'reasoning', text }))
    const text = textAt(part, 'text')
    return text === undefined ? [] : [{ type: 'text', text }]
  })
}
