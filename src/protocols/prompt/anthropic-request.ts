import type { Continuation, Message, Part, PromptRequest } from './conversation.ts'
import { LOST_REASONING } from './lost-reasoning.ts'
import { ToolIds } from './tool-ids.ts'
import { at, isFields, parseJson, textAt, type Fields } from './wire-json.ts'
import {
  maySample,
  notSent,
  toolSchema,
  wireHeaders,
  withExtraBody,
  type RequestWarning,
  type RouteWire,
  type WireRequest,
} from './wire-request.ts'

/** What an answer may have when nobody says: enough for text, below what any model allows. */
const DEFAULT_MAX_TOKENS = 8192
/** The least that may be thought with, where thinking has a budget. */
const LEAST_BUDGET = 1024
const BUDGETS = { low: 2048, medium: 8192, high: 24_576 } as const

/** A request of anthropic-messages (`POST /v1/messages`), as the dialect of the route wants it. */
export function buildAnthropicRequest(request: PromptRequest, route: RouteWire): WireRequest {
  const { dialect, model } = route
  const warnings: RequestWarning[] = []
  const thinking = thinkingOf(request, route, warnings)
  const budget = thinking.budget ?? 0
  const mostTokens = model.outputTokens > 0 ? model.outputTokens : Number.POSITIVE_INFINITY
  const system = request.messages
    .flatMap((message) => (message.role === 'system' && message.content !== '' ? [message.content] : []))
    .join('\n\n')
  const body: Fields = {
    model: request.model,
    max_tokens: request.maxTokens ?? Math.min(mostTokens, budget + DEFAULT_MAX_TOKENS),
    stream: request.stream,
    ...(system !== '' && { system }),
    ...temperature(request, route, thinking.fields, warnings),
    ...thinking.fields,
    messages: messages(request.messages, route),
    ...(request.tools.length > 0 && {
      tools: request.tools.map(({ name, description, parameters }) => ({
        name,
        ...(description !== undefined && { description }),
        input_schema: toolSchema(parameters),
      })),
    }),
  }
  return { path: '/v1/messages', headers: wireHeaders(request.stream), body: JSON.stringify(withExtraBody(body, dialect)), warnings }
}

function temperature({ temperature }: PromptRequest, route: RouteWire, thinking: Fields, warnings: RequestWarning[]): Fields {
  if (temperature === undefined) return {}
  const refusal = !maySample(route)
    ? 'does not take it for this model'
    : Object.hasOwn(thinking, 'thinking')
      ? 'does not take it together with reasoning'
      : undefined
  if (refusal === undefined) return { temperature }
  warnings.push(notSent('temperature', route.route, refusal))
  return {}
}

interface Thinking {
  readonly fields: Fields
  /** Tokens of `max_tokens` that thinking may use up. */
  readonly budget?: number
}

/** Newer models think as much as an effort says, older ones as much as a budget allows. */
function thinkingOf(
  { reasoning: level, maxTokens }: PromptRequest,
  { route, dialect, model }: RouteWire,
  warnings: RequestWarning[],
): Thinking {
  if (level === undefined) return { fields: {} }
  const { effort = 'reasoning_effort', effortMap = {} } = dialect
  const mapped = Object.hasOwn(effortMap, level) ? effortMap[level] : undefined
  // Who wants reasoning back in any case (Kimi) takes no budget: one selects an older model.
  const isBudgetless = dialect.echoReasoning === 'required'
  if (effort === 'none' || !model.reasoning) {
    warnings.push(notSent('reasoning', route, 'has no setting for it with this model'))
    return { fields: {} }
  }
  if (effort !== 'thinking')
    return { fields: { thinking: { type: isBudgetless ? 'enabled' : 'adaptive' }, output_config: { effort: mapped ?? level } } }
  if (isBudgetless) return { fields: { thinking: { type: 'enabled' } } }
  const wanted = mapped !== undefined && /^\d+$/.test(mapped) ? Number(mapped) : BUDGETS[level]
  const limit = maxTokens ?? (model.outputTokens > 0 ? model.outputTokens : Number.POSITIVE_INFINITY)
  const budget = Math.min(wanted, limit - 1)
  if (budget >= LEAST_BUDGET) return { fields: { thinking: { type: 'enabled', budget_tokens: budget } }, budget }
  warnings.push(notSent('reasoning', route, `needs more than ${LEAST_BUDGET} tokens for it`))
  return { fields: {} }
}

/** User and assistant by turns: what follows one another from one side is one message, results of tools before any text. */
function messages(conversation: readonly Message[], route: RouteWire): Fields[] {
  const ids = new ToolIds()
  const turns: { readonly role: 'user' | 'assistant'; readonly results: Fields[]; readonly content: Fields[] }[] = []
  for (const message of conversation) {
    if (message.role === 'system') continue
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const blocks = blocksOf(message, route, ids)
    if (blocks.length === 0) continue
    let turn = turns.at(-1)
    if (turn?.role !== role) {
      turn = { role, results: [], content: [] }
      turns.push(turn)
    }
    ;(message.role === 'tool' ? turn.results : turn.content).push(...blocks)
  }
  return turns.map(({ role, results, content }) => ({ role, content: [...results, ...content] }))
}

function blocksOf(message: Exclude<Message, { role: 'system' }>, route: RouteWire, ids: ToolIds): Fields[] {
  switch (message.role) {
    case 'user':
      return message.content.flatMap(userBlock)
    case 'tool':
      return [
        {
          type: 'tool_result',
          tool_use_id: ids.ofResult(message.toolCallId),
          ...(message.text !== '' && { content: message.text }),
          ...(message.isError && { is_error: true }),
        },
      ]
    case 'assistant':
      return ownBlocks(message.continuation, route.route, ids) ?? rebuilt(message, route, ids)
  }
}

function userBlock(part: Part): Fields[] {
  // An empty text block is refused.
  if (part.type === 'text') return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }]
  return [{ type: 'image', source: { type: 'base64', media_type: part.mediaType, data: part.base64 } }]
}

/** Blocks of this very route go back unchanged: signatures and order are checked there. */
function ownBlocks(continuation: Continuation | undefined, route: string, ids: ToolIds): Fields[] | undefined {
  if (continuation?.protocol !== 'anthropic-messages' || continuation.route !== route || !Array.isArray(continuation.message))
    return undefined
  const blocks = continuation.message.filter(isFields)
  for (const block of blocks) {
    const id = at(block, 'type') === 'tool_use' ? textAt(block, 'id') : undefined
    if (id !== undefined) ids.keep(id)
  }
  return blocks
}

function rebuilt({ text, toolCalls }: Extract<Message, { role: 'assistant' }>, { dialect }: RouteWire, ids: ToolIds): Fields[] {
  const calls = toolCalls.map(({ id, name, arguments: given }) => ({ type: 'tool_use', id: ids.ofCall(id), name, input: inputOf(given) }))
  const needsThinking = dialect.echoReasoning === 'required' && calls.length > 0
  return [
    ...(needsThinking ? [{ type: 'thinking', thinking: LOST_REASONING }] : []),
    ...(text.trim() === '' ? [] : [{ type: 'text', text: text.trimEnd() }]),
    ...calls,
  ]
}

/** An input must be an object here. */
function inputOf(given: unknown): Fields {
  const value = typeof given === 'string' ? parseJson(given)?.value : given
  return isFields(value) ? value : {}
}
