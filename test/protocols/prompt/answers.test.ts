import { describe, expect, it } from 'vitest'
import { wireProtocol } from '../../../src/protocols/prompt/wire-protocol.ts'
import { bytesOf, contextOf, outcomeOf, responseOf, type Outcome } from './recorded.ts'

const chat = wireProtocol('openai-chat')
const anthropic = wireProtocol('anthropic-messages')
const json = JSON.stringify

const chatAnswer = json({
  id: 'c1',
  model: 'm-1',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'hi',
        reasoning_content: 'hm',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"q":1}' } }],
      },
      finish_reason: 'tool_calls',
    },
  ],
  usage: { prompt_tokens: 3, completion_tokens: 4 },
})
const chatOutcome: Outcome = {
  events: [
    { type: 'reasoning', text: 'hm' },
    { type: 'text', text: 'hi' },
    { type: 'tool_call', id: 'a', name: 'f', arguments: { q: 1 } },
    { type: 'usage', usage: { inputTokens: 3, outputTokens: 4, cachedInputTokens: null, reasoningTokens: null } },
    {
      type: 'finish',
      finishReason: 'tool_calls',
      rawFinish: 'tool_calls',
      model: 'm-1',
      continuation: {
        protocol: 'openai-chat',
        route: 'acme',
        message: {
          role: 'assistant',
          content: 'hi',
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"q":1}' } }],
        },
      },
    },
  ],
}
const anthropicAnswer = json({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm-1',
  content: [
    { type: 'thinking', thinking: 'hm', signature: 's' },
    { type: 'text', text: 'hi' },
    { type: 'web_search_tool_result', content: [] },
    { type: 'tool_use', id: 'a', name: 'f', input: { q: 1 } },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 4 },
})
const anthropicOutcome: Outcome = {
  events: [
    { type: 'reasoning', text: 'hm' },
    { type: 'text', text: 'hi' },
    { type: 'tool_call', id: 'a', name: 'f', arguments: { q: 1 } },
    { type: 'usage', usage: { inputTokens: 3, outputTokens: 4, cachedInputTokens: null, reasoningTokens: null } },
    {
      type: 'finish',
      finishReason: 'tool_calls',
      rawFinish: 'tool_use',
      model: 'm-1',
      continuation: {
        protocol: 'anthropic-messages',
        route: 'acme',
        message: [
          { type: 'thinking', thinking: 'hm', signature: 's' },
          { type: 'text', text: 'hi' },
          { type: 'tool_use', id: 'a', name: 'f', input: { q: 1 } },
        ],
      },
    },
  ],
}

describe('an answer in one piece', () => {
  it.each([
    [chat, chatAnswer, chatOutcome],
    [anthropic, anthropicAnswer, anthropicOutcome],
  ])('is the same events', async (wire, text, outcome) => {
    expect(await outcomeOf(() => wire.readAnswer(text, contextOf()))).toEqual(outcome)
    expect(await outcomeOf(() => wire.readAnswer(`\uFEFF\n\n\n${text}\n`, contextOf()))).toEqual(outcome)
  })

  it.each([
    [chat, chatAnswer, chatOutcome],
    [anthropic, anthropicAnswer, anthropicOutcome],
  ])('is taken where a stream was asked for', async (wire, text, outcome) => {
    const response = responseOf([bytesOf(`\n\n${text}`)], { headers: { 'content-type': 'application/json; charset=utf-8' } })
    expect(await outcomeOf(wire.readStream(response, contextOf()))).toEqual(outcome)
    expect(response.left.discarded).toBe(true)
  })

  it('may say no finish: nothing can follow', async () => {
    const { events } = await outcomeOf(() => chat.readAnswer(json({ choices: [{ message: { content: 'hi' } }] }), contextOf()))
    expect(events.at(-1)).toEqual({
      type: 'finish',
      finishReason: 'stop',
      rawFinish: 'stop',
      model: null,
      continuation: { protocol: 'openai-chat', route: 'acme', message: { role: 'assistant', content: 'hi' } },
    })
  })
})

describe('a success without an answer', () => {
  const unreadable = (why: string) => ({
    events: [],
    failure: {
      code: 'CLAW_PROTOCOL',
      what: '`acme` sent no answer that can be read',
      why,
      fix: 'check the base URL and the protocol of `acme`',
      data: {},
    },
  })
  const read = (body: string, type: string | undefined, status = 200) =>
    outcomeOf(
      chat.readStream(
        responseOf(body === '' ? [] : [bytesOf(body)], { status, headers: type === undefined ? {} : { 'content-type': type } }),
        contextOf(),
      ),
    )

  it.each([
    ['an HTML page', '<html><title>Sign in</title></html>', 'text/html', 200, 'HTTP 200, text/html, 35 characters'],
    ['JSON of something else', '{"object":"list","data":[]}', 'application/json', 200, 'HTTP 200, application/json, 27 characters'],
    ['JSON that is none', 'oops', 'application/json', 200, 'HTTP 200, application/json, 4 characters'],
    ['nothing', '', 'text/event-stream', 200, 'HTTP 200, text/event-stream'],
    ['nothing, and no type', '', undefined, 204, 'HTTP 204'],
    ['text under the type of a stream', '{"choices":[]}', 'text/event-stream', 200, 'HTTP 200, text/event-stream'],
    ['comments only', ': ping\n\n: ping\n\n', 'text/event-stream', 200, 'HTTP 200, text/event-stream'],
  ])('is %s', async (_, body, type, status, why) => {
    expect(await read(body, type, status)).toEqual(unreadable(why))
  })

  it.each([
    [
      'xAI',
      '{"code":"The service is currently unavailable","error":"Timed out waiting for first token"}',
      'CLAW_OVERLOADED',
      'Timed out waiting for first token',
    ],
    ['MiniMax', '{"base_resp":{"status_code":1002,"status_msg":"slow"}}', 'CLAW_RATE_LIMIT', 'slow'],
    [
      'anybody',
      '{"error":{"message":"bad key","type":"authentication_error"}}',
      'CLAW_CREDENTIAL_REJECTED',
      'authentication_error: bad key',
    ],
    ['a gateway', '{"detail":"upstream is gone"}', 'CLAW_SERVER', 'upstream is gone'],
  ])('is the error that %s puts into it', async (_, body, code, why) => {
    const { events, failure } = await read(body, 'application/json')
    expect({ events, code: failure?.code, why: failure?.why }).toEqual({ events: [], code, why })
  })

  it('names only where a redirect leads', async () => {
    const response = responseOf([], { status: 302, headers: { location: 'https://other.example/path?token=x' } })
    expect((await outcomeOf(chat.readStream(response, contextOf()))).failure).toMatchObject({
      code: 'CLAW_REDIRECT',
      what: '`https://llm.acme.example` redirects to `https://other.example`, and claw sends no credential after a redirect',
    })
    expect(response.left.discarded).toBe(true)
  })
})

it('knows which protocols it does not speak', async () => {
  expect((await outcomeOf(() => wireProtocol('openai-responses').readAnswer('', contextOf()))).failure).toEqual({
    code: 'CLAW_METHOD_UNSUPPORTED',
    what: 'prompts over `openai-responses` are not supported',
    fix: 'set `protocol` of the provider to one of `openai-chat`, `anthropic-messages`',
    data: {},
  })
})
