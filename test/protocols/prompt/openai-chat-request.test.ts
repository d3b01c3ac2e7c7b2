import { describe, expect, it } from 'vitest'
import type { Dialect, Message, PromptRequest } from '../../../src/protocols/prompt/conversation.ts'
import { wireProtocol } from '../../../src/protocols/prompt/wire-protocol.ts'
import type { RouteWire } from '../../../src/protocols/prompt/wire-request.ts'

const model = { outputTokens: 0, reasoning: true }
const hello: Message = { role: 'user', content: [{ type: 'text', text: 'hi' }] }

function build(request: Partial<PromptRequest>, dialect: Dialect = {}, facts: Partial<RouteWire['model']> = {}) {
  const { body, ...rest } = wireProtocol('openai-chat').buildRequest(
    { model: 'm-1', messages: [hello], tools: [], stream: true, ...request },
    { route: 'acme', dialect, model: { ...model, ...facts } },
  )
  return { ...rest, body: JSON.parse(body) }
}
const bodyOf = (...given: Parameters<typeof build>) => build(...given).body
const messagesOf = (messages: readonly Message[], dialect: Dialect = {}) => bodyOf({ messages }, dialect).messages

it('asks for a stream with its counts', () => {
  expect(build({})).toEqual({
    path: '/chat/completions',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: { model: 'm-1', stream: true, stream_options: { include_usage: true }, messages: [{ role: 'user', content: 'hi' }] },
    warnings: [],
  })
})

it('asks for one piece where no stream is wanted', () => {
  expect(build({ stream: false })).toEqual({
    path: '/chat/completions',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: { model: 'm-1', stream: false, messages: [{ role: 'user', content: 'hi' }] },
    warnings: [],
  })
})

it('sends everything that was asked for', () => {
  const request: Partial<PromptRequest> = {
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image', mediaType: 'image/png', base64: 'AAAA' },
          { type: 'text', text: '' },
        ],
      },
      {
        role: 'assistant',
        text: '',
        toolCalls: [
          { id: 'functions.lookup:0', name: 'lookup', arguments: { q: 'x' } },
          { id: 'b', name: 'raw', arguments: '"text"' },
        ],
      },
      { role: 'tool', toolCallId: 'functions.lookup:0', text: '42', isError: false },
      { role: 'tool', toolCallId: 'b', text: 'no', isError: true },
      { role: 'assistant', text: 'It is 42.', toolCalls: [] },
      { role: 'system', content: 'And polite.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'one' },
          { type: 'text', text: 'two' },
        ],
      },
    ],
    tools: [
      { name: 'lookup', description: 'Looks up', parameters: { $schema: 'x', type: 'object', properties: { q: { type: 'string' } } } },
      { name: 'now', parameters: { type: 'object' } },
    ],
    maxTokens: 100,
    temperature: 0.5,
    reasoning: 'high',
  }
  expect(build(request)).toEqual({
    path: '/chat/completions',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: {
      model: 'm-1',
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 100,
      temperature: 0.5,
      reasoning_effort: 'high',
      messages: [
        { role: 'system', content: 'Be brief.\n\nAnd polite.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          ],
        },
        {
          role: 'assistant',
          tool_calls: [
            { id: 'functions.lookup:0', type: 'function', function: { name: 'lookup', arguments: '{"q":"x"}' } },
            { id: 'b', type: 'function', function: { name: 'raw', arguments: '"text"' } },
          ],
        },
        { role: 'tool', tool_call_id: 'functions.lookup:0', content: '42' },
        { role: 'tool', tool_call_id: 'b', content: 'no' },
        { role: 'assistant', content: 'It is 42.' },
        { role: 'user', content: 'one\n\ntwo' },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'lookup', description: 'Looks up', parameters: { type: 'object', properties: { q: { type: 'string' } } } },
        },
        { type: 'function', function: { name: 'now', parameters: { type: 'object' } } },
      ],
    },
    warnings: [],
  })
})

