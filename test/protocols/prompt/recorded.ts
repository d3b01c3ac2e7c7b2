import { ClawError } from '../../../src/core/errors.ts'
import type { HttpResponse } from '../../../src/platform/http.ts'
import type { AnswerContext } from '../../../src/protocols/prompt/answer-context.ts'
import type { PromptEvent } from '../../../src/protocols/prompt/conversation.ts'
import type { WireProtocol } from '../../../src/protocols/prompt/wire-protocol.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import type { Failure } from '../../support/failure.ts'

const EVENT_STREAM = { 'content-type': 'text/event-stream' }
export const START_AT = Date.UTC(2026, 0, 1)

export function contextOf(context: Partial<AnswerContext> = {}): AnswerContext {
  return { route: 'acme', url: 'https://llm.acme.example/v1/x', dialect: {}, requestBytes: 100, clock: fakeClock(START_AT), ...context }
}

/** A response whose body comes in these chunks, and how it was left. */
export function responseOf(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { status = 200, headers = EVENT_STREAM }: { status?: number; headers?: Readonly<Record<string, string>> } = {},
): HttpResponse & { readonly left: { discarded: boolean; read: number } } {
  const left = { discarded: false, read: 0 }
  async function* body() {
    for await (const chunk of chunks) {
      left.read++
      yield chunk
    }
  }
  return {
    status,
    headers,
    body: body(),
    left,
    discard() {
      left.discarded = true
    },
  }
}

/** What an answer brought before it ended, and what it failed with. */
export interface Outcome {
  readonly events: readonly PromptEvent[]
  readonly failure?: Failure
}

export async function outcomeOf(answer: AsyncIterable<PromptEvent> | (() => readonly PromptEvent[])): Promise<Outcome> {
  const events: PromptEvent[] = []
  try {
    if (typeof answer === 'function') events.push(...answer())
    else for await (const event of answer) events.push(event)
  } catch (thrown) {
    if (!(thrown instanceof ClawError)) throw thrown
    const { code, message, why, fix, data } = thrown
    return { events, failure: { code, what: message, ...(why !== undefined && { why }), ...(fix !== undefined && { fix }), data } }
  }
  return { events }
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function replay(protocol: WireProtocol, chunks: Iterable<Uint8Array>, context: Partial<AnswerContext> = {}): Promise<Outcome> {
  return outcomeOf(protocol.readStream(responseOf(chunks), contextOf(context)))
}

/** Neighbouring pieces of text or reasoning as one: where they are cut depends on nothing but the server. */
export function joined(events: readonly PromptEvent[]): PromptEvent[] {
  const result: PromptEvent[] = []
  for (const event of events) {
    const last = result.at(-1)
    if ((event.type === 'text' || event.type === 'reasoning') && last?.type === event.type)
      result[result.length - 1] = { type: event.type, text: last.text + event.text }
    else result.push(event)
  }
  return result
}

/** The bytes in chunks that end at these places. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set([...places, bytes.length])].filter((place) => place > 0 && place <= bytes.length).sort((a, b) => a - b)
  return ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end))
}

export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte))
}
