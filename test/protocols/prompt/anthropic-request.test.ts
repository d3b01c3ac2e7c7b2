import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Dialect, Message, PromptRequest } from '../../../src/protocols/prompt/conversation.ts'
import { ToolIds } from '../../../src/protocols/prompt/tool-ids.ts'
import { wireProtocol } from '../../../src/protocols/prompt/wire-protocol.ts'
import type { RouteWire } from '../../../src/protocols/prompt/wire-request.ts'

const hello: Message = { role: 'user', content: [{ type: 'text', text: 'hi' }] }
const wireHello = { role: 'user', content: [{ type: 'text', text: 'hi' }] }
const lost = { type: 'thinking', thinking: 'The reasoning behind this call was not kept.' }

function build(request: Partial<PromptRequest>, dialect: Dialect = {}, facts: Partial<RouteWire['model']> = {}) {
  const { body, ...rest } = wireProtocol('anthropic-messages').buildRequest(
    { model: 'm-1', messages: [hello], tools: [], stream: true, ...request },
    { route: 'acme', dialect, model: { outputTokens: 64_000, reasoning: true, ...facts } },
  )
  return { ...rest, body: JSON.parse(body) }
}
const bodyOf = (...given: Parameters<typeof build>) => build(...given).body
const messagesOf = (messages: readonly Message[], dialect: Dialect = {}) => bodyOf({ messages }, dialect).messages

it('asks for a stream, with a limit of tokens in any case', () => {
  expect(build({})).toEqual({
    path: '/v1/messages',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: { model: 'm-1', max_tokens: 8192, stream: true, messages: [wireHello] },
    warnings: [],
  })
})

it.each([
  [{}, 64_000, 8192],
  [{}, 4096, 4096],
  [{}, 0, 8192],
  [{ maxTokens: 50_000 }, 4096, 50_000],
])('limits %j with a model of %s tokens to %s', (request, outputTokens, maxTokens) => {
  expect(bodyOf(request, {}, { outputTokens }).max_tokens).toBe(maxTokens)
})

it('sends everything that was asked for', () => {
  const request: Partial<PromptRequest> = {
    stream: false,
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image', mediaType: 'image/png', base64: 'AAAA' },
          { type: 'text', text: ' ' },
        ],
      },
      {
        role: 'assistant',
        text: 'Let me see.\n',
        toolCalls: [
          { id: 'toolu_1', name: 'lookup', arguments: { q: 'x' } },
          { id: 'toolu_2', name: 'now', arguments: {} },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'and hurry' }] },
      { role: 'tool', toolCallId: 'toolu_1', text: '42', isError: false },
      { role: 'tool', toolCallId: 'toolu_2', text: '', isError: true },
      { role: 'system', content: 'And polite.' },
    ],
    tools: [
      { name: 'lookup', description: 'Looks up', parameters: { $schema: 'x', type: 'object' } },
      { name: 'now', parameters: { type: 'object' } },
    ],
    maxTokens: 100,
    temperature: 0.5,
  }
  expect(build(request)).toEqual({
    path: '/v1/messages',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: {
      model: 'm-1',
      max_tokens: 100,
      stream: false,
      system: 'Be brief.\n\nAnd polite.',
      temperature: 0.5,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'Let me see.' },
            { type: 'tool_use', id: 'toolu_1', name: 'lookup', input: { q: 'x' } },
            { type: 'tool_use', id: 'toolu_2', name: 'now', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: '42' },
            { type: 'tool_result', tool_use_id: 'toolu_2', is_error: true },
            { type: 'text', text: 'and hurry' },
          ],
        },
      ],
      tools: [
        { name: 'lookup', description: 'Looks up', input_schema: { type: 'object' } },
        { name: 'now', input_schema: { type: 'object' } },
      ],
    },
    warnings: [],
  })
})

