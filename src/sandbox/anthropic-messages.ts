import type { ServedRequest } from '../platform/http-server.ts'
import { credentialOf, type Dialect, events, json, jsonOf, type Reply, type SandboxWorld } from './dialect.ts'
import { toyAnswer } from './toy-model.ts'

export interface MessagesRules {
  readonly name: string
  /** `/v1/messages` is below it. */
  readonly base: string
  readonly keyPrefixes: readonly string[]
  readonly models: readonly string[]
  /** What the answer says that it is, whatever was asked for. */
  readonly answersAs: string | null
  /** Whether a space follows `event:` and `data:`. */
  readonly isSpaced: boolean
}

/** Anthropic's messages, and servers that speak like it. */
export function messagesDialect(rules: MessagesRules): Dialect {
  return {
    name: rules.name,
    async answer(request, world) {
      if (request.path === `${rules.base}/v1/models` && request.method === 'GET') {
        return (
          unauthorized(request, rules, world) ??
          json(200, { data: rules.models.map((id) => ({ type: 'model', id, display_name: id })), has_more: false })
        )
      }
      if (request.path !== `${rules.base}/v1/messages` || request.method !== 'POST') return undefined
      return unauthorized(request, rules, world) ?? fault(world) ?? answerMessage(request, rules, world)
    },
  }
}

export function accepts(value: string, prefixes: readonly string[], world: SandboxWorld): boolean {
  return prefixes.some((prefix) => value.startsWith(prefix)) || world.authorization.accepts(value)
}

function unauthorized(request: ServedRequest, rules: MessagesRules, world: SandboxWorld): Reply | undefined {
  const credential = credentialOf(request)
  if (credential === 'both') return error(400, 'invalid_request_error', 'x-api-key and Authorization exclude each other')
  if (request.headers['anthropic-version'] === undefined && request.method === 'POST')
    return error(400, 'invalid_request_error', 'anthropic-version: header is required')
  if (credential === 'none') return error(401, 'authentication_error', 'x-api-key header is required')
  return accepts(credential.value, rules.keyPrefixes, world)
    ? undefined
    : error(401, 'authentication_error', credential.header === 'x-api-key' ? 'invalid x-api-key' : 'Invalid Authentication')
}

function fault({ scenario, clock }: SandboxWorld): Reply | undefined {
  switch (scenario.prompt) {
    case 'rate_limit':
      return json(429, { type: 'error', error: { type: 'rate_limit_error', message: 'too many requests' } }, undefined, {
        'retry-after': '30',
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
  if (typeof body.get('max_tokens') !== 'number') return error(400, 'invalid_request_error', 'max_tokens: Field required')
  const prompt = lastText(body.get('messages'))
  if (prompt === undefined) return error(400, 'invalid_request_error', 'messages: at least one message is required')
  const answer = toyAnswer(prompt)
  const model = rules.answersAs ?? String(body.get('model'))
  const usage = { input_tokens: prompt.length, output_tokens: answer.kind === 'text' ? answer.pieces.length : 1 }
  const start = { id: 'msg_sandbox', type: 'message', role: 'assistant', model, stop_reason: null, stop_sequence: null }
  if (body.get('stream') !== true) {
    const content =
      answer.kind === 'text'
        ? [{ type: 'text', text: answer.pieces.join('') }]
        : [{ type: 'tool_use', id: 'toolu_1', name: answer.name, input: JSON.parse(answer.arguments) }]
    return json(200, { ...start, content, stop_reason: answer.kind === 'text' ? 'end_turn' : 'tool_use', usage })
  }
  const space = rules.isSpaced ? ' ' : ''
  const frame = (type: string, fields: Record<string, unknown>) =>
    `event:${space}${type}\ndata:${space}${JSON.stringify({ type, ...fields })}\n\n`
  function* frames(): Iterable<string> {
    yield frame('message_start', { message: { ...start, content: [], usage: { ...usage, output_tokens: 0 } } })
    if (answer.kind === 'text') {
      yield frame('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })
      for (const text of answer.pieces) yield frame('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })
    } else {
      yield frame('content_block_start', { index: 0, content_block: { type: 'tool_use', id: 'toolu_1', name: answer.name, input: {} } })
      yield frame('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: answer.arguments } })
    }
    yield frame('content_block_stop', { index: 0 })
    yield frame('message_delta', { delta: { stop_reason: answer.kind === 'text' ? 'end_turn' : 'tool_use', stop_sequence: null }, usage })
    yield frame('message_stop', {})
  }
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    body: events(frames(), world),
    isCut: world.scenario.prompt === 'cut',
  }
}

/** The text of the last message; a tool result counts as text. */
export function lastText(messages: unknown): string | undefined {
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined
  const content = typeof last === 'object' && last !== null && 'content' in last ? last.content : undefined
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return undefined
  return content
    .map((part: unknown) =>
      typeof part === 'object' && part !== null && 'text' in part
        ? String(part.text)
        : typeof part === 'object' && part !== null && 'content' in part
          ? String(part.content)
          : '',
    )
    .join('')
}

function error(status: number, type: string, message: string): Reply {
  return json(status, { type: 'error', error: { type, message }, request_id: 'req_sandbox' }, undefined, { 'request-id': 'req_sandbox' })
}
