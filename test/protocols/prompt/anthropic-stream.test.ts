import { expect, it } from 'vitest'
import type { Dialect } from '../../../src/protocols/prompt/conversation.ts'
import { wireProtocol } from '../../../src/protocols/prompt/wire-protocol.ts'
import { bytesOf, replay } from './recorded.ts'

const open = (index: number, block: object) => ({ type: 'content_block_start', index, content_block: block })
const fill = (index: number, delta: object) => ({ type: 'content_block_delta', index, delta })
const close = (index: number) => ({ type: 'content_block_stop', index })
const piece = (json: string) => ({ type: 'input_json_delta', partial_json: json })
const stop = (reason: string) => [{ type: 'message_delta', delta: { stop_reason: reason } }, { type: 'message_stop' }]
const tool = { type: 'tool_use', id: 't', name: 'f', input: {} }

/** What an answer of these frames brought, and in which blocks it goes back. */
async function read(frames: readonly object[], dialect: Dialect = {}) {
  const { events, failure } = await replay(
    wireProtocol('anthropic-messages'),
    [bytesOf(frames.map((frame) => `data: ${JSON.stringify(frame)}\n\n`).join(''))],
    { dialect },
  )
  const finish = events.at(-1)
  if (finish?.type !== 'finish') return { events, failure }
  return { events: events.slice(0, -1), finish: finish.finishReason, blocks: finish.continuation.message }
}

it.each([
  ['in one piece', ['c2ln']],
  ['in pieces', ['c2', 'ln']],
  ['as the whole so far, again and again', ['c2', 'c2ln', 'c2ln']],
])('keeps a signature that comes %s', async (_, signatures) => {
  const deltas = signatures.map((signature) => fill(0, { type: 'signature_delta', signature }))
  expect(await read([open(0, { type: 'thinking', thinking: '', signature: '' }), ...deltas, close(0), ...stop('end_turn')])).toEqual({
    events: [],
    finish: 'stop',
    blocks: [{ type: 'thinking', thinking: '', signature: 'c2ln' }],
  })
})

it('leaves out thinking that was cut before its signature, and text that is blank', async () => {
  expect(
    await read([open(0, { type: 'text', text: '\n' }), close(0), open(1, { type: 'thinking', thinking: 'hm' }), ...stop('max_tokens')]),
  ).toEqual({
    events: [
      { type: 'text', text: '\n' },
      { type: 'reasoning', text: 'hm' },
    ],
    finish: 'length',
    blocks: [],
  })
})

it('gives calls a short thinking block to go back with where one is demanded and none came', async () => {
  const frames = [open(0, tool), close(0), ...stop('tool_use')]
  const call = { type: 'tool_use', id: 't', name: 'f', input: {} }
  expect(await read(frames, { echoReasoning: 'required' })).toMatchObject({
    blocks: [{ type: 'thinking', thinking: 'The reasoning behind this call was not kept.' }, call],
  })
  expect(await read([open(0, { type: 'text', text: 'hi' }), close(0), ...stop('end_turn')], { echoReasoning: 'required' })).toMatchObject({
    blocks: [{ type: 'text', text: 'hi' }],
  })
  expect(await read(frames)).toMatchObject({ blocks: [call] })
})

it('gives nothing to a block that is closed or that was never opened', async () => {
  const stray = [
    fill(0, piece('{"late":1}')),
    fill(7, piece('{"stray":1}')),
    fill(7, { type: 'thinking_delta', thinking: 'x' }),
    fill(7, { type: 'signature_delta', signature: 'x' }),
    close(7),
  ]
  expect(await read([open(0, tool), close(0), ...stray, ...stop('tool_use')])).toEqual({
    events: [{ type: 'tool_call', id: 't', name: 'f', arguments: {} }],
    finish: 'tool_calls',
    blocks: [tool],
  })
})

it('finds the block of a delta without an index', async () => {
  const frames = [
    { type: 'content_block_start', content_block: tool },
    { type: 'content_block_delta', delta: piece('{"q":1}') },
    { type: 'content_block_stop' },
    { type: 'content_block_delta', delta: piece('{"late":1}') },
    ...stop('tool_use'),
  ]
  expect(await read(frames)).toEqual({
    events: [{ type: 'tool_call', id: 't', name: 'f', arguments: { q: 1 } }],
    finish: 'tool_calls',
    blocks: [{ ...tool, input: { q: 1 } }],
  })
})

it('closes a block whose index is used again, and those left open at a normal end', async () => {
  const frames = [open(0, tool), fill(0, piece('{"q":1}')), open(0, { ...tool, id: 'u' }), fill(0, piece('{"q":2}')), ...stop('tool_use')]
  expect(await read(frames)).toEqual({
    events: [
      { type: 'tool_call', id: 't', name: 'f', arguments: { q: 1 } },
      { type: 'tool_call', id: 'u', name: 'f', arguments: { q: 2 } },
    ],
    finish: 'tool_calls',
    blocks: [
      { ...tool, input: { q: 1 } },
      { ...tool, id: 'u', input: { q: 2 } },
    ],
  })
})

it('does not let the pieces of a server tool into the next block', async () => {
  const frames = [
    open(0, { type: 'server_tool_use', id: 's', name: 'web_search' }),
    fill(0, piece('{"query":')),
    fill(0, { type: 'text_delta', text: 'x' }),
    open(1, tool),
    fill(1, piece('{"q":1}')),
    fill(0, piece('"x"}')),
    close(1),
    ...stop('tool_use'),
  ]
  expect(await read(frames)).toMatchObject({
    events: [{ type: 'tool_call', id: 't', name: 'f', arguments: { q: 1 } }],
    blocks: [{ ...tool, input: { q: 1 } }],
  })
})

it.each([
  [
    'at a normal end is refused',
    'tool_use',
    {
      events: [],
      failure: { code: 'CLAW_PROTOCOL', what: '`acme` sent a tool call that cannot be used', why: 'its arguments are not JSON', data: {} },
    },
  ],
  ['of an answer that was cut is left out', 'max_tokens', { events: [], finish: 'length', blocks: [] }],
  ['of an answer that was refused is left out', 'refusal', { events: [], finish: 'refusal', blocks: [] }],
])('a closed call whose arguments are no JSON %s', async (_, reason, outcome) => {
  expect(await read([open(0, tool), fill(0, piece('{"q":')), close(0), ...stop(reason)])).toEqual(outcome)
})

it('makes up an id where there is none, and says calls where the server says stop', async () => {
  expect(await read([open(0, { type: 'tool_use', name: 'f' }), close(0), ...stop('end_turn')])).toEqual({
    events: [{ type: 'tool_call', id: 'call_0', name: 'f', arguments: {} }],
    finish: 'tool_calls',
    blocks: [{ type: 'tool_use', id: 'call_0', name: 'f', input: {} }],
  })
})

it('accepts an end without a reason, and says so', async () => {
  expect(await read([open(0, { type: 'text', text: 'hi' }), { type: 'message_stop' }])).toEqual({
    events: [
      { type: 'text', text: 'hi' },
      { type: 'warning', code: 'finish_reason_missing', message: '`acme` did not say why its answer ended' },
    ],
    finish: 'stop',
    blocks: [{ type: 'text', text: 'hi' }],
  })
})
