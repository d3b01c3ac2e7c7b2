import { describe, expect, it } from 'vitest'
import { arrange, bearer, eventsOf, KIMI } from './sandbox-client.ts'

const MESSAGES = '/api.kimi.com/coding/v1/messages'
const KEY = bearer('sk-kimi-sandbox-0123456789')
const THINKING = { type: 'thinking', thinking: 'The toy thinks of nothing.', signature: 'c2FuZGJveC1zaWduYXR1cmU=' }
const body = (messages: unknown, more: Record<string, unknown> = {}) => ({ model: 'k3', max_tokens: 100, messages, ...more })
const hi = [{ role: 'user', content: 'hi' }]

describe('Kimi Code', () => {
  it('streams without a space after the field names, thinks first, and always calls itself by one name', async () => {
    const { ask, signIn } = await arrange()
    const { access } = await signIn(KIMI)
    const heard = await ask(MESSAGES, { headers: bearer(access), json: body(hi, { stream: true }) })
    for (const line of heard.body.split('\n').filter(Boolean)) expect(line).toMatch(/^(?:event:\w|data:\{)/)
    expect(eventsOf(heard.body)).toEqual([
      expect.objectContaining({ type: 'message_start', message: expect.objectContaining({ model: 'kimi-for-coding' }) }),
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: THINKING.thinking } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: THINKING.signature } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'hi' } },
      { type: 'content_block_stop', index: 1 },
      expect.objectContaining({ type: 'message_delta' }),
      { type: 'message_stop' },
    ])
  })

  it('wants its thinking back in front of a call', async () => {
    const { tell } = await arrange()
    const call = { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }
    const turn = (content: unknown) => [
      ...hi,
      { role: 'assistant', content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: '42' }] },
    ]
    const asked = (content: unknown) => tell(MESSAGES, { headers: KEY, json: body(turn(content)) })
    expect(await asked([call])).toEqual({
      status: 400,
      json: {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'reasoning_content is missing in assistant tool call message at index 1' },
        request_id: 'req_sandbox',
      },
    })
    expect((await asked([THINKING, call])).json.content).toEqual([THINKING, { type: 'text', text: '42' }])
    expect((await asked([{ type: 'thinking', thinking: 'unsigned' }, call])).status).toBe(200)
  })

  it('takes a key or a token in either header, and never both', async () => {
    const { tell, signIn } = await arrange()
    const { access } = await signIn(KIMI)
    const statusOf = async (headers: Record<string, string>) => (await tell(MESSAGES, { headers, json: body(hi) })).status
    const key = 'sk-kimi-sandbox-0123456789'
    expect(await Promise.all([bearer(access), bearer(key), { 'x-api-key': access }, { 'x-api-key': key }].map(statusOf))).toEqual([
      200, 200, 200, 200,
    ])
    expect(await statusOf({ ...bearer(access), 'x-api-key': key })).toBe(400)
    expect(await statusOf(bearer('sk-sandbox-0123456789'))).toBe(401)
  })

  it('tells of the account, its models and its quota', async () => {
    const { tell, clock } = await arrange()
    const told = async (path: string) => (await tell(`/api.kimi.com/coding/v1${path}`, { headers: KEY })).json
    const window = { used_ratio: 0.1, reset_time: new Date(clock.now() + 3_600_000).toISOString() }
    expect(await told('/me')).toEqual({ user_id: 'sandbox-user', user_level_name: 'Sandbox', status: 'active', region: 'sandbox' })
    expect(await told('/usages')).toEqual({ limit_5h: window, limit_7d: window, limit_month_total: window })
    expect(await told('/models')).toEqual({
      data: ['kimi-for-coding', 'k3'].map((id) => ({ id, context_length: 262_144, supports_reasoning: true })),
    })
  })

  it.each(['/me', '/usages', '/models'])('tells nobody else of %s', async (path) => {
    const { tell } = await arrange()
    expect(await tell(`/api.kimi.com/coding/v1${path}`, { headers: bearer('made-up') })).toEqual({
      status: 401,
      json: { error: { type: 'invalid_authentication_error', message: 'The API Key appears to be invalid or may have expired.' } },
    })
  })

  it('keeps its OpenAI-style base for the clients of its list', async () => {
    const { tell } = await arrange()
    expect(await tell('/api.kimi.com/coding/v1/chat/completions', { headers: KEY, json: body(hi) })).toEqual({
      status: 403,
      json: {
        error: {
          type: 'access_terminated_error',
          message: 'Kimi For Coding is currently only available for Coding Agents such as Kimi CLI.',
        },
      },
    })
  })
})
