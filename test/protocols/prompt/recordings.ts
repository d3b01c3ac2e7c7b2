import type { Dialect, PromptEvent } from '../../../src/protocols/prompt/conversation.ts'
import type { Outcome } from './recorded.ts'

/** A stream as a vendor writes it, by hand after what was recorded from it, and what it means. */
export interface Recording {
  readonly name: string
  readonly protocol: 'openai-chat' | 'anthropic-messages'
  readonly dialect: Dialect
  readonly body: string
  /** Text and reasoning joined. */
  readonly outcome: Outcome
}

const frames = (...values: readonly unknown[]): string =>
  values.map((value) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`).join('')
const named = (...values: readonly { readonly type: string; readonly [name: string]: unknown }[]): string =>
  values.map((value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`).join('')
const chunk = (delta: unknown, finish: string | null = null, more: object = {}) => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  model: 'm-1',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
})
const usage = (
  inputTokens: number | null,
  outputTokens: number | null,
  cachedInputTokens: number | null = null,
  reasoningTokens: number | null = null,
): PromptEvent => ({
  type: 'usage',
  usage: { inputTokens, outputTokens, cachedInputTokens, reasoningTokens },
})
const chatFinish = (
  finishReason: Extract<PromptEvent, { type: 'finish' }>['finishReason'],
  rawFinish: string | null,
  message: unknown,
  model = 'm-1',
): PromptEvent => ({
  type: 'finish',
  finishReason,
  rawFinish,
  model,
  continuation: { protocol: 'openai-chat', route: 'acme', message },
})
const anthropicFinish = (
  finishReason: Extract<PromptEvent, { type: 'finish' }>['finishReason'],
  rawFinish: string | null,
  message: unknown,
  model = 'm-1',
): PromptEvent => ({
  type: 'finish',
  finishReason,
  rawFinish,
  model,
  continuation: { protocol: 'anthropic-messages', route: 'acme', message },
})
const call = (id: string, name: string, given: unknown): PromptEvent => ({ type: 'tool_call', id, name, arguments: given })
const text = (words: string): PromptEvent => ({ type: 'text', text: words })
const reasoning = (words: string): PromptEvent => ({ type: 'reasoning', text: words })
const wireCall = (id: string, name: string, given: string) => ({ id, type: 'function', function: { name, arguments: given } })

