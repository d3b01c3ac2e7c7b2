import type { ServedRequest } from '../platform/served-request.ts'
import { accepts, credentialOf, isKey } from './credential.ts'
import { type Dialect, json, jsonOf, type Reply, type SandboxWorld } from './dialect.ts'
import { eventStream } from './event-stream.ts'
import { contentOf, messageFrames } from './message-frames.ts'
import { lastText, tokensOf, toyAnswer, wordsIn } from './toy-model.ts'

export interface MessagesRules {
  readonly name: string
  /** `/v1/messages` is below it. */
  readonly base: string
  /** What is taken as x-api-key. */
  readonly keyPrefixes: readonly string[]
  /** What is taken as Bearer, beside the access tokens of the sandbox. */
  readonly bearers: readonly string[]
  /** Whether an access token may come as x-api-key too. */
  readonly takesTokensAsKeys: boolean
  readonly needsVersion: boolean
  /** `null` = the model list is another's. */
  readonly models: readonly string[] | null
  /** What the answer says that it is, whatever was asked for. */
  readonly answersAs: string | null
  /** Whether a space follows `event:` and `data:`. */
  readonly isSpaced: boolean
  /** Begins with a signed thinking block, and wants one back in front of every call. */
  readonly thinks: boolean
}

/** The subscription's own tokens, which Anthropic takes only with the beta of that name. */
const OAUTH_TOKEN = 'sk-ant-oat'
const OAUTH_BETA = 'oauth-2025-04-20'

/** Anthropic's messages, and servers that speak like it. */
export function messagesDialect(rules: MessagesRules): Dialect {
  return {
    name: rules.name,
    answer(request, world) {
      const { models } = rules
      if (models && request.path === `${rules.base}/v1/models` && request.method === 'GET') {
        const data = models.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' }))
        const ends = { has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null }
        return refusal(request, rules, world) ?? json(200, { data, ...ends })
      }
      if (request.path !== `${rules.base}/v1/messages` || request.method !== 'POST') return undefined
      return refusal(request, rules, world) ?? fault(world) ?? answerMessage(request, rules, world)
    },
  }
}

function refusal(request: ServedRequest, rules: MessagesRules, world: SandboxWorld): Reply | undefined {
  const credential = credentialOf(request)
  if (credential === 'both') return error(400, 'invalid_request_error', 'x-api-key and Authorization exclude each other')
  if (rules.needsVersion && request.headers['anthropic-version'] === undefined)
    return error(400, 'invalid_request_error', 'anthropic-version: header is required')
  if (credential === 'none') return error(401, 'authentication_error', 'x-api-key header is required')
  const { header, value } = credential
  if (header === 'x-api-key') {
    const isTaken = rules.takesTokensAsKeys ? accepts(value, rules.keyPrefixes, world) : isKey(value, rules.keyPrefixes)
    return isTaken ? undefined : error(401, 'authentication_error', 'invalid x-api-key')
  }
  if (value.startsWith(OAUTH_TOKEN) && !request.headers['anthropic-beta']?.split(/\s*,\s*/).includes(OAUTH_BETA))
    return error(401, 'authentication_error', 'OAuth authentication is currently not supported.')
  return accepts(value, rules.bearers, world) ? undefined : error(401, 'authentication_error', 'Invalid bearer token')
}

function fault({ scenario, clock }: SandboxWorld): Reply | undefined {
  switch (scenario.prompt) {
    case 'rate_limit':
      return error(429, 'rate_limit_error', 'too many requests', {
        'retry-after': '30',
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': new Date(clock.wall() + 30_000).toISOString(),
      })
    case 'forbidden':
      return error(403, 'permission_error', 'this account may not')
    case 'server_error':
      return error(500, 'api_error', 'internal error')
    default:
      return undefined
  }
}

function answerMessage(request: ServedRequest, rules: MessagesRules, world: SandboxWorld): Reply {
  const body = jsonOf(request)
  if (typeof body.get('model') !== 'string') return error(400, 'invalid_request_error', 'model: Field required')
  if (typeof body.get('max_tokens') !== 'number') return error(400, 'invalid_request_error', 'max_tokens: Field required')
  const messages = body.get('messages')
  const prompt = lastText(messages)
  if (prompt === undefined) return error(400, 'invalid_request_error', 'messages: at least one message is required')
  const missing = rules.thinks ? turnWithoutThinking(messages) : -1
  if (missing >= 0)
    return error(400, 'invalid_request_error', `reasoning_content is missing in assistant tool call message at index ${missing}`)
  const answer = toyAnswer(prompt)
  const message = {
    id: 'msg_sandbox',
    type: 'message',
    role: 'assistant',
    model: rules.answersAs ?? body.get('model'),
    content: contentOf(answer, rules.thinks),
    stop_reason: answer.kind === 'text' ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage: { input_tokens: wordsIn(prompt), output_tokens: tokensOf(answer) },
  }
  return body.get('stream') === true
    ? eventStream(messageFrames(message, answer, rules.isSpaced ? ' ' : ''), request, world)
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

function error(status: number, type: string, message: string, headers: Readonly<Record<string, string>> = {}): Reply {
  const body = { type: 'error', error: { type, message }, request_id: 'req_sandbox' }
  return json(status, body, undefined, { 'request-id': 'req_sandbox', ...headers })
}
