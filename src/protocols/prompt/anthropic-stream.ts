import { ClawError } from '../../core/errors.ts'
import { visibleLine } from '../../core/visible.ts'
import type { HttpResponse } from '../../platform/http.ts'
import { AnthropicBlocks, charsOf } from './anthropic-blocks.ts'
import type { AnswerContext } from './answer-context.ts'
import { AnswerSize } from './answer-size.ts'
import type { FinishReason, PromptEvent } from './conversation.ts'
import { anthropicFinish } from './finish-reason.ts'
import { type AnswerReader, readPromptStream, readWholeAnswer, truncated } from './prompt-stream.ts'
import { anthropicUsage, overwriteUsage } from './usage.ts'
import { at, isFields, listAt, numberAt, textAt, type Fields } from './wire-json.ts'

/** An anthropic-messages stream as events. @throws {ClawError} see {@link readPromptStream} */
export function readAnthropicStream(response: HttpResponse, context: AnswerContext): AsyncGenerator<PromptEvent, void> {
  return readPromptStream(response, context, new AnthropicAnswer(context))
}

/** An anthropic-messages answer in one piece as the same events. @throws {ClawError} see {@link readPromptStream} */
export function readAnthropicAnswer(text: string, context: AnswerContext): PromptEvent[] {
  return readWholeAnswer(text, context, new AnthropicAnswer(context))
}

/** Finishes after which nothing may be missing from what was begun. */
const WHOLE: ReadonlySet<FinishReason> = new Set(['stop', 'tool_calls'])
/** What an opened block takes beside its text. */
const BLOCK_CHARS = 128

class AnthropicAnswer implements AnswerReader {
  readonly #context: AnswerContext
  readonly #size: AnswerSize
  readonly #blocks: AnthropicBlocks
  #id: string | undefined
  #model: string | undefined
  #usage: Fields = {}
  #stopReason: string | undefined
  #stopDetails: unknown
  #hasText = false
  isOver = false

  constructor(context: AnswerContext) {
    this.#context = context
    this.#size = new AnswerSize(context)
    this.#blocks = new AnthropicBlocks(context.route)
  }

  get hasOutput(): boolean {
    return this.#hasText || this.#blocks.hasSilentOutput
  }

  get isComplete(): boolean {
    return this.isOver || this.#stopReason !== undefined
  }

  take(frame: Fields, eventName: string | undefined): PromptEvent[] {
    const events = this.#takeEvent(textAt(frame, 'type') ?? eventName, frame)
    if (events.length > 0) this.#hasText = true
    return events
  }

  takeWhole(answer: Fields): PromptEvent[] | undefined {
    if (!Array.isArray(at(answer, 'content')) || textAt(answer, 'type') === 'error') return undefined
    this.#begin(answer)
    const events = listAt(answer, 'content').flatMap((block) => [...this.#blocks.open(undefined, block), ...this.#blocks.close(undefined)])
    this.#endMessage(answer)
    this.isOver = true
    return events
  }

  rest(): PromptEvent[] {
    return Object.keys(this.#usage).length === 0 ? [] : [{ type: 'usage', usage: anthropicUsage(this.#usage) }]
  }

  end(): PromptEvent[] {
    if (!this.isComplete) throw truncated(this.#context, '`message_stop`')
    const said = anthropicFinish(this.#stopReason, { hasCalls: false })
    const last = this.#blocks.end(!WHOLE.has(said))
    const { route, dialect } = this.#context
    return [
      ...last,
      ...this.rest(),
      ...this.#warnings(said),
      {
        type: 'finish',
        finishReason: anthropicFinish(this.#stopReason, { hasCalls: this.#blocks.hasCalls }),
        rawFinish: this.#stopReason === undefined ? null : visibleLine(this.#stopReason, 80),
        model: this.#model === undefined ? null : visibleLine(this.#model, 200),
        continuation: { protocol: 'anthropic-messages', route, message: this.#blocks.content(dialect) },
      },
    ]
  }

  #takeEvent(type: string | undefined, frame: Fields): PromptEvent[] {
    const index = numberAt(frame, 'index')
    switch (type) {
      case 'message_start':
        this.#begin(at(frame, 'message'))
        return []
      case 'content_block_start':
        this.#size.add(BLOCK_CHARS + charsOf(at(frame, 'content_block')))
        return this.#blocks.open(index, at(frame, 'content_block'))
      case 'content_block_delta':
        this.#size.add(charsOf(at(frame, 'delta')))
        return this.#blocks.fill(index, at(frame, 'delta'))
      case 'content_block_stop':
        return this.#blocks.close(index)
      case 'message_delta':
        this.#endMessage(at(frame, 'delta'))
        this.#usage = overwriteUsage(this.#usage, at(frame, 'usage'))
        return []
      case 'message_stop':
        this.isOver = true
        return []
      default:
        return []
    }
  }

  /** Proxies repeat the start; with another id two answers were spliced. */
  #begin(message: unknown): void {
    const id = textAt(message, 'id')
    if (this.#id !== undefined && id !== undefined && id !== this.#id) {
      throw new ClawError('CLAW_PROTOCOL', {
        what: `\`${this.#context.route}\` mixed two answers into one`,
        why: 'a second `message_start` with another id',
      })
    }
    this.#id ??= id
    this.#model ??= textAt(message, 'model')
    if (isFields(message)) this.#usage = overwriteUsage(this.#usage, at(message, 'usage'))
  }

  #endMessage(delta: unknown): void {
    this.#stopReason = textAt(delta, 'stop_reason') ?? this.#stopReason
    this.#stopDetails = at(delta, 'stop_details') ?? this.#stopDetails
  }

  #warnings(said: FinishReason): PromptEvent[] {
    const { route } = this.#context
    if (this.#stopReason === undefined) {
      return [{ type: 'warning', code: 'finish_reason_missing', message: `\`${route}\` did not say why its answer ended` }]
    }
    const words = [textAt(this.#stopDetails, 'category'), textAt(this.#stopDetails, 'explanation')].filter((part) => part !== undefined)
    return said === 'refusal' && words.length > 0 ? [{ type: 'warning', code: 'refusal', message: visibleLine(words.join(': ')) }] : []
  }
}
