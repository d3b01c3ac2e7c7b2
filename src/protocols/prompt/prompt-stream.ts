import { ClawError } from '../../core/errors.ts'
import { visibleLine } from '../../core/visible.ts'
import type { HttpResponse } from '../../platform/http.ts'
import { refuseRedirect } from '../../platform/refuse-redirect.ts'
import { type AnswerContext, FIRST_EVENT_MS, IDLE_MS, mostEventBytes } from './answer-context.ts'
import { readBody, type Patience } from './body-reader.ts'
import type { PromptEvent } from './conversation.ts'
import { readServerEvents } from './event-stream.ts'
import { errorOfFrame, errorOfValue } from './error-body.ts'
import { readProviderError, saidError } from './provider-error.ts'
import { isFields, parseJson, type Fields } from './wire-json.ts'

/** What one protocol makes of the frames of one answer. */
export interface AnswerReader {
  /** Takes one frame of a stream. @throws {ClawError} `CLAW_PROTOCOL` */
  take(frame: Fields, eventName: string | undefined): readonly PromptEvent[]
  /** Takes an answer that came in one piece; `undefined` when the value is none. */
  takeWhole(answer: Fields): readonly PromptEvent[] | undefined
  /** Whether something of the answer itself has come: from then on nothing may be tried again. */
  readonly hasOutput: boolean
  /** Whether the end of the body may follow now. */
  readonly isComplete: boolean
  /** Whether nothing more is wanted. */
  readonly isOver: boolean
  /** What is known and was not yet told, for whoever sees the answer fail. */
  rest(): readonly PromptEvent[]
  /** Ends the answer. @throws {ClawError} `CLAW_TRUNCATED` when it is not complete; `CLAW_PROTOCOL` for calls that are broken. */
  end(wasMarked: boolean): readonly PromptEvent[]
}

/** How long is waited for the counts that follow a finish, and for an end that nobody needs. */
const LINGER_MS = 10_000
const DONE = '[DONE]'

/**
 * One answer as events, read as they are asked for. Leaving the loop ends the exchange; so does the end of the answer, however
 * long the server keeps the connection open.
 *
 * @throws {ClawError} the provider's own failure (status or event); `CLAW_TRUNCATED` for an answer that stopped in the middle;
 * `CLAW_PROTOCOL`; `CLAW_TIMEOUT` naming the limit of silence; `CLAW_NETWORK` before any output; the reason of the signal.
 */
export async function* readPromptStream(
  response: HttpResponse,
  context: AnswerContext,
  reader: AnswerReader,
): AsyncGenerator<PromptEvent, void> {
  refuseRedirect(response, context.url)
  if (response.status < 200 || response.status > 299) throw await readProviderError(response, context)
  const contentType = contentTypeOf(response)
  if (contentType === 'application/json' || contentType === 'text/html') {
    yield* readWholeAnswer(await wholeText(response, context), context, reader, response)
    return
  }
  try {
    yield* readFrames(response, context, reader)
  } catch (thrown) {
    yield* reader.rest()
    throw brokenOff(thrown, context, reader)
  }
}

/** An answer in one piece as the same events. @throws {ClawError} as {@link readPromptStream} */
export function readWholeAnswer(text: string, context: AnswerContext, reader: AnswerReader, response?: HttpResponse): PromptEvent[] {
  const value = parseJson(text.trim())?.value
  const answer = isFields(value) ? value : undefined
  const failed = errorOfFrame(value, undefined)
  if (failed) throw saidError(failed, response?.headers ?? {}, { ...context, now: context.clock.now() })
  const events = answer && reader.takeWhole(answer)
  if (events) return [...events, ...reader.end(false)]
  const error = errorOfValue(value, undefined)
  if (error) throw saidError(error, response?.headers ?? {}, { ...context, now: context.clock.now() })
  throw noAnswer(context, response, text)
}

