import { describe, expect, it } from 'vitest'
import { ClawError } from '../../../src/core/errors.ts'
import type { PromptEvent } from '../../../src/protocols/prompt/conversation.ts'
import { wireProtocol } from '../../../src/protocols/prompt/wire-protocol.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { bytesOf, contextOf, outcomeOf, responseOf } from './recorded.ts'

const chat = wireProtocol('openai-chat')
const anthropic = wireProtocol('anthropic-messages')
const textFrame = 'data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
const roleFrame = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'
const finishFrame = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'

/** A body that sends each text so many seconds after the one before, and then nothing for ever. */
function scripted(script: readonly (readonly [afterSeconds: number, text: string])[]) {
  const clock = fakeClock()
  async function* body() {
    for (const [seconds, text] of script) {
      await clock.sleepUntil(clock.now() + seconds * 1000)
      yield bytesOf(text)
    }
    await new Promise(() => {})
  }
  return { clock, response: responseOf(body()) }
}

describe('silence', () => {
  const silent = (seconds: number, limit: string, source: string) => ({
    code: 'CLAW_TIMEOUT',
    what: `\`acme\` sent nothing for ${seconds} s`,
    why: `limit ${limit}, ${source}`,
    fix: `set \`${limit}\``,
    data: { sent: true, limit: { limit, seconds, source } },
  })

  it.each([
    ['before any output after 300 s', [[1, roleFrame]], {}, 301, silent(300, 'prompt.first_event_timeout', 'built-in')],
    ['after output after 60 s', [[1, textFrame]], {}, 61, silent(60, 'prompt.idle_timeout', 'built-in')],
    ['before any output at the set limit', [], { firstEventMs: 5_000 }, 5, silent(5, 'prompt.first_event_timeout', 'config')],
    ['after output at the set limit', [[1, textFrame]], { idleMs: 2_000 }, 3, silent(2, 'prompt.idle_timeout', 'config')],
    [
      'after comments, which count as a sign of life but not as output',
      [
        [200, ': keep-alive\n\n'],
        [200, ': keep-alive\n\n'],
      ],
      {},
      700,
      silent(300, 'prompt.first_event_timeout', 'built-in'),
    ],
  ] as const)('R-39 ends a stream %s, and says which limit it was', async (_, script, limits, seconds, failure) => {
    const { clock, response } = scripted(script)
    const outcome = outcomeOf(chat.readStream(response, contextOf({ clock, limits })))
    const startAt = clock.now()
    expect((await clock.driveUntil(outcome)).failure).toEqual(failure)
    expect({ seconds: (clock.now() - startAt) / 1000, discarded: response.left.discarded, pending: clock.pending }).toEqual({
      seconds,
      discarded: true,
      pending: 0,
    })
  })

  it('does not count while the consumer takes its time', async () => {
    const { clock, response } = scripted([
      [1, textFrame],
      [59, textFrame],
      [1, `${finishFrame}data: [DONE]\n\n`],
    ])
    const answer = chat.readStream(response, contextOf({ clock }))[Symbol.asyncIterator]()
    expect(await clock.driveUntil(answer.next())).toEqual({ done: false, value: { type: 'text', text: 'hi' } })
    await clock.advance(3_600_000)
    expect(await clock.driveUntil(answer.next())).toEqual({ done: false, value: { type: 'text', text: 'hi' } })
  })

  it('ends an answer that is complete, soon and without an error, when the server keeps the connection open', async () => {
    const { clock, response } = scripted([
      [0, textFrame],
      [0, finishFrame],
    ])
    const startAt = clock.now()
    const { events, failure } = await clock.driveUntil(outcomeOf(chat.readStream(response, contextOf({ clock }))))
    expect({ last: events.at(-1)?.type, failure, seconds: (clock.now() - startAt) / 1000, discarded: response.left.discarded }).toEqual({
      last: 'finish',
      failure: undefined,
      seconds: 10,
      discarded: true,
    })
  })

  it('R-39 bounds an answer in one piece too', async () => {
    const { clock, response } = scripted([[1, '{']])
    const outcome = outcomeOf(chat.readStream({ ...response, headers: { 'content-type': 'application/json' } }, contextOf({ clock })))
    expect((await clock.driveUntil(outcome)).failure).toEqual(silent(300, 'prompt.first_event_timeout', 'built-in'))
  })

  it('does not wait for the rest of an error', async () => {
    const { clock, response } = scripted([[1, 'no such model']])
    const startAt = clock.now()
    const outcome = outcomeOf(chat.readStream({ ...response, status: 404 }, contextOf({ clock })))
    expect((await clock.driveUntil(outcome)).failure).toMatchObject({ code: 'CLAW_MODEL_UNKNOWN', why: 'HTTP 404: no such model' })
    expect((clock.now() - startAt) / 1000).toBe(11)
  })
})

