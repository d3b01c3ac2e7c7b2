import { ClawError } from '../../core/errors.ts'
import type { Protocol } from '../../core/vocabulary.ts'
import type { HttpResponse } from '../../platform/http.ts'
import { buildAnthropicRequest } from './anthropic-request.ts'
import { readAnthropicAnswer, readAnthropicStream } from './anthropic-stream.ts'
import type { AnswerContext } from './answer-context.ts'
import type { PromptEvent, PromptRequest } from './conversation.ts'
import { buildChatRequest } from './openai-chat-request.ts'
import { readChatAnswer, readChatStream } from './openai-chat-stream.ts'
import type { RouteWire, WireRequest } from './wire-request.ts'

/** One wire protocol of a prompt: what goes out, and what an answer means. Whoever uses it does the sending. */
export interface WireProtocol {
  buildRequest(request: PromptRequest, route: RouteWire): WireRequest
  /**
   * The answer to a request, whatever its status, as events. Nothing is read ahead of the consumer; leaving the loop ends the
   * exchange. The last event is `finish`.
   *
   * @throws {ClawError} instead of `finish`: the provider's own failure, with `data.kind`, `data.status`, `data.retryAt`,
   * `data.requestId`, `data.shouldRetry`; `CLAW_TRUNCATED`; `CLAW_PROTOCOL`; `CLAW_TIMEOUT`; `CLAW_NETWORK`; `CLAW_REDIRECT`.
   */
  readStream(response: HttpResponse, context: AnswerContext): AsyncIterable<PromptEvent>
  /** The text of a successful answer that was asked for in one piece, as the same events. @throws {ClawError} as above */
  readAnswer(text: string, context: AnswerContext): PromptEvent[]
}

const PROTOCOLS: ReadonlyMap<Protocol, WireProtocol> = new Map<Protocol, WireProtocol>([
  ['openai-chat', { buildRequest: buildChatRequest, readStream: readChatStream, readAnswer: readChatAnswer }],
  ['anthropic-messages', { buildRequest: buildAnthropicRequest, readStream: readAnthropicStream, readAnswer: readAnthropicAnswer }],
])

/** @throws {ClawError} `CLAW_METHOD_UNSUPPORTED` for a protocol that this version does not speak. */
export function wireProtocol(protocol: Protocol): WireProtocol {
  const known = PROTOCOLS.get(protocol)
  if (known) return known
  throw new ClawError('CLAW_METHOD_UNSUPPORTED', {
    what: `prompts over \`${protocol}\` are not supported`,
    fix: `set \`protocol\` of the provider to one of ${[...PROTOCOLS.keys()].map((name) => `\`${name}\``).join(', ')}`,
  })
}