describe('reasoning', () => {
  const base = { model: 'm-1', max_tokens: 8192, stream: true, messages: [wireHello] }

  it.each<[name: string, request: Partial<PromptRequest>, dialect: Dialect, body: object]>([
    ['by an effort', { reasoning: 'low' }, {}, { ...base, thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }],
    [
      'by a mapped effort',
      { reasoning: 'medium' },
      { effort: 'reasoning_effort', effortMap: { medium: 'high' } },
      { ...base, thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
    ],
    [
      'by a budget on top of the answer',
      { reasoning: 'medium' },
      { effort: 'thinking' },
      { ...base, max_tokens: 16_384, thinking: { type: 'enabled', budget_tokens: 8192 } },
    ],
    [
      'by a mapped budget',
      { reasoning: 'low' },
      { effort: 'thinking', effortMap: { low: '1500' } },
      { ...base, max_tokens: 9692, thinking: { type: 'enabled', budget_tokens: 1500 } },
    ],
    [
      'by a budget below the limit',
      { reasoning: 'high', maxTokens: 5000 },
      { effort: 'thinking' },
      { ...base, max_tokens: 5000, thinking: { type: 'enabled', budget_tokens: 4999 } },
    ],
    [
      'as Kimi takes it',
      { reasoning: 'low' },
      { effort: 'thinking', echoReasoning: 'required' },
      { ...base, thinking: { type: 'enabled' } },
    ],
    [
      'as Kimi K3 takes it',
      { reasoning: 'low' },
      { effort: 'reasoning_effort', echoReasoning: 'required' },
      { ...base, thinking: { type: 'enabled' }, output_config: { effort: 'low' } },
    ],
    ['and fixed fields', {}, { extraBody: { metadata: { user_id: 'u' }, model: 'x' } }, { ...base, metadata: { user_id: 'u' } }],
  ])('is sent %s', (_, request, dialect, body) => {
    expect(build(request, dialect).warnings).toEqual([])
    expect(bodyOf(request, dialect)).toEqual(body)
  })

  const because = (option: string, why: string) => ({ code: `${option}_not_sent`, message: `\`${option}\` was not sent: \`acme\` ${why}` })
  it.each<[request: Partial<PromptRequest>, dialect: Dialect, facts: Partial<RouteWire['model']>, body: object, warning: object]>([
    [{ reasoning: 'low' }, { effort: 'none' }, {}, base, because('reasoning', 'has no setting for it with this model')],
    [{ reasoning: 'low' }, {}, { reasoning: false }, base, because('reasoning', 'has no setting for it with this model')],
    [
      { reasoning: 'low', maxTokens: 1000 },
      { effort: 'thinking' },
      {},
      { ...base, max_tokens: 1000 },
      because('reasoning', 'needs more than 1024 tokens for it'),
    ],
    [{ temperature: 1 }, { sampling: false }, {}, base, because('temperature', 'does not take it for this model')],
    [
      { temperature: 1, reasoning: 'low' },
      {},
      {},
      { ...base, thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
      because('temperature', 'does not take it together with reasoning'),
    ],
  ])('and temperature that cannot be sent are said: %j %j %j', (request, dialect, facts, body, warning) => {
    expect(build(request, dialect, facts)).toMatchObject({ body, warnings: [warning] })
    expect(bodyOf(request, dialect, facts)).toEqual(body)
  })
})

describe('an assistant turn', () => {
  const blocks = [
    { type: 'thinking', thinking: '', signature: 'sig' },
    { type: 'redacted_thinking', data: 'zz' },
    { type: 'text', text: 'hi \n' },
    { type: 'tool_use', id: 'a.b:0', name: 'f', input: {} },
    { type: 'novel' },
  ]
  const turn = (continuation: Extract<Message, { role: 'assistant' }>['continuation']): Message => ({
    role: 'assistant',
    text: 'hi',
    toolCalls: [{ id: 'a.b:0', name: 'f', arguments: {} }],
    continuation,
  })
  const result: Message = { role: 'tool', toolCallId: 'a.b:0', text: '1', isError: false }

  it('of the same route goes back unchanged, its ids too', () => {
    expect(
      messagesOf([hello, turn({ protocol: 'anthropic-messages', route: 'acme', message: blocks }), result], { echoReasoning: 'required' }),
    ).toEqual([
      wireHello,
      { role: 'assistant', content: blocks },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a.b:0', content: '1' }] },
    ])
  })

  it.each([
    { protocol: 'anthropic-messages', route: 'other', message: blocks },
    { protocol: 'openai-chat', route: 'acme', message: { role: 'assistant', content: 'x' } },
    { protocol: 'anthropic-messages', route: 'acme', message: 'text' },
    undefined,
  ] as const)('of elsewhere is built anew, its ids as they are allowed: %j', (continuation) => {
    expect(messagesOf([hello, turn(continuation), result])).toEqual([
      wireHello,
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'hi' },
          { type: 'tool_use', id: 'a_b_0_0', name: 'f', input: {} },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a_b_0_0', content: '1' }] },
    ])
  })

  it('gets a short thinking block where one is demanded before calls', () => {
    expect(messagesOf([turn(undefined)], { echoReasoning: 'required' })).toEqual([
      { role: 'assistant', content: [lost, { type: 'text', text: 'hi' }, { type: 'tool_use', id: 'a_b_0_0', name: 'f', input: {} }] },
    ])
    expect(messagesOf([{ role: 'assistant', text: 'hi', toolCalls: [] }], { echoReasoning: 'required' })).toEqual([
      { role: 'assistant', content: [{ type: 'text', text: 'hi' }] },
    ])
  })

  it('has objects as input, whatever the arguments were', () => {
    const calls = ['"x"', '{"q":1}', 'oops', [1], null].map((given, index) => ({ id: `t${index}`, name: 'f', arguments: given }))
    expect(messagesOf([{ role: 'assistant', text: '', toolCalls: calls }])).toEqual([
      {
        role: 'assistant',
        content: [{}, { q: 1 }, {}, {}, {}].map((input, index) => ({ type: 'tool_use', id: `t${index}`, name: 'f', input })),
      },
    ])
  })

  it('without anything in it is left out, and its neighbours become one', () => {
    expect(messagesOf([hello, { role: 'assistant', text: ' ', toolCalls: [] }, hello])).toEqual([
      { role: 'user', content: [...wireHello.content, ...wireHello.content] },
    ])
  })
})

describe('ids of calls', () => {
  it('that are the same in every turn stay apart, and each result goes to its own', () => {
    const call = (id: string): Message => ({ role: 'assistant', text: '', toolCalls: [{ id, name: 'f', arguments: {} }] })
    const result = (id: string): Message => ({ role: 'tool', toolCallId: id, text: 'r', isError: false })
    const id = 'functions.f:0'
    const content = messagesOf([call(id), result(id), call(id), result(id), call('functions_f_0_1'), result('functions_f_0_1')]).flatMap(
      (message: { content: { id?: string; tool_use_id?: string }[] }) => message.content,
    )
    expect(content.map((block: { id?: string; tool_use_id?: string }) => block.id ?? block.tool_use_id)).toEqual([
      'functions_f_0_0',
      'functions_f_0_0',
      'functions_f_0_1',
      'functions_f_0_1',
      'functions_f_0_1_1',
      'functions_f_0_1_1',
    ])
  })

  it('are allowed and injective for any ids', () => {
    const id = fc.oneof(
      fc.string(),
      fc.constantFrom('a', 'a.b', 'a:b', 'a_b', 'a_b_0', 'a_b_1', '', 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(100)),
    )
    fc.assert(
      fc.property(fc.array(id, { maxLength: 30 }), (ids) => {
        const map = new ToolIds()
        const wireIds = ids.map((given) => {
          const wireId = map.ofCall(given)
          expect(wireId).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
          expect(map.ofResult(given)).toBe(wireId)
          return wireId
        })
        expect(new Set(wireIds).size).toBe(ids.length)
      }),
    )
  })
})