describe('the end', () => {
  it.each([
    [chat, `${textFrame}${finishFrame}data: [DONE]\n\n`],
    [anthropic, 'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\ndata: {"type":"message_stop"}\n\n'],
  ])('lets go of the body at once, without reading further', async (wire, text) => {
    const { clock, response } = scripted([[0, text]])
    const startAt = clock.now()
    const { failure } = await clock.driveUntil(outcomeOf(wire.readStream(response, contextOf({ clock }))))
    expect({ failure, left: response.left, pending: clock.pending, waitedMs: clock.now() - startAt }).toEqual({
      failure: undefined,
      left: { discarded: true, read: 1 },
      pending: 0,
      waitedMs: 0,
    })
  })

  it('is wherever the consumer leaves', async () => {
    const response = responseOf([textFrame, textFrame, textFrame].map(bytesOf))
    for await (const event of chat.readStream(response, contextOf())) {
      expect(event).toEqual({ type: 'text', text: 'hi' })
      break
    }
    expect(response.left).toEqual({ discarded: true, read: 1 })
  })

  it('passes the reason of an aborted signal on as it is', async () => {
    const reason = new ClawError('CLAW_CANCELLED', { what: 'cancelled' })
    async function* aborted() {
      yield bytesOf(textFrame)
      throw reason
    }
    expect(await outcomeOf(chat.readStream(responseOf(aborted()), contextOf()))).toEqual({
      events: [{ type: 'text', text: 'hi' }],
      failure: { code: 'CLAW_CANCELLED', what: 'cancelled', data: {} },
    })
  })
})

