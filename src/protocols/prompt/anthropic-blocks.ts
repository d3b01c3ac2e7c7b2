import { ClawError } from '../../core/errors.ts'
import type { Dialect, PromptEvent } from './conversation.ts'
import { LOST_REASONING } from './lost-reasoning.ts'
import { finishCall, type FinishedCall } from './tool-call-accumulator.ts'
import { at, isFields, isTooDeep, textAt, type Fields } from './wire-json.ts'

type Block =
  | { readonly type: 'text'; text: string; isClosed: boolean }
  | { readonly type: 'thinking'; thinking: string; signature: string | undefined; isClosed: boolean }
  | { readonly type: 'redacted_thinking'; readonly data: unknown; isClosed: boolean }
  | {
      readonly type: 'tool_use'
      readonly id: string | undefined
      readonly name: string | undefined
      readonly input: unknown
      json: string
      isClosed: boolean
      call?: FinishedCall | ClawError
    }
  /** Run by the server, or unknown: no call of ours, and its pieces belong to nobody. */
  | { readonly type: 'ignored'; isClosed: boolean }

/** The content blocks of one anthropic-messages answer, as a stream opens, fills and closes them. */
export class AnthropicBlocks {
  readonly #route: string
  /** In the order in which they began. */
  readonly #blocks: Block[] = []
  readonly #byIndex = new Map<number, Block>()

  constructor(route: string) {
    this.#route = route
  }

  /** `content_block_start`: the block may hold something already. */
  open(index: number | undefined, block: unknown): PromptEvent[] {
    const events = this.close(index)
    const opened = newBlock(block)
    this.#blocks.push(opened)
    if (index !== undefined) this.#byIndex.set(index, opened)
    if (opened.type === 'text' && opened.text !== '') events.push({ type: 'text', text: opened.text })
    if (opened.type === 'thinking' && opened.thinking !== '') events.push({ type: 'reasoning', text: opened.thinking })
    return events
  }

  /** `content_block_delta`. Text without an open block opens one. */
  fill(index: number | undefined, delta: unknown): PromptEvent[] {
    const block = this.#find(index)
    const text = textAt(delta, 'text')
    const thinking = textAt(delta, 'thinking')
    switch (at(delta, 'type')) {
      case 'text_delta':
        if (text === undefined || block?.type === 'ignored') return []
        if (block?.type !== 'text') return this.open(index, { type: 'text', text })
        block.text += text
        return [{ type: 'text', text }]
      case 'thinking_delta':
        if (thinking === undefined || block?.type !== 'thinking') return []
        block.thinking += thinking
        return [{ type: 'reasoning', text: thinking }]
      case 'signature_delta':
        if (block?.type === 'thinking') block.signature = joinedSignature(block.signature, textAt(delta, 'signature') ?? '')
        return []
      case 'input_json_delta':
        if (block?.type === 'tool_use') block.json += textAt(delta, 'partial_json') ?? ''
        return []
      default:
        return []
    }
  }

  /** `content_block_stop`: a call is complete with it. */
  close(index: number | undefined): PromptEvent[] {
    const block = this.#find(index)
    if (index !== undefined) this.#byIndex.delete(index)
    return block ? this.#finish(block) : []
  }

  /**
   * The end of the answer.
   *
   * @param isCut it stopped before its end: what is still open, or cannot be read, is left out
   * @throws {ClawError} `CLAW_PROTOCOL` for a call that cannot be read, at a normal end.
   */
  end(isCut: boolean): PromptEvent[] {
    const events = isCut ? [] : this.#blocks.flatMap((block) => this.#finish(block))
    const broken = this.#blocks.find((block) => block.type === 'tool_use' && block.call instanceof ClawError)
    if (!isCut && broken?.type === 'tool_use' && broken.call instanceof ClawError) throw broken.call
    return events
  }

  get hasCalls(): boolean {
    return this.#blocks.some((block) => block.type === 'tool_use' && block.call !== undefined && !(block.call instanceof ClawError))
  }