async function* readFrames(response: HttpResponse, context: AnswerContext, reader: AnswerReader): AsyncGenerator<PromptEvent, void> {
  let silence: ClawError | undefined
  const remember = (error: ClawError) => {
    silence = error
    return error
  }
  const events = readServerEvents(response, {
    ...patience(context, reader, remember),
    mostChars: mostEventBytes(context),
    oversized: () => tooLong(context),
  })
  let hasFrames = false
  let wasMarked = false
  try {
    for await (const { name, data, isTail } of events) {
      hasFrames = true
      wasMarked = data.trim() === DONE
      if (wasMarked) break
      const frame = parseJson(data)?.value
      if (!isFields(frame) && !Array.isArray(frame)) {
        if (isTail) break
        throw new ClawError('CLAW_PROTOCOL', {
          what: `\`${context.route}\` sent an event that is not JSON`,
          why: `${data.length} characters`,
        })
      }
      const failed = errorOfFrame(frame, name)
      if (failed) throw saidError(failed, response.headers, { ...context, now: context.clock.now() })
      if (isFields(frame)) yield* reader.take(frame, name)
      if (reader.isOver) break
    }
  } catch (thrown) {
    // The answer was there already: what became of the connection does not matter.
    const isConnection = thrown === silence || (thrown instanceof ClawError && thrown.code === 'CLAW_NETWORK')
    if (!reader.isComplete || !isConnection) throw thrown
  }
  if (!hasFrames) throw noAnswer(context, response, '')
  yield* reader.end(wasMarked)
}

function patience(
  context: AnswerContext,
  reader: Pick<AnswerReader, 'hasOutput' | 'isComplete'>,
  remember = (error: ClawError) => error,
): Patience {
  const { firstEventMs, idleMs } = context.limits ?? {}
  const idle = { ms: idleMs ?? IDLE_MS, limit: 'prompt.idle_timeout', source: idleMs === undefined ? 'built-in' : 'config' }
  const first = {
    ms: firstEventMs ?? FIRST_EVENT_MS,
    limit: 'prompt.first_event_timeout',
    source: firstEventMs === undefined ? 'built-in' : 'config',
  }
  return {
    clock: context.clock,
    silence() {
      const { ms, limit, source } = reader.hasOutput ? idle : first
      const overdue = () =>
        remember(
          new ClawError('CLAW_TIMEOUT', {
            what: `\`${context.route}\` sent nothing for ${ms / 1_000} s`,
            why: `limit ${limit}, ${source}`,
            fix: `set \`${limit}\``,
            data: { sent: true, limit: { limit, seconds: ms / 1_000, source } },
          }),
        )
      return { ms: reader.isComplete ? Math.min(idle.ms, LINGER_MS) : ms, overdue }
    },
  }
}

async function wholeText(response: HttpResponse, context: AnswerContext): Promise<string> {
  const { text, isWhole, thrown } = await readBody(
    response,
    patience(context, { hasOutput: false, isComplete: false }),
    mostEventBytes(context),
  )
  if (thrown !== undefined) throw thrown
  if (!isWhole) throw tooLong(context)
  return text
}

/** A connection that broke after output began is an answer that was cut. */
function brokenOff(thrown: unknown, context: AnswerContext, reader: AnswerReader): unknown {
  if (!reader.hasOutput || !(thrown instanceof ClawError) || thrown.code !== 'CLAW_NETWORK') return thrown
  return new ClawError('CLAW_TRUNCATED', {
    what: `the answer of \`${context.route}\` stopped in the middle`,
    why: thrown.why,
    cause: thrown,
  })
}

function contentTypeOf({ headers }: HttpResponse): string {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/** A success without an answer: its shape, never its body. */
function noAnswer(context: AnswerContext, response: HttpResponse | undefined, text: string): ClawError {
  const type = response && contentTypeOf(response)
  const shape = [response && `HTTP ${response.status}`, type && visibleLine(type, 60), text !== '' && `${text.length} characters`]
    .filter(Boolean)
    .join(', ')
  return new ClawError('CLAW_PROTOCOL', {
    what: `\`${context.route}\` sent no answer that can be read`,
    why: shape === '' ? undefined : shape,
    fix: `check the base URL and the protocol of \`${context.route}\``,
  })
}

function tooLong(context: AnswerContext): ClawError {
  const bytes = mostEventBytes(context)
  return new ClawError('CLAW_PROTOCOL', {
    what: `\`${context.route}\` sent an event longer than ${Math.floor(bytes / (1024 * 1024))} MiB`,
    data: { limit: { limit: 'answer.event', bytes, source: 'built-in' } },
  })
}

/** What an answer that ended without its end is, in every protocol. */
export function truncated(context: AnswerContext, missing: string): ClawError {
  return new ClawError('CLAW_TRUNCATED', {
    what: `the answer of \`${context.route}\` stopped in the middle`,
    why: `the stream ended without ${missing}`,
  })
}
