import type { Clock } from '../../platform/clock.ts'
import type { Dialect } from './conversation.ts'
import type { ErrorRules } from './error-signals.ts'

/** What the reader of an answer must know of the call that it answers. */
export interface AnswerContext extends ErrorRules {
  /** Id of the catalogue entry: it names the other side in errors and marks the continuation. */
  readonly route: string
  /** Where the request went. Only its origin is ever named. */
  readonly url: string
  /** The route's, with the model's own laid over it. */
  readonly dialect: Dialect
  /** Size of the request that was sent: an answer may repeat it. */
  readonly requestBytes: number
  readonly clock: Clock
  readonly limits?: AnswerLimits | undefined
}

/** Limits that the configuration sets. What is absent is built in. */
export interface AnswerLimits {
  /** Longest silence before the first output, ms. */
  readonly firstEventMs?: number | undefined
  /** Longest silence after it, ms. */
  readonly idleMs?: number | undefined
  /** Most characters of text, reasoning and arguments of one answer. */
  readonly answerChars?: number | undefined
}

/** Reasoning models are silent for minutes before they begin. */
export const FIRST_EVENT_MS = 300_000
export const IDLE_MS = 60_000
/** Far above what any model writes: only a server that does not end gets there. */
export const ANSWER_CHARS = 64 * 1024 * 1024

/** The most of one event, or of an answer that is no stream: servers repeat instructions and tools in one event. */
export function mostEventBytes(context: AnswerContext): number {
  return Math.max(8 * 1024 * 1024, 4 * context.requestBytes)
}
