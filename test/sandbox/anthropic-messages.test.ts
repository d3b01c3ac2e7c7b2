import { anthropic } from '../../src/providers/anthropic.ts'
import { describe, expect, it } from 'vitest'
import { arrange, bearer, eventsOf } from './sandbox-client.ts'

const MESSAGES = '/api.anthropic.com/v1/messages'
const VERSION = { 'anthropic-version': '2023-06-01' }
const KEY = { ...VERSION, 'x-api-key': 'sk-ant-api03-sandbox-0123456789' }
const asking = (content: string, more: Record<string, unknown> = {}) => ({
  headers: KEY,
  json: { model: 'claude-sonnet-5-5', max_tokens: 100, messages: [{ role: 'user', content }], ...more },
})
const refused = (status: number, type: string, message: string) => ({
  status,
  json: { type: 'error', error: { type, message }, request_id: 'req_sandbox' },
})
const message = (fields: Record<string, unknown>) => ({
  id: 'msg_sandbox',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-5-5',
  stop_sequence: null,
  ...fields,
})

describe('anthropic-messages', () => {
  it('answers in one piece', async () => {
    const { tell } = await arrange()
    expect(await tell(MESSAGES, asking('hi you'))).toEqual({
      status: 200,
      json: message({
        content: [{ type: 'text', text: 'hi you' }],
        stop_reason: 'end_turn',
        usage: { input_tokens: 2, output_tokens: 2 },
      }),
    })
  })

  it('streams its events by name', async () => {
    const { ask } = await arrange()
    const heard = await ask(MESSAGES, asking('hi you', { stream: true }))
    expect({ type: heard.headers['content-type'], isWhole: heard.isWhole }).toEqual({
      type: 'text/event-stream; charset=utf-8',
      isWhole: true,
    })
    expect(eventsOf(heard.body)).toEqual([
      {
        type: 'message_start',
        message: message({ content: [], stop_reason: null, usage: { input_tokens: 2, output_tokens: 0 } }),
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hi ' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'you' } },
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { input_tokens: 2, output_tokens: 2 },
      },
      { type: 'message_stop' },
    ])
    for (const frame of heard.body.split('\n\n').filter(Boolean)) expect(frame).toMatch(/^event: (\w+)\ndata: \{"type":"\1"/)
  })

  it('calls a tool, whole or in pieces', async () => {
    const { ask, tell } = await arrange()
    const prompt = 'tool: look {"q":"x"}'
    expect((await tell(MESSAGES, asking(prompt))).json).toMatchObject({
      content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: { q: 'x' } }],
      stop_reason: 'tool_use',
    })
    const streamed = await ask(MESSAGES, asking(prompt, { stream: true }))
    const piece = (text: string) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json: text },
    })
    expect(eventsOf(streamed.body).slice(1, -2)).toEqual([
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} } },
      piece(''),
      piece('{"q":'),
      piece('"x"}'),
      { type: 'content_block_stop', index: 0 },
    ])
  })

  it.each([
    ['none', VERSION, 401, 'authentication_error', 'x-api-key header is required'],
    ['two', { ...KEY, ...bearer('sk-ant-sandbox-1') }, 400, 'invalid_request_error', 'x-api-key and Authorization exclude each other'],
    ['a key of somebody else', { ...VERSION, 'x-api-key': 'sk-ant-api03-0123' }, 401, 'authentication_error', 'invalid x-api-key'],
    ['an unknown bearer', { ...VERSION, ...bearer('made-up') }, 401, 'authentication_error', 'Invalid bearer token'],
    [
      'a subscription token without its beta',
      { ...VERSION, ...bearer('sk-ant-oat01-sandbox-1') },
      401,
      'authentication_error',
      'OAuth authentication is currently not supported.',
    ],
  ])('refuses %s as a credential', async (_, headers, status, type, text) => {
    const { tell } = await arrange()
    expect(await tell(MESSAGES, { ...asking('hi'), headers })).toEqual(refused(status, type, text))
    expect(await tell('/api.anthropic.com/v1/models', { headers })).toEqual(refused(status, type, text))
  })

  it('takes a token as Bearer and a key as x-api-key, and neither in the place of the other', async () => {
    const { tell, signIn } = await arrange()
    const { access } = await signIn()
    const statusOf = async (headers: Record<string, string>) => (await tell(MESSAGES, { ...asking('hi'), headers })).status
    expect(await statusOf({ ...VERSION, ...bearer(access) })).toBe(200)
    expect(await statusOf({ ...VERSION, 'x-api-key': access })).toBe(401)
    expect(await statusOf({ ...VERSION, ...bearer('sk-ant-api03-sandbox-1') })).toBe(401)
    expect(await statusOf({ ...VERSION, 'x-api-key': 'sk-ant-api03-sandbox-1' })).toBe(200)
    const beta = { ...VERSION, 'anthropic-beta': 'other, oauth-2025-04-20' }
    expect(await statusOf({ ...beta, ...bearer('sk-ant-oat01-sandbox-1') })).toBe(200)
  })

  it('wants the version that it shall speak', async () => {
    const { tell } = await arrange()
    const headers = { 'x-api-key': KEY['x-api-key'] }
    const told = refused(400, 'invalid_request_error', 'anthropic-version: header is required')
    expect(await tell(MESSAGES, { ...asking('hi'), headers })).toEqual(told)
    expect(await tell('/api.anthropic.com/v1/models', { headers })).toEqual(told)
  })

  it.each([
    [{ max_tokens: undefined }, 'max_tokens: Field required'],
    [{ model: undefined }, 'model: Field required'],
    [{ messages: [] }, 'messages: at least one message is required'],
  ])('refuses a body with %j', async (fields, text) => {
    const { tell } = await arrange()
    expect(await tell(MESSAGES, asking('hi', fields))).toEqual(refused(400, 'invalid_request_error', text))
  })

  it('lists the models of the catalogue', async () => {
    const { tell } = await arrange()
    const ids = anthropic.models.map(({ id }) => id)
    expect(await tell('/api.anthropic.com/v1/models', { headers: KEY })).toEqual({
      status: 200,
      json: {
        data: ids.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' })),
        has_more: false,
        first_id: ids[0],
        last_id: ids.at(-1),
      },
    })
  })
})
