import type { Continuation, Dialect, Message, Part, PromptRequest } from './conversation.ts'
import { chatAssistantMessage } from './openai-chat-message.ts'
import { isFields, at, type Fields } from './wire-json.ts'
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

/** A request of openai-chat (`POST /chat/completions`), as the dialect of the route wants it. */
export function buildChatRequest(request: PromptRequest, route: RouteWire): WireRequest {
  const { dialect } = route
  const warnings: RequestWarning[] = []
  const body: Fields = {
    model: request.model,
    stream: request.stream,
    ...(request.stream && (dialect.streamUsage ?? true) && { stream_options: { include_usage: true } }),
    ...(request.maxTokens !== undefined && { [dialect.maxTokensField ?? 'max_completion_tokens']: request.maxTokens }),
    ...temperature(request, route, warnings),
    ...reasoning(request, route, warnings),
    messages: messages(request.messages, route),
    ...(request.tools.length > 0 && {
      tools: request.tools.map(({ name, description, parameters }) => ({
        type: 'function',
        function: { name, ...(description !== undefined && { description }), parameters: toolSchema(parameters) },
      })),
    }),
  }
  return { path: '/chat/completions', headers: wireHeaders(request.stream), body: JSON.stringify(withExtraBody(body, dialect)), warnings }
}

function temperature({ temperature }: PromptRequest, route: RouteWire, warnings: RequestWarning[]): Fields {
  if (temperature === undefined) return {}
  if (maySample(route)) return { temperature }
  warnings.push(notSent('temperature', route.route, 'does not take it for this model'))
  return {}
}

function reasoning({ reasoning: level }: PromptRequest, { route, dialect, model }: RouteWire, warnings: RequestWarning[]): Fields {
  if (level === undefined) return {}
  const { effort = 'reasoning_effort' } = dialect
  if (effort === 'none' || !model.reasoning) {
    warnings.push(notSent('reasoning', route, 'has no setting for it with this model'))
    return {}
  }
  const mapped = dialect.effortMap && Object.hasOwn(dialect.effortMap, level) ? dialect.effortMap[level] : undefined
  switch (effort) {
    case 'reasoning_effort':
      return { reasoning_effort: mapped ?? level }
    case 'reasoning':
      return { reasoning: { effort: mapped ?? level } }
    case 'thinking':
      return { thinking: { type: mapped ?? 'enabled' } }
  }
}

function messages(conversation: readonly Message[], { route, dialect }: RouteWire): Fields[] {
  // One system message, first: more are refused by some.
  const system = conversation
    .flatMap((message) => (message.role === 'system' && message.content !== '' ? [message.content] : []))
    .join('\n\n')
  const rest = conversation.flatMap((message) => wireMessages(message, route, dialect))
  return system === '' ? rest : [{ role: dialect.systemRole ?? 'system', content: system }, ...rest]
}

function wireMessages(message: Message, route: string, dialect: Dialect): Fields[] {
  switch (message.role) {
    case 'system':
      return []
    case 'user':
      return [{ role: 'user', content: userContent(message.content) }]
    case 'tool':
      return [{ role: 'tool', tool_call_id: message.toolCallId, content: message.text }]
    case 'assistant':
      return assistant(message, route, dialect)
  }
}

/** Text alone is one string, which every server takes; empty text parts are refused by some. */
function userContent(parts: readonly Part[]): string | Fields[] {
  const given = parts.filter((part) => part.type !== 'text' || part.text !== '')
  if (given.every((part) => part.type === 'text')) return given.map(({ text }) => text).join('\n\n')
  return given.map((part) =>
    part.type === 'text'
      ? { type: 'text', text: part.text }
      : { type: 'image_url', image_url: { url: `data:${part.mediaType};base64,${part.base64}` } },
  )
}

function assistant(message: Extract<Message, { role: 'assistant' }>, route: string, dialect: Dialect): Fields[] {
  const own = ownMessage(message.continuation, route)
  if (own) return isEmpty(own) ? [] : [own]
  if (message.text === '' && message.toolCalls.length === 0) return []
  return [
    chatAssistantMessage(dialect, {
      content: message.text,
      refusal: '',
      reasoning: '',
      details: [],
      calls: message.toolCalls.map(({ id, name, arguments: given }) => ({
        id,
        name,
        rawArguments: typeof given === 'string' ? given : JSON.stringify(given ?? {}),
      })),
    }),
  ]
}

function ownMessage(continuation: Continuation | undefined, route: string): Fields | undefined {
  if (continuation?.protocol !== 'openai-chat' || continuation.route !== route) return undefined
  const { message } = continuation
  return isFields(message) && at(message, 'role') === 'assistant' ? message : undefined
}

/** An answer without anything in it, which some servers refuse to see again. */
function isEmpty(message: Fields): boolean {
  return ['content', 'refusal', 'tool_calls'].every((name) => (at(message, name) ?? '') === '')
}