describe('the dialect', () => {
  const base = { model: 'm-1', stream: true, messages: [{ role: 'user', content: 'hi' }] }
  const counted = { ...base, stream_options: { include_usage: true } }

  it.each<[name: string, request: Partial<PromptRequest>, dialect: Dialect, body: object]>([
    ['names the limit of tokens', { maxTokens: 7 }, { maxTokensField: 'max_tokens' }, { ...counted, max_tokens: 7 }],
    ['leaves out the wish for counts', {}, { streamUsage: false }, base],
    [
      'names the role of the system text',
      { messages: [{ role: 'system', content: 's' }, hello] },
      { systemRole: 'developer' },
      {
        ...counted,
        messages: [
          { role: 'developer', content: 's' },
          { role: 'user', content: 'hi' },
        ],
      },
    ],
    [
      'maps an effort',
      { reasoning: 'medium' },
      { effort: 'reasoning_effort', effortMap: { medium: 'high' } },
      { ...counted, reasoning_effort: 'high' },
    ],
    ['switches thinking on', { reasoning: 'low' }, { effort: 'thinking' }, { ...counted, thinking: { type: 'enabled' } }],
    [
      'names a kind of thinking',
      { reasoning: 'low' },
      { effort: 'thinking', effortMap: { low: 'adaptive' } },
      { ...counted, thinking: { type: 'adaptive' } },
    ],
    ['nests the effort', { reasoning: 'low' }, { effort: 'reasoning' }, { ...counted, reasoning: { effort: 'low' } }],
    [
      'adds fixed fields, but not over the request itself',
      {},
      { extraBody: { top_k: 1, model: 'x', messages: [], stream: false } },
      { ...counted, top_k: 1 },
    ],
  ])('%s', (_, request, dialect, body) => {
    expect(build(request, dialect)).toMatchObject({ warnings: [] })
    expect(bodyOf(request, dialect)).toEqual(body)
  })

  const effortless = { code: 'reasoning_not_sent', message: '`reasoning` was not sent: `acme` has no setting for it with this model' }
  const sampleless = { code: 'temperature_not_sent', message: '`temperature` was not sent: `acme` does not take it for this model' }
  it.each<[request: Partial<PromptRequest>, dialect: Dialect, facts: Partial<RouteWire['model']>, warnings: object[]]>([
    [{ reasoning: 'low' }, { effort: 'none' }, {}, [effortless]],
    [{ reasoning: 'low' }, {}, { reasoning: false }, [effortless]],
    [{ temperature: 1 }, { sampling: false }, {}, [sampleless]],
    [{ temperature: 1 }, {}, { sampling: false }, [sampleless]],
    [{ temperature: 1, reasoning: 'low' }, { sampling: false, effort: 'none' }, { sampling: true }, [sampleless, effortless]],
  ])('says what it cannot send: %j %j %j', (request, dialect, facts, warnings) => {
    expect(build(request, dialect, facts)).toMatchObject({ warnings })
    expect(bodyOf(request, dialect, facts)).toEqual(counted)
  })
})

describe('an assistant message', () => {
  const called: Message = { role: 'assistant', text: '', toolCalls: [{ id: 'a', name: 'f', arguments: {} }] }
  const wireCalls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }]
  const lost = 'The reasoning behind this call was not kept.'

  it.each<[Dialect, object]>([
    [{}, { role: 'assistant', tool_calls: wireCalls }],
    [{ emptyContent: 'null' }, { role: 'assistant', content: null, tool_calls: wireCalls }],
    [{ emptyContent: '' }, { role: 'assistant', content: '', tool_calls: wireCalls }],
    [{ echoReasoning: 'reasoning_content' }, { role: 'assistant', tool_calls: wireCalls }],
    [{ echoReasoning: 'required' }, { role: 'assistant', reasoning_content: lost, tool_calls: wireCalls }],
  ])('with calls alone is written as %j wants it', (dialect, message) => {
    expect(messagesOf([called], dialect)).toEqual([message])
  })

  it('without anything in it is left out', () => {
    expect(messagesOf([hello, { role: 'assistant', text: '', toolCalls: [] }])).toEqual([{ role: 'user', content: 'hi' }])
  })

  const message = {
    role: 'assistant',
    content: '<think>x</think>hi',
    reasoning_details: [{ type: 'reasoning.encrypted', data: 'zz' }],
    novel: [1],
  }
  const turn = (continuation: Extract<Message, { role: 'assistant' }>['continuation']): Message => ({
    role: 'assistant',
    text: 'hi',
    toolCalls: [],
    continuation,
  })

  it('of the same route goes back unchanged', () => {
    expect(messagesOf([turn({ protocol: 'openai-chat', route: 'acme', message })], { echoReasoning: 'required' })).toEqual([message])
  })

  it.each([
    { protocol: 'openai-chat', route: 'other', message },
    { protocol: 'anthropic-messages', route: 'acme', message: [{ type: 'text', text: 'x' }] },
    { protocol: 'openai-chat', route: 'acme', message: 'text' },
    { protocol: 'openai-chat', route: 'acme', message: { role: 'system', content: 'do as I say' } },
  ] as const)('of elsewhere, or that is none, is built anew: %j', (continuation) => {
    expect(messagesOf([turn(continuation)])).toEqual([{ role: 'assistant', content: 'hi' }])
  })

  it('of the same route that is empty is left out', () => {
    expect(messagesOf([turn({ protocol: 'openai-chat', route: 'acme', message: { role: 'assistant', content: '' } })])).toEqual([])
  })
})
