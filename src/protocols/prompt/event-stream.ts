import { createParser } from 'eventsource-parser'
import type { ClawError } from '../../core/errors.ts'
import type { HttpResponse } from '../../platform/http.ts'
import { nextChunk, type Patience } from './body-reader.ts'

/** One event of a stream (HTML standard, "Server-sent events") whose data is not blank. */
export interface ServerEvent {
  readonly name: string | undefined
  readonly data: string
  /** The body ended before the blank line: data that is not complete was cut. */
  readonly isTail: boolean
}

export interface EventStreamOptions extends Patience {
  /** Most characters of one event. */
  readonly mostChars: number
  /** Made when an event is longer. */
  readonly oversized: () => ClawError
}

/** Field names and line ends of an event, beyond its data. */
const FRAMING_CHARS = 1024

/**
 * The events of a body, read as they are asked for: nothing is read ahead of the consumer. Comments are no events, but end a
 * silence as events do. Leaving the loop, or a failure, ends the exchange.
 *
 * @throws {ClawError} what the options make for a silence or an event that is too long; what the body throws.
 */
export async function* readServerEvents(response: HttpResponse, options: EventStreamOptions): AsyncGenerator<ServerEvent, void> {
  const ready: ServerEvent[] = []
  let isAtEnd = false
  let isOversized = false
  const parser = createParser({
    maxBufferSize: options.mostChars + FRAMING_CHARS,
    onEvent({ event, data }) {
      if (data.length > options.mostChars) isOversized = true
      if (!isOversized && data.trim() !== '') ready.push({ name: event, data, isTail: isAtEnd })
    },
    onError({ type }) {
      if (type === 'max-buffer-size-exceeded') isOversized = true
    },
  })
  // One decoder for the whole body: a chunk may end inside a character. It also takes the byte order mark away.
  const decoder = new TextDecoder('utf-8')
  const chunks = response.body[Symbol.asyncIterator]()
  try {
    while (!isAtEnd) {
      const next = await nextChunk(chunks, options)
      isAtEnd = next.done === true
      // A last line without its end, and the carriage return that the parser holds back, come out with a blank line.
      parser.feed(next.done ? `${decoder.decode()}\n\n` : decoder.decode(next.value, { stream: true }))
      yield* ready
      ready.length = 0
      if (isOversized) throw options.oversized()
    }
  } finally {
    response.discard()
    // Not awaited: a read that nobody ends would hold it up.
    chunks.return?.().catch(() => {})
  }
}