export const RECORDINGS: readonly Recording[] = [
  {
    name: 'OpenAI: text',
    protocol: 'openai-chat',
    dialect: {},
    body: frames(
      chunk({ role: 'assistant', content: '', refusal: null }, null, { usage: null, obfuscation: 'xxxx' }),
      chunk({ content: 'Grüße ' }),
      chunk({ content: '世界 🌍' }),
      chunk({}, 'stop'),
      {
        id: 'c1',
        model: 'm-1',
        choices: [],
        usage: {
          prompt_tokens: 60,
          completion_tokens: 17,
          prompt_tokens_details: { cached_tokens: 8 },
          completion_tokens_details: { reasoning_tokens: 5 },
        },
      },
      '[DONE]',
    ),
    outcome: {
      events: [text('Grüße 世界 🌍'), usage(60, 17, 8, 5), chatFinish('stop', 'stop', { role: 'assistant', content: 'Grüße 世界 🌍' })],
    },
  },
  {
    name: 'OpenAI: two parallel calls in pieces',
    protocol: 'openai-chat',
    dialect: {},
    body: frames(
      chunk({
        role: 'assistant',
        content: null,
        tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'lookup', arguments: '' } }],
      }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"q":' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '"x"}' } }] }),
      chunk({ tool_calls: [{ index: 1, id: 'call_2', type: 'function', function: { name: 'now', arguments: '' } }] }),
      chunk({}, 'tool_calls'),
      { id: 'c1', choices: [], usage: { prompt_tokens: 60, completion_tokens: 17, total_tokens: 77 } },
      '[DONE]',
    ),
    outcome: {
      events: [
        call('call_1', 'lookup', { q: 'x' }),
        call('call_2', 'now', {}),
        usage(60, 17),
        chatFinish('tool_calls', 'tool_calls', {
          role: 'assistant',
          tool_calls: [wireCall('call_1', 'lookup', '{"q":"x"}'), wireCall('call_2', 'now', '{}')],
        }),
      ],
    },
  },
  {
    name: 'OpenAI: refusal',
    protocol: 'openai-chat',
    dialect: {},
    body: frames(
      chunk({ role: 'assistant', content: null, refusal: '' }),
      chunk({ refusal: 'I cannot ' }),
      chunk({ refusal: 'do that.' }),
      chunk({}, 'stop'),
      '[DONE]',
    ),
    outcome: {
      events: [
        text('I cannot do that.'),
        chatFinish('refusal', 'stop', { role: 'assistant', content: null, refusal: 'I cannot do that.' }),
      ],
    },
  },
  {
    name: 'Azure: filter results first',
    protocol: 'openai-chat',
    dialect: {},
    body: frames(
      { id: '', model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] },
      chunk({ content: 'hi' }),
      chunk({}, 'stop'),
      '[DONE]',
    ),
    outcome: { events: [text('hi'), chatFinish('stop', 'stop', { role: 'assistant', content: 'hi' })] },
  },
  {
    name: 'Kimi: usage inside the choice, ids with dots',
    protocol: 'openai-chat',
    dialect: { echoReasoning: 'required', sampling: false },
    body: frames(
      chunk({ role: 'assistant', reasoning_content: 'I look ' }),
      chunk({ reasoning_content: 'it up.' }),
      chunk({
        tool_calls: [{ index: 0, id: 'functions.lookup:0', type: 'function', function: { name: 'lookup', arguments: '{"q": "x"}' } }],
      }),
      {
        id: 'c1',
        model: 'kimi-k3',
        choices: [
          { index: 0, delta: {}, finish_reason: 'tool_calls', usage: { prompt_tokens: 20, completion_tokens: 9, cached_tokens: 12 } },
        ],
      },
      '[DONE]',
    ),
    outcome: {
      events: [
        reasoning('I look it up.'),
        call('functions.lookup:0', 'lookup', { q: 'x' }),
        usage(20, 9, 12),
        chatFinish('tool_calls', 'tool_calls', {
          role: 'assistant',
          reasoning_content: 'I look it up.',
          tool_calls: [wireCall('functions.lookup:0', 'lookup', '{"q": "x"}')],
        }),
      ],
    },
  },
  {
    name: 'Z.AI: role in every chunk, call in one piece, usage with the finish',
    protocol: 'openai-chat',
    dialect: { echoReasoning: 'reasoning_content' },
    body: frames(
      chunk({ role: 'assistant', reasoning_content: 'hm' }),
      chunk({ role: 'assistant', content: 'ok' }),
      chunk({
        role: 'assistant',
        tool_calls: [{ index: 0, id: 'call_z', type: 'function', function: { name: 'lookup', arguments: '{"q":1}' } }],
      }),
      chunk({ role: 'assistant', content: '' }, 'tool_calls', {
        usage: { prompt_tokens: 5, completion_tokens: 6, prompt_tokens_details: { cached_tokens: 0 } },
      }),
      '[DONE]',
    ),
    outcome: {
      events: [
        reasoning('hm'),
        text('ok'),
        call('call_z', 'lookup', { q: 1 }),
        usage(5, 6, 0),
        chatFinish('tool_calls', 'tool_calls', {
          role: 'assistant',
          content: 'ok',
          reasoning_content: 'hm',
          tool_calls: [wireCall('call_z', 'lookup', '{"q":1}')],
        }),
      ],
    },
  },
  {
    name: 'Z.AI: a finish of its own',
    protocol: 'openai-chat',
    dialect: {},
    body: frames(chunk({ content: 'par' }), chunk({}, 'sensitive'), '[DONE]'),
    outcome: { events: [text('par'), chatFinish('content_filter', 'sensitive', { role: 'assistant', content: 'par' })] },
  },
  {
    name: 'DeepSeek: keep-alives, null content, cache hits',
    protocol: 'openai-chat',
    dialect: { echoReasoning: 'required' },
    body: `: keep-alive\n\n: keep-alive\n\n${frames(chunk({ role: 'assistant', content: null, reasoning_content: 'so' }))}: keep-alive\n\n${frames(
      chunk({ content: 'yes', reasoning_content: null }),
      chunk({ content: '', reasoning_content: null }, 'stop', {
        usage: {
          prompt_tokens: 14,
          completion_tokens: 3,
          prompt_cache_hit_tokens: 10,
          prompt_cache_miss_tokens: 4,
          completion_tokens_details: { reasoning_tokens: 1 },
        },
      }),
      '[DONE]',
    )}`,
    outcome: {
      events: [
        reasoning('so'),
        text('yes'),
        usage(14, 3, 10, 1),
        chatFinish('stop', 'stop', { role: 'assistant', content: 'yes', reasoning_content: 'so' }),
      ],
    },
  },
  {
    name: 'DeepSeek: out of resources',
    protocol: 'openai-chat',
    dialect: {},
    body: frames(
      chunk({ content: 'ye' }),
      chunk({}, 'insufficient_system_resource', { usage: { prompt_tokens: 1, completion_tokens: 1 } }),
      '[DONE]',
    ),
    outcome: {
      events: [text('ye'), usage(1, 1)],
      failure: {
        code: 'CLAW_SERVER',
        what: '`acme` failed in the middle of its answer',
        why: 'finish reason `insufficient_system_resource`',
        data: { kind: 'server' },
      },
    },
  },
  {
    name: 'OpenRouter: comments, the same reasoning twice, the finish repeated with the usage',
    protocol: 'openai-chat',
    dialect: { echoReasoning: 'reasoning_details' },
    body: `: OPENROUTER PROCESSING\n\n${frames(
      chunk(
        {
          role: 'assistant',
          content: '',
          reasoning: 'I ',
          reasoning_details: [{ type: 'reasoning.text', text: 'I ', index: 0, format: 'f' }],
        },
        null,
        { provider: 'p' },
      ),
      chunk({
        role: 'assistant',
        content: '',
        reasoning: 'think',
        reasoning_details: [{ type: 'reasoning.text', text: 'think', index: 0, format: 'f', signature: null }],
      }),
      chunk({
        role: 'assistant',
        content: '',
        reasoning: null,
        reasoning_details: [{ type: 'reasoning.text', signature: 'sig', index: 0 }],
      }),
    )}: OPENROUTER PROCESSING\n\n${frames(
      chunk({ role: 'assistant', content: 'yes' }),
      {
        id: 'c1',
        model: 'm-1',
        choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: 'stop', native_finish_reason: 'end_turn' }],
      },
      {
        id: 'c1',
        model: 'm-1',
        choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 3, completion_tokens: 4, cost: 0.1, completion_tokens_details: { reasoning_tokens: 2 } },
      },
      '[DONE]',
    )}`,
    outcome: {
      events: [
        reasoning('I think'),
        text('yes'),
        usage(3, 4, null, 2),
        chatFinish('stop', 'stop', {
          role: 'assistant',
          content: 'yes',
          reasoning_details: [{ type: 'reasoning.text', text: 'I think', index: 0, format: 'f', signature: 'sig' }],
        }),
      ],
    },
  },
  {
    name: 'OpenRouter: an error beside choices',
    protocol: 'openai-chat',
    dialect: {},
    body: `: OPENROUTER PROCESSING\n\n${frames(
      chunk({ role: 'assistant', content: 'par' }),
      {
        id: 'c1',
        error: { code: 502, message: 'Provider returned error', metadata: { raw: '{"error":{"message":"upstream broke"}}' } },
        choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      },
      '[DONE]',
    )}`,
    outcome: {
      events: [text('par')],
      failure: {
        code: 'CLAW_SERVER',
        what: '`acme` failed',
        why: 'HTTP 502: Provider returned error: upstream broke',
        data: { kind: 'server', status: 502 },
      },
    },
  },
  {
    name: 'Ollama: reasoning, a call in one chunk that ends with stop',
    protocol: 'openai-chat',
    dialect: { maxTokensField: 'max_tokens' },
    body: frames(
      chunk({ role: 'assistant', content: '', reasoning: 'hm' }),
      chunk({
        role: 'assistant',
        content: '',
        tool_calls: [{ id: 'call_o', index: 0, type: 'function', function: { name: 'lookup', arguments: '{}' } }],
      }),
      chunk({ role: 'assistant', content: '' }, 'stop'),
      { id: 'c1', model: 'm-1', choices: [], usage: { prompt_tokens: '7', completion_tokens: 2 } },
      '[DONE]',
    ),
    outcome: {
      events: [
        reasoning('hm'),
        call('call_o', 'lookup', {}),
        usage(7, 2),
        chatFinish('tool_calls', 'stop', { role: 'assistant', tool_calls: [wireCall('call_o', 'lookup', '{}')] }),
      ],
    },
  },
  {
    name: 'Groq: usage in a field of its own',
    protocol: 'openai-chat',
    dialect: {},
    body: frames(
      chunk({ reasoning: 'a', channel: 'analysis' }, null, { x_groq: { id: 'r' } }),
      chunk({ content: 'b' }),
      chunk({}, 'stop', { x_groq: { id: 'r', usage: { prompt_tokens: 2, completion_tokens: 3 } } }),
      '[DONE]',
    ),
    outcome: { events: [reasoning('a'), text('b'), usage(2, 3), chatFinish('stop', 'stop', { role: 'assistant', content: 'b' })] },
  },
  {
    name: 'Groq: an error event, and no end',
    protocol: 'openai-chat',
    dialect: {},
    body: `${frames(chunk({ content: 'b' }))}event: error\ndata: {"error":{"message":"Failed to call a function","type":"invalid_request_error","code":"tool_use_failed","failed_generation":"<x>","status_code":400}}\n\n`,
    outcome: {
      events: [text('b')],
      failure: {
        code: 'CLAW_INVALID_REQUEST',
        what: '`acme` refuses the request as invalid',
        why: 'HTTP 400 tool_use_failed: Failed to call a function',
        data: { kind: 'invalid_request', status: 400 },
      },
    },
  },
  {
    name: 'xAI: reasoning is not in the completion, more cached than read',
    protocol: 'openai-chat',
    dialect: { outputExcludesReasoning: true, echoReasoning: 'reasoning_content' },
    body: frames(
      chunk({ role: 'assistant', reasoning_content: 'r' }, null, { usage: { prompt_tokens: 12, completion_tokens: 0 } }),
      chunk({ content: '4' }),
      chunk({}, 'stop', {
        usage: {
          prompt_tokens: 12,
          completion_tokens: 1,
          prompt_tokens_details: { cached_tokens: 20 },
          completion_tokens_details: { reasoning_tokens: 290 },
        },
      }),
      '[DONE]',
    ),
    outcome: {
      events: [
        reasoning('r'),
        text('4'),
        usage(32, 291, 20, 290),
        chatFinish('stop', 'stop', { role: 'assistant', content: '4', reasoning_content: 'r' }),
      ],
    },
  },
  {
    name: 'DashScope: empty ids after the first piece',
    protocol: 'openai-chat',
    dialect: {},
    body: frames(
      chunk({ content: null, reasoning_content: 'r' }),
      chunk({ content: null, tool_calls: [{ index: 0, id: 'call_d', type: 'function', function: { name: 'lookup', arguments: '{"q"' } }] }),
      chunk({ content: null, tool_calls: [{ index: 0, id: '', type: 'function', function: { name: '', arguments: ':"x"}' } }] }),
      chunk({ content: '' }, 'tool_calls'),
      '[DONE]',
    ),
    outcome: {
      events: [
        reasoning('r'),
        call('call_d', 'lookup', { q: 'x' }),
        chatFinish('tool_calls', 'tool_calls', { role: 'assistant', tool_calls: [wireCall('call_d', 'lookup', '{"q":"x"}')] }),
      ],
    },
  },
  {
    name: 'Mistral: content as a list of parts',
    protocol: 'openai-chat',
    dialect: {},
    body: frames(
      chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }),
      chunk({ content: [{ type: 'text', text: 'hi' }] }),
      chunk({ content: ' you' }),
      chunk({ content: '' }, 'stop'),
      '[DONE]',
    ),
    outcome: { events: [reasoning('hm'), text('hi you'), chatFinish('stop', 'stop', { role: 'assistant', content: 'hi you' })] },
  },
  {
    name: 'MiniMax: think tags in the content, base_resp of zero',
    protocol: 'openai-chat',
    dialect: { thinkTags: true },
    body: frames(
      chunk({ content: '<th' }, null, { base_resp: { status_code: 0, status_msg: '' } }),
      chunk({ content: 'ink>so\n</thi' }),
      chunk({ content: 'nk>\n\nyes </think>' }),
      chunk({}, 'stop'),
      '[DONE]',
    ),
    outcome: {
      events: [
        reasoning('so\n'),
        text('yes </think>'),
        chatFinish('stop', 'stop', { role: 'assistant', content: '<think>so\n</think>\n\nyes </think>' }),
      ],
    },
  },
  {
    name: 'MiniMax: an error under 200',
    protocol: 'openai-chat',
    dialect: {},
    body: frames({ choices: null, base_resp: { status_code: 1008, status_msg: 'insufficient balance' } }),
    outcome: {
      events: [],
      failure: {
        code: 'CLAW_QUOTA',
        what: '`acme` refuses because the quota or balance of the account is used up',
        why: 'insufficient balance',
        data: { kind: 'quota' },
      },
    },
  },
  {
    name: 'a mark without a finish',
    protocol: 'openai-chat',
    dialect: {},
    body: frames(chunk({ content: 'hi' }), '[DONE]', chunk({ content: 'never read' })),
    outcome: {
      events: [
        text('hi'),
        { type: 'warning', code: 'finish_reason_missing', message: '`acme` did not say why its answer ended' },
        chatFinish('stop', null, { role: 'assistant', content: 'hi' }),
      ],
    },
  },
  {
    name: 'a finish without a mark, and a word nobody knows',
    protocol: 'openai-chat',
    dialect: {},
    body: frames(chunk({ content: 'hi' }), { choices: [{ index: 1, delta: { content: 'another choice' } }] }, chunk({}, 'novel')),
    outcome: { events: [text('hi'), chatFinish('other', 'novel', { role: 'assistant', content: 'hi' })] },
  },
  {
    name: 'counts on every chunk but the last, the first finish of two, null fields',
    protocol: 'openai-chat',
    dialect: {},
    body: frames(
      chunk({ content: 'hi', reasoning_content: null, refusal: null, tool_calls: null }, null, {
        usage: { prompt_tokens: 1, completion_tokens: 1 },
      }),
      chunk({ content: null }, 'length', { usage: { prompt_tokens: 1, completion_tokens: 2 } }),
      chunk({ content: '' }, null, { usage: null }),
      chunk({}, 'stop', { usage: null }),
      '[DONE]',
    ),
    outcome: { events: [text('hi'), usage(1, 2), chatFinish('length', 'length', { role: 'assistant', content: 'hi' })] },
  },
  {
    name: 'OpenCode Zen: a complete call and nothing else',
    protocol: 'openai-chat',
    dialect: { eofOk: true },
    body: frames(chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'lookup', arguments: '{"q":1}' } }] })),
    outcome: {
      events: [
        call('c', 'lookup', { q: 1 }),
        { type: 'warning', code: 'finish_reason_missing', message: '`acme` did not say why its answer ended' },
        chatFinish('tool_calls', null, { role: 'assistant', tool_calls: [wireCall('c', 'lookup', '{"q":1}')] }),
      ],
    },
  },
  {
    name: 'arguments cut by the length',
    protocol: 'openai-chat',
    dialect: {},
    body: frames(
      chunk({
        tool_calls: [
          { index: 0, id: 'a', function: { name: 'f', arguments: '{"q":1}' } },
          { index: 1, id: 'b', function: { name: 'g', arguments: '{"q":' } },
        ],
      }),
      chunk({}, 'length'),
      '[DONE]',
    ),
    outcome: {
      events: [
        call('a', 'f', { q: 1 }),
        chatFinish('length', 'length', { role: 'assistant', tool_calls: [wireCall('a', 'f', '{"q":1}')] }),
      ],
    },
  },
  {
    name: 'Anthropic: thinking, text and a call',
    protocol: 'anthropic-messages',
    dialect: {},
    body: named(
      {
        type: 'message_start',
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: 'm-1',
          content: [],
          usage: { input_tokens: 43, cache_read_input_tokens: 10, cache_creation_input_tokens: 5, output_tokens: 1 },
        },
      },
      { type: 'ping' },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'I look ' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'it up' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'c2ln' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'redacted_thinking', data: 'ZGF0YQ==' } },
      { type: 'content_block_stop', index: 1 },
      { type: 'content_block_start', index: 2, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 2, delta: { type: 'text_delta', text: 'Grüße 🌍' } },
      { type: 'content_block_delta', index: 2, delta: { type: 'citations_delta', citation: {} } },
      { type: 'content_block_stop', index: 2 },
      { type: 'content_block_start', index: 3, content_block: { type: 'server_tool_use', id: 'srv', name: 'web_search', input: {} } },
      { type: 'content_block_delta', index: 3, delta: { type: 'input_json_delta', partial_json: '{"query":"x"}' } },
      { type: 'content_block_stop', index: 3 },
      { type: 'content_block_start', index: 5, content_block: { type: 'tool_use', id: 'toolu_1', name: 'lookup', input: {} } },
      { type: 'content_block_delta', index: 5, delta: { type: 'input_json_delta', partial_json: '' } },
      { type: 'content_block_delta', index: 5, delta: { type: 'input_json_delta', partial_json: '{"q":' } },
      { type: 'content_block_delta', index: 5, delta: { type: 'input_json_delta', partial_json: '"x"}' } },
      { type: 'content_block_stop', index: 5 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'tool_use', stop_sequence: null },
        usage: { input_tokens: 61, output_tokens: 41, cache_read_input_tokens: null, output_tokens_details: { thinking_tokens: 9 } },
      },
      { type: 'message_stop' },
    ),
    outcome: {
      events: [
        reasoning('I look it up'),
        text('Grüße 🌍'),
        call('toolu_1', 'lookup', { q: 'x' }),
        usage(76, 41, 10, 9),
        anthropicFinish('tool_calls', 'tool_use', [
          { type: 'thinking', thinking: 'I look it up', signature: 'c2ln' },
          { type: 'redacted_thinking', data: 'ZGF0YQ==' },
          { type: 'text', text: 'Grüße 🌍' },
          { type: 'tool_use', id: 'toolu_1', name: 'lookup', input: { q: 'x' } },
        ]),
      ],
    },
  },
  {
    name: 'Anthropic: cut inside the arguments by max_tokens',
    protocol: 'anthropic-messages',
    dialect: {},
    body: named(
      { type: 'message_start', message: { id: 'msg_1', model: 'm-1', usage: { input_tokens: 4, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'Let me see.' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'toolu_1', name: 'lookup', input: {} } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"q":"a lo' } },
      { type: 'message_delta', delta: { stop_reason: 'max_tokens' }, usage: { output_tokens: 50 } },
      { type: 'message_stop' },
    ),
    outcome: {
      events: [text('Let me see.'), usage(4, 50), anthropicFinish('length', 'max_tokens', [{ type: 'text', text: 'Let me see.' }])],
    },
  },
  {
    name: 'Anthropic: refusal in the middle of a call',
    protocol: 'anthropic-messages',
    dialect: {},
    body: named(
      { type: 'message_start', message: { id: 'msg_1', model: 'm-1' } },
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'toolu_1', name: 'lookup', input: {} } },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{}' } },
      { type: 'message_delta', delta: { stop_reason: 'refusal', stop_details: { category: 'cyber', explanation: 'not this' } } },
      { type: 'message_stop' },
    ),
    outcome: { events: [{ type: 'warning', code: 'refusal', message: 'cyber: not this' }, anthropicFinish('refusal', 'refusal', [])] },
  },
  {
    name: 'Anthropic: the start repeated, no arguments, input given at the start',
    protocol: 'anthropic-messages',
    dialect: {},
    body: named(
      { type: 'ping' },
      { type: 'message_start', message: { id: 'msg_1', model: 'm-1' } },
      { type: 'message_start', message: { id: 'msg_1', model: 'm-1' } },
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 't1', name: 'now', input: {} } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 't2', name: 'lookup', input: { q: 2 } } },
      { type: 'content_block_stop', index: 1 },
      { type: 'novel_event', anything: [] },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
      { type: 'message_stop' },
    ),
    outcome: {
      events: [
        call('t1', 'now', {}),
        call('t2', 'lookup', { q: 2 }),
        anthropicFinish('tool_calls', 'tool_use', [
          { type: 'tool_use', id: 't1', name: 'now', input: {} },
          { type: 'tool_use', id: 't2', name: 'lookup', input: { q: 2 } },
        ]),
      ],
    },
  },
  {
    name: 'Anthropic: overloaded after text',
    protocol: 'anthropic-messages',
    dialect: {},
    body: named(
      { type: 'message_start', message: { id: 'msg_1', model: 'm-1', usage: { input_tokens: 4 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'par' } },
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    ),
    outcome: {
      events: [text('par'), usage(4, null)],
      failure: { code: 'CLAW_OVERLOADED', what: '`acme` is overloaded', why: 'overloaded_error: Overloaded', data: { kind: 'overloaded' } },
    },
  },
  {
    name: 'Anthropic: two answers spliced',
    protocol: 'anthropic-messages',
    dialect: {},
    body: named({ type: 'message_start', message: { id: 'msg_1' } }, { type: 'message_start', message: { id: 'msg_2' } }),
    outcome: {
      events: [],
      failure: {
        code: 'CLAW_PROTOCOL',
        what: '`acme` mixed two answers into one',
        why: 'a second `message_start` with another id',
        data: {},
      },
    },
  },
  {
    name: 'Kimi in Anthropic style: no space after the colon, an unsigned empty thinking block',
    protocol: 'anthropic-messages',
    dialect: { echoReasoning: 'required' },
    body: named(
      {
        type: 'message_start',
        message: {
          id: 'msg_1',
          model: 'kimi-for-coding',
          usage: { input_tokens: 5, output_tokens: 0, prompt_tokens: 5, cached_tokens: 2 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'tool_abc', name: 'lookup', input: {} } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"q":"x"}' } },
      { type: 'content_block_stop', index: 1 },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { input_tokens: 5, output_tokens: 8 } },
      { type: 'message_stop' },
    ).replaceAll(/^(event|data): /gm, '$1:'),
    outcome: {
      events: [
        call('tool_abc', 'lookup', { q: 'x' }),
        usage(5, 8),
        anthropicFinish(
          'tool_calls',
          'tool_use',
          [
            { type: 'thinking', thinking: '' },
            { type: 'tool_use', id: 'tool_abc', name: 'lookup', input: { q: 'x' } },
          ],
          'kimi-for-coding',
        ),
      ],
    },
  },
  {
    name: 'a proxy: data only, a mark instead of message_stop',
    protocol: 'anthropic-messages',
    dialect: {},
    body: frames(
      { type: 'message_start', message: { id: 'm', model: 'm-1', usage: { input_tokens: 0, output_tokens: 0 } } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hi' } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { input_tokens: 3, output_tokens: 4 } },
      '[DONE]',
    ),
    outcome: { events: [text('hi'), usage(3, 4), anthropicFinish('stop', 'end_turn', [{ type: 'text', text: 'hi' }])] },
  },
  {
    name: 'event names where the data has no type',
    protocol: 'anthropic-messages',
    dialect: {},
    body: 'event: content_block_start\ndata: {"index":0,"content_block":{"type":"text","text":"hi"}}\n\nevent: message_delta\ndata: {"delta":{"stop_reason":"pause_turn"}}\n\nevent: message_stop\ndata: {}\n\n',
    outcome: {
      events: [
        text('hi'),
        {
          type: 'finish',
          finishReason: 'stop',
          rawFinish: 'pause_turn',
          model: null,
          continuation: { protocol: 'anthropic-messages', route: 'acme', message: [{ type: 'text', text: 'hi' }] },
        },
      ],
    },
  },
]
