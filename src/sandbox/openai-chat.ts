import type { ServedRequest } from '../platform/served-request.ts'
import { chatFrames, completionOf } from './chat-frames.ts'
import { accepts, credentialOf } from './credential.ts'
import { type Dialect, json, jsonOf, type Reply, type SandboxWorld } from './dialect.ts'
import { eventStream } from './event-stream.ts'
import { lastText, tokensOf, toyAnswer, wordsIn } from './toy-model.ts'

export interface ChatRules {
  readonly name: string
  readonly base: string
  /** `null` = no credential is asked for. */
  readonly keyPrefixes: readonly string[] | null
  readonly models: readonly string[]
  /** What else can be read below the base, by path. */
  readonly documents?: Readonly<Record<string, unknown>>
  /** A comment that comes before the first event. */
  readonly comment?: string
}

/** OpenAI's chat completions, and servers that speak like it. */
export function chatDialect(rules: ChatRules): Dialect {
  return {
    name: rules.name,
    answer(request, world) {
      if (!request.path.startsWith(`${rules.base}/`)) return undefined
      const path = request.path.slice(rules.base.length)
      if (request.method === 'POST' && path === '/chat/completions')
        return refusal(request, rules, world) ?? fault(world) ?? complete(request, rules, world)
      const document = request.method === 'GET' ? documentOf(path, rules) : undefined
      return document === undefined ? undefined : (refusal(request, rules, world) ?? json(200, document))
    },
  }
}

function documentOf(path: string, { models, documents = {} }: ChatRules): unknown {
  if (path === '/models') return { object: 'list', data: models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'sandbox' })) }
  return Object.hasOwn(documents, path) ? documents[path] : undefined
}

function refusal(request: ServedRequest, { keyPrefixes }: ChatRules, world: SandboxWorld): Reply | undefined {
  if (keyPrefixes === null) return undefined
  const credential = credentialOf(request)
  const isTaken = typeof credential === 'object' && credential.header === 'authorization' && accepts(credential.value, keyPrefixes, world)
  return isTaken ? undefined : error(401, 'invalid_request_error', 'invalid_api_key', 'no API key that is known came as Bearer')
}

function fault({ scenario }: SandboxWorld): Reply | undefined {
  switch (scenario.prompt) {
    case 'rate_limit':
      return error(429, 'requests', 'rate_limit_exceeded', 'too many requests', {
        'retry-after': '30',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '30s',
      })
    case 'forbidden':
      return error(403, 'invalid_request_error', 'model_not_allowed', 'this account may not')
    case 'server_error':
      return error(500, 'server_error', 'server_error', 'internal error')
    default:
      return undefined
  }
}

function complete(request: ServedRequest, { comment }: ChatRules, world: SandboxWorld): Reply {
  const body = jsonOf(request)
  const model = body.get('model')
  const prompt = lastText(body.get('messages'))
  if (typeof model !== 'string') return error(400, 'invalid_request_error', 'invalid_value', 'model is required')
  if (prompt === undefined) return error(400, 'invalid_request_error', 'invalid_value', 'messages is required')
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

function error(status: number, type: string, code: string, message: string, headers: Readonly<Record<string, string>> = {}): Reply {
  const body = { error: { message, type, param: null, code } }
  return json(status, body, undefined, { 'x-request-id': 'req_sandbox', ...headers })
}
