import type { ServedRequest } from '../../platform/served-request.ts'
import { chatFrames, completionOf } from './chat-frames.ts'
import { type Dialect, json, jsonOf, type Reply, type SandboxWorld } from '../dialect.ts'
import { eventStream } from './event-stream.ts'
import type { Gate } from '../gate.ts'
import { lastText, tokensOf, toyAnswer, wordsIn } from './toy-model.ts'

export interface ChatRules {
  readonly name: string
  /** `/chat/completions` is below it. */
  readonly base: string
  readonly gate: Gate
  /** A comment that comes before the first event. */
  readonly comment?: string | undefined
}

/** OpenAI's chat completions, and servers that speak like it. */
export function chatDialect({ name, base, gate, comment }: ChatRules): Dialect {
  return {
    name,
    answer(request, world) {
      if (request.path !== `${base}/chat/completions` || request.method !== 'POST') return undefined
      return gate(request, world) ?? fault(world) ?? complete(request, comment, world)
    },
  }
}

function fault({ scenario }: SandboxWorld): Reply | undefined {
  switch (scenario.prompt) {
    case 'rate_limit':
      return chatError(429, 'requests', 'rate_limit_exceeded', 'too many requests', {
        'retry-after': '30',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '30s',
      })
    case 'forbidden':
      return chatError(403, 'invalid_request_error', 'model_not_allowed', 'this account may not')
    case 'server_error':
      return chatError(500, 'server_error', 'server_error', 'internal error')
    default:
      return undefined
  }
}

function complete(request: ServedRequest, comment: string | undefined, world: SandboxWorld): Reply {
  const body = jsonOf(request)
  const model = body.get('model')
  const prompt = lastText(body.get('messages'))
  if (typeof model !== 'string') return chatError(400, 'invalid_request_error', 'invalid_value', 'model is required')
  if (prompt === undefined) return chatError(400, 'invalid_request_error', 'invalid_value', 'messages is required')
  const answer = toyAnswer(prompt)
  const [read, written] = [wordsIn(prompt), tokensOf(answer)]
  const usage = {
    prompt_tokens: read,
    completion_tokens: written,
    total_tokens: read + written,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  }
  if (body.get('stream') !== true) return json(200, completionOf(answer, model, usage))
  const frames = chatFrames(answer, model, wantsUsage(body.get('stream_options')) ? usage : null)
  return eventStream(comment === undefined ? frames : withComment(comment, frames), request, world)
}

function* withComment(comment: string, frames: Iterable<string>): Iterable<string> {
  yield `: ${comment}\n\n`
  yield* frames
}

/** Only who asks for the usage of a stream gets it. */
function wantsUsage(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'include_usage' in options && options.include_usage === true
}

/** An error in the shape that OpenAI gave it. */
export function chatError(
  status: number,
  type: string,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const body = { error: { message, type, param: null, code } }
  return json(status, body, undefined, { 'x-request-id': 'req_sandbox', ...headers })
}
