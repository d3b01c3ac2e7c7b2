import type { ServedRequest } from '../platform/http-server.ts'
import { accepts, lastText } from './anthropic-messages.ts'
import { credentialOf, type Dialect, events, json, jsonOf, type Reply, type SandboxWorld } from './dialect.ts'
import { toyAnswer } from './toy-model.ts'

export interface ChatRules {
  readonly name: string
  readonly base: string
  /** `null` = no credential is asked for. */
  readonly keyPrefixes: readonly string[] | null
  readonly models: readonly string[]
}

/** OpenAI's chat completions, and servers that speak like it. */
export function chatDialect(rules: ChatRules): Dialect {
  return {
    name: rules.name,
    async answer(request, world) {
      const path = request.path.startsWith(`${rules.base}/`) ? request.path.slice(rules.base.length) : undefined
      if (path === undefined) return undefined
      if (request.method === 'GET') return unauthorized(request, rules, world, path) ?? document(path, rules)
      if (request.method !== 'POST' || path !== '/chat/completions') return undefined
      return unauthorized(request, rules, world, path) ?? fault(world) ?? complete(request, world)
    },
  }
}

function document(path: string, { models }: ChatRules): Reply | undefined {
  switch (path) {
    case '/models':
      return json(200, { object: 'list', data: models.map((id) => ({ id, object: 'model', owned_by: 'sandbox' })) })
    case '/users/me/balance':
      return json(200, { code: 0, data: { available_balance: 10, voucher_balance: 0, cash_balance: 10 }, scode: '0x0', status: true })
    case '/key':
      return json(200, { data: { label: 'sandbox', limit: null, limit_remaining: null, is_management_key: false } })
    default:
      return undefined
  }
}

function unauthorized(request: ServedRequest, { keyPrefixes }: ChatRules, world: SandboxWorld, path: string): Reply | undefined {
  if (keyPrefixes === null) return undefined
  const credential = credentialOf(request)
  const isTaken = typeof credential === 'object' && credential.header === 'authorization' && accepts(credential.value, keyPrefixes, world)
  if (isTaken) return undefined
  return json(401, {
    error: {
      message: `no credential that is known was sent to ${path}`,
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    },
  })
}

function fault({ scenario }: SandboxWorld): Reply | undefined {
  const error = (status: number, code: string, message: string, headers: Record<string, string> = {}) =>
    json(status, { error: { message, type: code, param: null, code } }, undefined, headers)
  switch (scenario.prompt) {
    case 'rate_limit':
      return error(429, 'rate_limit_exceeded', 'too many requests', { 'retry-after': '30', 'x-ratelimit-reset-requests': '30s' })
    case 'forbidden':
      return error(403, 'model_not_allowed', 'this account may not')
    case 'server_error':
      return error(500, 'server_error', 'internal error')
    default:
      return undefined
  }
}

function complete(request: ServedRequest, world: SandboxWorld): Reply {
  const body = jsonOf(request)
  const prompt = lastText(body.get('messages'))
  if (prompt === undefined)
    return json(400, {
      error: { message: 'messages is required', type: 'invalid_request_error', param: 'messages', code: 'invalid_value' },
    })
  const answer = toyAnswer(prompt)
  const model = String(body.get('model'))
  const usage = {
    prompt_tokens: prompt.length,
    completion_tokens: answer.kind === 'text' ? answer.pieces.length : 1,
    total_tokens: prompt.length + 1,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  }
  const call =
    answer.kind === 'tool'
      ? [{ index: 0, id: 'call_1', type: 'function', function: { name: answer.name, arguments: answer.arguments } }]
      : undefined
  const finish = answer.kind === 'text' ? 'stop' : 'tool_calls'
  if (body.get('stream') !== true) {
    const message =
      answer.kind === 'text'
        ? { role: 'assistant', content: answer.pieces.join('') }
        : { role: 'assistant', content: null, tool_calls: call }
    return json(200, {
      id: 'chatcmpl-sandbox',
      object: 'chat.completion',
      model,
      choices: [{ index: 0, message, finish_reason: finish }],
      usage,
    })
  }
  const chunk = (fields: Record<string, unknown>) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-sandbox', object: 'chat.completion.chunk', model, ...fields })}\n\n`
  function* frames(): Iterable<string> {
    yield chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }], usage: null })
    if (answer.kind === 'text')
      for (const content of answer.pieces) yield chunk({ choices: [{ index: 0, delta: { content }, finish_reason: null }], usage: null })
    else yield chunk({ choices: [{ index: 0, delta: { tool_calls: call }, finish_reason: null }], usage: null })
    yield chunk({ choices: [{ index: 0, delta: {}, finish_reason: finish }], usage: null })
    yield chunk({ choices: [], usage })
    yield 'data: [DONE]\n\n'
  }
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    body: events(frames(), world),
    isCut: world.scenario.prompt === 'cut',
  }
}
