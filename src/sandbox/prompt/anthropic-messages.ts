import type { ServedRequest } from '../../platform/served-request.ts'
import { type Dialect, json, jsonOf, type Reply, type SandboxWorld } from '../dialect.ts'
import { eventStream } from './event-stream.ts'
import type { Gate } from '../gate.ts'
import { contentOf, messageFrames } from './message-frames.ts'
import { lastText, tokensOf, toyAnswer, wordsIn } from './toy-model.ts'

export interface MessagesRules {
  readonly name: string
  /** `/v1/messages` is below it. */
  readonly base: string
  readonly gate: Gate
  /** What the answer says that it is, whatever was asked for; absent = what was asked for. */
  readonly answersAs?: string | undefined
  /** No space follows `event:` and `data:`. */
  readonly isUnspaced?: boolean | undefined
  /** Begins with a signed thinking block, and wants one back in front of every call. */
  readonly thinks?: boolean | undefined
}

/** Anthropic's messages, and servers that speak like it. */
export function messagesDialect(rules: MessagesRules): Dialect {
  return {
    name: rules.name,
    answer(request, world) {
      if (request.path !== `${rules.base}/v1/messages` || request.method !== 'POST') return undefined
      return rules.gate(request, world) ?? fault(world) ?? answerMessage(request, rules, world)
    },
  }
}

function fault({ scenario, clock }: SandboxWorld): Reply | undefined {
  switch (scenario.prompt) {
    case 'rate_limit':
      return messagesError(429, 'rate_limit_error', 'too many requests', {
        'retry-after': '30',
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': new Date(clock.wall() + 30_000).toISOString(),
      })
    case 'forbidden':
      return messagesError(403, 'permission_error', 'this account may not')
    case 'server_error':
      return messagesError(500, 'api_error', 'internal error')
    default:
      return undefined
  }
}

function answerMessage(request: ServedRequest, rules: MessagesRules, world: SandboxWorld): Reply {
  const body = jsonOf(request)
  if (typeof body.get('model') !== 'string') return messagesError(400, 'invalid_request_error', 'model: Field required')
  if (typeof body.get('max_tokens') !== 'number') return messagesError(400, 'invalid_request_error', 'max_tokens: Field required')
  const messages = body.get('messages')
  const prompt = lastText(messages)
  if (prompt === undefined) return messagesError(400, 'invalid_request_error', 'messages: at least one message is required')
  const missing = rules.thinks ? turnWithoutThinking(messages) : -1
  if (missing >= 0)
    return messagesError(400, 'invalid_request_error', `reasoning_content is missing in assistant tool call message at index ${missing}`)
  const answer = toyAnswer(prompt)
  const message = {
    id: 'msg_sandbox',
    type: 'message',
    role: 'assistant',
    model: rules.answersAs ?? body.get('model'),
    content: contentOf(answer, rules.thinks === true),
    stop_reason: answer.kind === 'text' ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage: { input_tokens: wordsIn(prompt), output_tokens: tokensOf(answer) },
  }
  return body.get('stream') === true
    ? eventStream(messageFrames(message, answer, rules.isUnspaced ? '' : ' '), request, world)
    : json(200, message)
}

/** The index of the first assistant turn that calls a tool without the thinking it came with; -1 = there is none. */
function turnWithoutThinking(messages: unknown): number {
  return Array.isArray(messages) ? messages.findIndex((message) => holds(message, 'tool_use') && !holds(message, 'thinking')) : -1
}

function holds(message: unknown, type: string): boolean {
  if (typeof message !== 'object' || message === null || !('content' in message) || !Array.isArray(message.content)) return false
  return message.content.some((block: unknown) => typeof block === 'object' && block !== null && 'type' in block && block.type === type)
}

/** An error in the shape that Anthropic gave it. */
export function messagesError(status: number, type: string, message: string, headers: Readonly<Record<string, string>> = {}): Reply {
  const body = { type: 'error', error: { type, message }, request_id: 'req_sandbox' }
  return json(status, body, undefined, { 'request-id': 'req_sandbox', ...headers })
}