  /** Whether a call or a redacted block was opened: output that makes no event of its own. */
  get hasSilentOutput(): boolean {
    return this.#blocks.some(({ type }) => type !== 'ignored' && type !== 'text' && type !== 'thinking')
  }

  /** The blocks as they go back, thinking with its signature unchanged and in place. */
  content(dialect: Dialect): Fields[] {
    const blocks = this.#blocks.flatMap(wireBlock)
    const hasCalls = blocks.some((block) => block.type === 'tool_use')
    const hasThinking = blocks.some((block) => block.type === 'thinking' || block.type === 'redacted_thinking')
    return dialect.echoReasoning === 'required' && hasCalls && !hasThinking
      ? [{ type: 'thinking', thinking: LOST_REASONING }, ...blocks]
      : blocks
  }

  #find(index: number | undefined): Block | undefined {
    const block = index === undefined ? this.#blocks.at(-1) : this.#byIndex.get(index)
    return block?.isClosed ? undefined : block
  }

  #finish(block: Block): PromptEvent[] {
    if (block.isClosed) return []
    block.isClosed = true
    if (block.type !== 'tool_use') return []
    // Without pieces the arguments are what the start held.
    const json = block.json.trim() !== '' || !isFields(block.input) || isTooDeep(block.input) ? block.json : JSON.stringify(block.input)
    block.call = finishCall(this.#route, block.id ?? `call_${this.#blocks.indexOf(block)}`, block.name, json)
    if (block.call instanceof ClawError) return []
    const { id, name, arguments: given } = block.call
    return [{ type: 'tool_call', id, name, arguments: given }]
  }
}

function newBlock(block: unknown): Block {
  const isClosed = false
  switch (at(block, 'type')) {
    case 'text':
      return { type: 'text', text: textAt(block, 'text') ?? '', isClosed }
    case 'thinking':
      return { type: 'thinking', thinking: textAt(block, 'thinking') ?? '', signature: textAt(block, 'signature'), isClosed }
    case 'redacted_thinking':
      return { type: 'redacted_thinking', data: textAt(block, 'data') ?? '', isClosed }
    case 'tool_use':
      return { type: 'tool_use', id: textAt(block, 'id'), name: textAt(block, 'name'), input: at(block, 'input'), json: '', isClosed }
    default:
      return { type: 'ignored', isClosed }
  }
}

/** The vendor's client replaces a signature, others append: a delta that extends what is there replaces it. */
function joinedSignature(known = '', delta: string): string {
  return delta.startsWith(known) ? delta : known + delta
}

function wireBlock(block: Block): Fields[] {
  switch (block.type) {
    case 'text':
      // Blank text blocks are refused when they come back.
      return block.text.trim() === '' ? [] : [{ type: 'text', text: block.text }]
    case 'thinking':
      // One that was cut has no signature yet, and the server would refuse it.
      return block.isClosed
        ? [{ type: 'thinking', thinking: block.thinking, ...(block.signature !== undefined && { signature: block.signature }) }]
        : []
    case 'redacted_thinking':
      return [{ type: 'redacted_thinking', data: block.data }]
    case 'tool_use':
      return block.call === undefined || block.call instanceof ClawError
        ? []
        : [{ type: 'tool_use', id: block.call.id, name: block.call.name, input: inputOf(block.call) }]
    case 'ignored':
      return []
  }
}

/** An input must be an object; anything else can only have come from a server that breaks the protocol. */
function inputOf(call: FinishedCall): unknown {
  return isFields(call.arguments) ? call.arguments : {}
}

/** How many characters of a delta or of a block that opens are kept. */
export function charsOf(value: unknown): number {
  const input = at(value, 'input')
  const pieces = ['text', 'thinking', 'signature', 'partial_json', 'data'].reduce(
    (sum, name) => sum + (textAt(value, name)?.length ?? 0),
    0,
  )
  return pieces + (isFields(input) && !isTooDeep(input) ? JSON.stringify(input).length : 0)
}
