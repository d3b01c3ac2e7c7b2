import { describe, expect, it } from 'vitest'
import { ClawError } from '../../../src/core/errors.ts'
import { wireProtocol } from '../../../src/protocols/prompt/wire-protocol.ts'
import { bytesOf, contextOf, joined, outcomeOf, replay, responseOf } from './recorded.ts'
import { RECORDINGS } from './recordings.ts'

/** Answers that end well, by their own end and by nothing else. */
const whole = RECORDINGS.filter(({ outcome, dialect }) => outcome.failure === undefined && !dialect.eofOk)
const finishes = /"(?:finish_reason|stop_reason)":"|\[DONE\]|message_stop/

describe.each(whole)('$name', ({ protocol, dialect, body, outcome }) => {
  const wire = wireProtocol(protocol)
  const boundaries = [...body.matchAll(/\n\n/g)].map(({ index }) => index + 2)

  it('R-40 is an answer cut in the middle at every boundary before its end', async () => {
    for (const boundary of boundaries) {
      const part = body.slice(0, boundary)
      const cut = await replay(wire, [bytesOf(part)], { dialect })
      const isEnded = finishes.test(part)
      const wanted = isEnded ? undefined : /data/.test(part) ? 'CLAW_TRUNCATED' : 'CLAW_PROTOCOL'
      expect([part, cut.failure?.code]).toEqual([part, wanted])
      expect(cut.events.some(({ type }) => type === 'finish')).toBe(isEnded)
    }
  })

  it('R-40 never ends well at any byte before its end, and then with all that it said', async () => {
    const bytes = bytesOf(body)
    const firstFinish = bytesOf(body.slice(0, body.search(finishes))).length
    const said = joined(outcome.events).filter(({ type }) => type === 'text' || type === 'reasoning' || type === 'tool_call')
    // Every byte of the short ones, enough of the long ones.
    const step = Math.ceil(bytes.length / 200)
    for (let length = 1; length < bytes.length; length += step) {
      const cut = await replay(wire, [bytes.slice(0, length)], { dialect })
      if (length <= firstFinish) expect(cut.failure?.code).toMatch(/CLAW_(?:TRUNCATED|PROTOCOL)/)
      if (cut.failure) expect(cut.events.every(({ type }) => type !== 'finish')).toBe(true)
      else expect(joined(cut.events).filter(({ type }) => type === 'text' || type === 'reasoning' || type === 'tool_call')).toEqual(said)
    }
  })
})

const textFrame =
  'data: {"choices":[{"index":0,"delta":{"content":"par"},"finish_reason":null}],"usage":{"prompt_tokens":3,"completion_tokens":1}}\n\n'
const finishFrame = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
const chat = wireProtocol('openai-chat')
const reset = () => new ClawError('CLAW_NETWORK', { what: 'the connection broke', why: 'ECONNRESET', data: { sent: true } })

async function* breaking(...texts: string[]) {
  for (const text of texts) yield bytesOf(text)
  throw reset()
}

it('R-40 tells what had arrived, the counts too, before it says that the answer was cut', async () => {
  expect(await replay(chat, [bytesOf(textFrame)])).toEqual({
    events: [
      { type: 'text', text: 'par' },
      { type: 'usage', usage: { inputTokens: 3, outputTokens: 1, cachedInputTokens: null, reasoningTokens: null } },
    ],
    failure: {
      code: 'CLAW_TRUNCATED',
      what: 'the answer of `acme` stopped in the middle',
      why: 'the stream ended without `finish_reason` or `[DONE]`',
      data: {},
    },
  })
})

it('R-40 tells an event that was cut from one that is broken', async () => {
  const cut = await replay(chat, [bytesOf(`${textFrame}data: {"choices":[{"index":0,"del`)])
  const broken = await replay(chat, [bytesOf(`${textFrame}data: {"choices":[{"index":0,"del\n\n`)])
  expect([cut.failure?.code, broken.failure?.code]).toEqual(['CLAW_TRUNCATED', 'CLAW_PROTOCOL'])
})

it('R-40 never reports a call that was open when the stream was cut', async () => {
  const call = 'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}\n\n'
  expect(await replay(chat, [bytesOf(call)])).toMatchObject({ events: [], failure: { code: 'CLAW_TRUNCATED' } })
  const anthropic = 'data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}\n\n'
  expect(await replay(wireProtocol('anthropic-messages'), [bytesOf(anthropic)])).toMatchObject({
    events: [],
    failure: { code: 'CLAW_TRUNCATED' },
  })
})

it('takes a mark without any answer for no answer', async () => {
  expect(await replay(chat, [bytesOf('data: [DONE]\n\n')])).toEqual({
    events: [],
    failure: {
      code: 'CLAW_TRUNCATED',
      what: 'the answer of `acme` stopped in the middle',
      why: 'the stream ended without `finish_reason` or any output',
      data: {},
    },
  })
})

it('R-40 calls a connection that breaks after output an answer that was cut', async () => {
  const outcome = await outcomeOf(chat.readStream(responseOf(breaking(textFrame)), contextOf()))
  expect(outcome.failure).toEqual({
    code: 'CLAW_TRUNCATED',
    what: 'the answer of `acme` stopped in the middle',
    why: 'ECONNRESET',
    data: {},
  })
})

it('leaves a connection that breaks before any output what it is', async () => {
  const role = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'
  const outcome = await outcomeOf(chat.readStream(responseOf(breaking(role)), contextOf()))
  expect(outcome).toEqual({
    events: [],
    failure: { code: 'CLAW_NETWORK', what: 'the connection broke', why: 'ECONNRESET', data: { sent: true } },
  })
})

it('does not mind what becomes of the connection once the answer is complete', async () => {
  const outcome = await outcomeOf(chat.readStream(responseOf(breaking(textFrame, finishFrame)), contextOf()))
  expect(outcome.events.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' })
})

it.each([
  ['two frames glued together', 'data: {"id":"1data: {"choices":[]}\n\n'],
  ['a frame that is no object', 'data: 7\n\n'],
])('never skips %s', async (_, body) => {
  expect(await replay(chat, [bytesOf(`${textFrame}${body}${finishFrame}`)])).toMatchObject({
    failure: { code: 'CLAW_PROTOCOL', what: '`acme` sent an event that is not JSON' },
  })
})

it.each([
  ['a call without a name', '{"index":0,"id":"a","function":{"arguments":"{}"}}', 'it has no name'],
  ['arguments that are not JSON', '{"index":0,"id":"a","function":{"name":"f","arguments":"{\\"q\\":"}}', 'its arguments are not JSON'],
  [
    'arguments without a floor',
    `{"index":0,"id":"a","function":{"name":"f","arguments":"${'['.repeat(300)}${']'.repeat(300)}"}}`,
    'its arguments nest too deep',
  ],
])('refuses %s at a normal end', async (_, call, why) => {
  const body = `data: {"choices":[{"index":0,"delta":{"tool_calls":[${call}]},"finish_reason":"tool_calls"}]}\n\ndata: [DONE]\n\n`
  expect(await replay(chat, [bytesOf(body)])).toEqual({
    events: [],
    failure: { code: 'CLAW_PROTOCOL', what: '`acme` sent a tool call that cannot be used', why, data: {} },
  })
})
