import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { environmentOf } from '../../../src/platform/environment.ts'
import type { HttpResponse } from '../../../src/platform/http.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { UndiciHttp } from '../../../src/platform/undici-http.ts'
import { wireProtocol } from '../../../src/protocols/prompt/wire-protocol.ts'
import { contextOf, outcomeOf } from './recorded.ts'

const clock = systemClock()
const chat = wireProtocol('openai-chat')
const closers: (() => unknown)[] = []
const textFrame = 'data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
const finishFrame = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function ask(
  answer: (response: ServerResponse) => void,
): Promise<{ response: HttpResponse; context: ReturnType<typeof contextOf>; served: { response: ServerResponse | undefined } }> {
  const served: { response: ServerResponse | undefined } = { response: undefined }
  const server = createServer((_, response) => {
    served.response = response
    answer(response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const http = new UndiciHttp({ clock, environment: environmentOf({}) })
  closers.push(
    () => http.close(),
    () => server.closeAllConnections(),
    () => server.close(),
  )
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`
  const { body, headers } = chat.buildRequest(
    { model: 'm', messages: [], tools: [], stream: true },
    { route: 'acme', dialect: {}, model: { outputTokens: 0, reasoning: false } },
  )
  const response = await http.request({ method: 'POST', url, headers, body, signal: new AbortController().signal })
  return { response, context: contextOf({ url, clock, requestBytes: body.length }), served }
}

const stream = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' })

describe('over a real connection', () => {
  it('ends with the answer while the server keeps the connection open', async () => {
    const { response, context, served } = await ask((to) => stream(to).write(`${textFrame}${finishFrame}data: [DONE]\n\n`))
    const closed = served.response && once(served.response, 'close')
    const { events, failure } = await outcomeOf(chat.readStream(response, context))
    await closed
    expect({ events: events.map(({ type }) => type), failure }).toEqual({ events: ['text', 'finish'], failure: undefined })
  })

  it('R-40 calls a connection that the server cuts in the middle a cut answer', async () => {
    const { response, context } = await ask((to) => stream(to).write(textFrame, () => to.destroy()))
    const { events, failure } = await outcomeOf(chat.readStream(response, context))
    expect({ events, code: failure?.code }).toEqual({ events: [{ type: 'text', text: 'hi' }], code: 'CLAW_TRUNCATED' })
  })

  it('R-40 calls a body that is closed in the middle without an error a cut answer too', async () => {
    const { response, context } = await ask((to) => {
      to.socket?.end(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n${textFrame}`)
    })
    const { events, failure } = await outcomeOf(chat.readStream(response, context))
    expect({ events, code: failure?.code }).toEqual({ events: [{ type: 'text', text: 'hi' }], code: 'CLAW_TRUNCATED' })
  })

  it('S-30 lets a fast server wait for a slow consumer', async () => {
    let written = 0
    const frames = textFrame.repeat(1_000)
    const { response, context } = await ask((to) => {
      const more = () => {
        while (written < 64 * 1024 * 1024) {
          written += frames.length
          if (to.write(frames)) continue
          to.once('drain', more)
          return
        }
      }
      stream(to)
      more()
    })
    const answer = chat.readStream(response, context)[Symbol.asyncIterator]()
    await answer.next()
    // As long as nobody asks, the buffers between the two fill up, and no more.
    for (let turn = 0, before = -1; turn < 200 && before !== written; turn++) {
      before = written
      for (let tick = 0; tick < 50; tick++) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(written).toBeLessThan(32 * 1024 * 1024)
    await answer.return?.()
  })
})
