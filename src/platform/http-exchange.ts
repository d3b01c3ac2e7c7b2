import type { Readable } from 'node:stream'
import request, { type ResponseData } from 'undici/lib/api/api-request.js'
import type { Dispatcher } from 'undici/lib/dispatcher/dispatcher.js'
import { ClawError } from '../core/errors.ts'
import type { Clock } from './clock.ts'
import { withDeadline, type Limit } from './deadline.ts'
import type { HttpRequest, HttpResponse } from './http.ts'
import { networkError } from './network-error.ts'

/**
 * One request and its answer over a dispatcher of undici.
 *
 * @param isLast the connection is closed after the answer
 * @throws {ClawError} `CLAW_NETWORK`, `CLAW_TIMEOUT`, `CLAW_PROTOCOL`, all with `data.sent`; the reason of the signal.
 */
export async function exchange(clock: Clock, dispatcher: Dispatcher, url: URL, asked: HttpRequest, isLast: boolean): Promise<HttpResponse> {
  let sent = false
  const watched: Pick<Dispatcher, 'dispatch'> = {
    dispatch(options, handler) {
      const onConnect = handler.onConnect.bind(handler)
      // Called when a connection stands and the first byte is about to be written.
      handler.onConnect = (abort, context) => {
        sent = true
        onConnect(abort, context)
      }
      return dispatcher.dispatch(options, handler)
    },
  }
  const send = (signal: AbortSignal) =>
    request.call(watched, {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: asked.method,
      headers: { ...asked.headers, 'accept-encoding': 'identity' },
      body: asked.body,
      signal,
      reset: isLast,
    })
  try {
    asked.signal.throwIfAborted()
    const { headTimeoutMs } = asked
    const answer =
      headTimeoutMs === undefined
        ? await send(asked.signal)
        : await withDeadline(clock, headTimeoutMs, () => overdue(url, headTimeoutMs, sent), asked.signal, send)
    return responseOf(answer, url, asked.signal)
  } catch (thrown) {
    if (asked.signal.aborted) throw asked.signal.reason
    throw networkError(thrown, { origin: url.origin, sent })
  }
}

function responseOf(answer: ResponseData, url: URL, signal: AbortSignal): HttpResponse {
  const stream = answer.body
  // Whoever ends an exchange early does not wait for the error that tells of it.
  stream.on('error', () => {})
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  )
  const encoding = headers['content-encoding']?.trim().toLowerCase()
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity') {
    stream.destroy()
    throw new ClawError('CLAW_PROTOCOL', {
      what: `\`${url.origin}\` sends an encoded answer though none was asked for`,
      why: `content-encoding: ${/^[a-z0-9, -]{1,40}$/.test(encoding) ? encoding : 'unreadable'}`,
      data: { sent: true },
    })
  }
  return { status: answer.statusCode, headers, body: bodyOf(stream, url, signal), discard: () => void stream.destroy() }
}

async function* bodyOf(stream: Readable, url: URL, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk
  } catch (thrown) {
    if (signal.aborted) throw signal.reason
    throw networkError(thrown, { origin: url.origin, sent: true })
  }
}

function overdue(url: URL, ms: number, sent: boolean): ClawError {
  const limit: Limit = { limit: 'head', seconds: ms / 1000, source: 'built-in' }
  return new ClawError('CLAW_TIMEOUT', {
    what: `\`${url.origin}\` did not begin to answer within ${limit.seconds} s`,
    data: { sent, limit },
  })
}
