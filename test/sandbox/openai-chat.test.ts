import { moonshot } from '../../src/providers/moonshot.ts'
import { describe, expect, it } from 'vitest'
import { arrange, bearer, eventsOf } from './sandbox-client.ts'

const KEY = bearer('sk-sandbox-0123456789')
const ROUTER_KEY = bearer('sk-or-v1-sandbox-0123456789')
const CHAT = '/v1/chat/completions'
const asking = (content: string, more: Record<string, unknown> = {}) => ({
  headers: KEY,
  json: { model: 'gpt-5.4-mini', messages: [{ role: 'user', content }], ...more },
})
const usage = (read: number, written: number) => ({
  prompt_tokens: read,
  completion_tokens: written,
  total_tokens: read + written,
  prompt_tokens_details: { cached_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0 },
})
const chunk = (fields: Record<string, unknown>) => ({
  id: 'chatcmpl-sandbox',
  object: 'chat.completion.chunk',
  created: 0,
  model: 'gpt-5.4-mini',
  usage: null,
  ...fields,
})
const delta = (given: unknown, finish: string | null = null) => chunk({ choices: [{ index: 0, delta: given, finish_reason: finish }] })
const invalidKey = {
  status: 401,
  json: {
    error: { message: 'no API key that is known came as it should', type: 'invalid_request_error', param: null, code: 'invalid_api_key' },
  },
}

describe('openai-chat', () => {
  it('answers in one piece', async () => {
    const { tell } = await arrange()
    expect(await tell(CHAT, asking('hi you'))).toEqual({
      status: 200,
      json: {
        id: 'chatcmpl-sandbox',
        object: 'chat.completion',
        created: 0,
        model: 'gpt-5.4-mini',
        choices: [{ index: 0, message: { role: 'assistant', content: 'hi you' }, finish_reason: 'stop' }],
        usage: usage(2, 2),
      },
    })
  })

  it('streams, with the usage last when it is asked for', async () => {
    const { ask } = await arrange()
    const heard = await ask(CHAT, asking('say: hello you', { stream: true, stream_options: { include_usage: true } }))
    expect(heard.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect({ status: heard.status, isWhole: heard.isWhole }).toEqual({ status: 200, isWhole: true })
    expect(eventsOf(heard.body)).toEqual([
      delta({ role: 'assistant', content: '' }),
      delta({ content: 'hello ' }),
      delta({ content: 'you' }),
      delta({}, 'stop'),
      chunk({ choices: [], usage: usage(3, 2) }),
      '[DONE]',
    ])
  })

  it('streams no usage that was not asked for', async () => {
    const { ask } = await arrange()
    const heard = await ask(CHAT, asking('hi', { stream: true }))
    expect(eventsOf(heard.body)).toEqual([delta({ role: 'assistant', content: '' }), delta({ content: 'hi' }), delta({}, 'stop'), '[DONE]'])
  })

  it('calls a tool, whole or in pieces', async () => {
    const { ask, tell } = await arrange()
    const called = await tell(CHAT, asking('tool: look {"q":"x"}'))
    expect(called.json.choices).toEqual([
      {
        index: 0,
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"q":"x"}' } }],
        },
        finish_reason: 'tool_calls',
      },
    ])
    const streamed = await ask(CHAT, asking('tool: look {"q":"x"}', { stream: true }))
    const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '' } }
    const piece = (text: string) => delta({ tool_calls: [{ index: 0, function: { arguments: text } }] })
    expect(eventsOf(streamed.body)).toEqual([
      delta({ role: 'assistant', content: null, tool_calls: [call] }),
      piece('{"q":'),
      piece('"x"}'),
      delta({}, 'tool_calls'),
      '[DONE]',
    ])
  })

  it.each([
    ['no credential', {}],
    ['a key of somebody else', bearer('sk-proj-0123456789')],
    ['another scheme', { authorization: 'Basic sk-sandbox-0123456789' }],
    ['the header of another vendor', { 'x-api-key': 'sk-sandbox-0123456789' }],
    ['an access token that it never gave out', bearer('sandbox-at-made-up')],
  ])('refuses %s in the words of the vendor', async (_, headers) => {
    const { tell } = await arrange()
    expect(await tell(CHAT, { ...asking('hi'), headers })).toEqual(invalidKey)
    expect(await tell('/v1/models', { headers })).toEqual(invalidKey)
  })

  it('takes an access token until it has run out', async () => {
    const { tell, clock, signIn } = await arrange()
    const { access } = await signIn()
    const asked = { ...asking('hi'), headers: bearer(access) }
    await clock.advance(899_999)
    expect((await tell(CHAT, asked)).status).toBe(200)
    await clock.advance(1)
    expect(await tell(CHAT, asked)).toEqual(invalidKey)
  })

  it.each([
    [{ model: 'm' }, 'messages is required'],
    [{ messages: [{ role: 'user', content: 'hi' }] }, 'model is required'],
    ['no object', 'model is required'],
  ])('refuses the body %j', async (json, message) => {
    const { tell } = await arrange()
    expect(await tell(CHAT, { headers: KEY, json })).toEqual({
      status: 400,
      json: { error: { message, type: 'invalid_request_error', param: null, code: 'invalid_value' } },
    })
  })

  it.each([
    ['/v1/models', ['gpt-5.4-mini', 'm']],
    ['/api.moonshot.ai/v1/models', moonshot.models.map(({ id }) => id)],
    ['/127.0.0.1:11434/v1/models', ['llama3']],
  ])('lists the models at %s', async (path, ids) => {
    const { tell } = await arrange()
    const data = ids.map((id) => ({ id, object: 'model', created: 0, owned_by: 'sandbox' }))
    expect(await tell(path, { headers: KEY })).toEqual({ status: 200, json: { object: 'list', data } })
  })

  it('has the documents of each vendor at that vendor only', async () => {
    const { tell } = await arrange()
    const statusOf = async (path: string) => (await tell(path, { headers: KEY })).status
    expect((await tell('/api.moonshot.ai/v1/users/me/balance', { headers: KEY })).json).toEqual({
      code: 0,
      data: { available_balance: 10, voucher_balance: 0, cash_balance: 10 },
      scode: '0x0',
      status: true,
    })
    expect((await tell('/openrouter.ai/api/v1/key', { headers: ROUTER_KEY })).json).toEqual({
      data: { label: 'sandbox', limit: null, limit_remaining: null, is_management_key: false },
    })
    expect(await statusOf('/v1/users/me/balance')).toBe(404)
    expect(await statusOf('/api.moonshot.ai/v1/key')).toBe(404)
    expect((await tell('/openrouter.ai/api/v1/key')).status).toBe(401)
  })

  it('asks nobody for a credential where the vendor runs on this machine', async () => {
    const { tell } = await arrange()
    const answer = await tell('/127.0.0.1:11434/v1/chat/completions', {
      json: { model: 'llama3', messages: [{ role: 'user', content: 'hi' }] },
    })
    expect(answer.status).toBe(200)
    expect(await tell('/127.0.0.1:11434/api/version')).toEqual({ status: 200, json: { version: '0.0.0-sandbox' } })
  })

  it('begins a stream with a comment where the vendor does', async () => {
    const { ask } = await arrange()
    const heard = await ask('/openrouter.ai/api/v1/chat/completions', { ...asking('hi', { stream: true }), headers: ROUTER_KEY })
    expect(heard.body.startsWith(': OPENROUTER PROCESSING\n\ndata: {')).toBe(true)
    expect(eventsOf(heard.body).at(-1)).toBe('[DONE]')
  })
})