describe('size', () => {
  const tooLong = {
    code: 'CLAW_PROTOCOL',
    what: '`acme` sent an event longer than 8 MiB',
    data: { limit: { limit: 'answer.event', bytes: 8 * 1024 * 1024, source: 'built-in' } },
  }

  it('S-30 takes an event of 6 MB', async () => {
    const big = 'x'.repeat(6_000_000)
    const { events, failure } = await outcomeOf(
      chat.readStream(
        responseOf([`data: {"choices":[{"delta":{"content":"${big}"},"finish_reason":"stop"}]}\n\n`].map(bytesOf)),
        contextOf(),
      ),
    )
    expect({ length: events[0]?.type === 'text' && events[0].text.length, failure }).toEqual({ length: 6_000_000, failure: undefined })
  })

  it.each([
    [
      'a line without an end',
      function* () {
        for (;;) yield bytesOf('x'.repeat(65_536))
      },
    ],
    [
      'a comment without an end',
      function* () {
        yield bytesOf(': ')
        for (;;) yield bytesOf('x'.repeat(65_536))
      },
    ],
    [
      'an event without an end',
      function* () {
        for (;;) yield bytesOf(`data: ${'x'.repeat(65_536)}\n`)
      },
    ],
    [
      'an event in one chunk',
      function* () {
        yield bytesOf(`data: ${'x'.repeat(9 * 1024 * 1024)}\n\n`)
      },
    ],
  ])('S-30 refuses %s', async (_, body) => {
    const response = responseOf(body())
    expect(await outcomeOf(chat.readStream(response, contextOf()))).toEqual({ events: [], failure: tooLong })
    expect(response.left.discarded).toBe(true)
  })

  it('S-30 refuses an answer in one piece that is longer', async () => {
    const response = responseOf(
      (function* () {
        for (;;) yield bytesOf('x'.repeat(65_536))
      })(),
      { headers: { 'content-type': 'application/json' } },
    )
    expect(await outcomeOf(chat.readStream(response, contextOf()))).toEqual({ events: [], failure: tooLong })
  })

  it('allows an event four times as long as a large request', async () => {
    const response = responseOf([
      bytesOf(`data: {"choices":[{"delta":{"content":"${'x'.repeat(9_000_000)}"},"finish_reason":"stop"}]}\n\n`),
    ])
    expect((await outcomeOf(chat.readStream(response, contextOf({ requestBytes: 3_000_000 })))).failure).toBe(undefined)
  })

  it.each([
    ['text', chat, textFrame],
    ['arguments', chat, 'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"xx"}}]}}]}\n\n'],
    ['calls', chat, 'data: {"choices":[{"delta":{"tool_calls":[{"id":"RANDOM","function":{"name":"f"}}]}}]}\n\n'],
    ['details', chat, 'data: {"choices":[{"delta":{"reasoning_details":[{"type":"RANDOM","text":""}]}}]}\n\n'],
    ['blocks', anthropic, 'data: {"type":"content_block_start","index":0,"content_block":{"type":"text"}}\n\n'],
    [
      'arguments',
      anthropic,
      'data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use"}}\n\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"xx"}}\n\n',
    ],
  ])('S-30 refuses endless %s', async (_, wire, frame) => {
    let count = 0
    const response = responseOf(
      (function* () {
        for (;;) yield bytesOf(frame.replace('RANDOM', String(count++)))
      })(),
    )
    const { failure } = await outcomeOf(wire.readStream(response, contextOf({ limits: { answerChars: 1_000 } })))
    expect(failure).toEqual({
      code: 'CLAW_PROTOCOL',
      what: 'the answer of `acme` is longer than 1000 characters',
      data: { limit: { limit: 'answer.characters', characters: 1_000, source: 'config' } },
    })
  })

  it('S-30 keeps memory flat over an endless stream, and reads no faster than the consumer', async () => {
    const noise = bytesOf(
      `: ping\n\nevent: novel\ndata: {"type":"novel","filler":"${'x'.repeat(900)}"}\n\ndata: {"type":"ping"}\n\n`.repeat(60),
    )
    const wanted = 1_500
    let made = 0
    const response = responseOf(
      (function* () {
        for (; made < wanted; made++) yield noise
      })(),
    )
    const startedWith = process.memoryUsage().rss
    const { failure } = await outcomeOf(anthropic.readStream(response, contextOf()))
    const grownMiB = (process.memoryUsage().rss - startedWith) / 1024 / 1024
    expect({ failure: failure?.code, made, isFlat: grownMiB < 50 ? true : grownMiB }).toEqual({
      failure: 'CLAW_TRUNCATED',
      made: wanted,
      isFlat: true,
    })
  })

  it('gives 100,000 pieces of text one by one', async () => {
    const frames = bytesOf(textFrame.repeat(100))
    const response = responseOf(
      (function* () {
        for (let count = 0; count < 1_000; count++) yield frames
        yield bytesOf(finishFrame)
      })(),
    )
    let pieces = 0
    let last: PromptEvent | undefined
    for await (const event of chat.readStream(response, contextOf())) {
      if (event.type === 'text') pieces++
      if (pieces === 101) expect(response.left.read).toBe(2)
      last = event
    }
    expect({ pieces, last: last?.type }).toEqual({ pieces: 100_000, last: 'finish' })
  })
})
