import { ClawError } from '../core/errors.ts'
import type { PromptRun } from '../app/prompt/run-prompt.ts'
import type { AnswerSink } from './answer-sink.ts'

export interface Collected {
  readonly text: string
  readonly finishReason: string
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
  /** The object of `claw.prompt/1`. */
  readonly result: Readonly<Record<string, unknown>>
}

interface Settings {
  readonly clock: { now(): number }
  readonly startedAt: number
  readonly isEvents: boolean
}

const NO_USAGE = { inputTokens: null, outputTokens: null, cachedInputTokens: null, reasoningTokens: null }

/** Pulls an answer into its sink, as fast as the sink takes it. @throws {ClawError} with `data.partial` of what had come. */
export async function collectAnswer(run: PromptRun, sink: AnswerSink, { clock, startedAt }: Settings): Promise<Collected> {
  let text = ''
  const toolCalls: Record<string, unknown>[] = []
  const warnings = [...run.warnings]
  let usage: Readonly<Record<string, number | null>> = NO_USAGE
  let firstTokenMs: number | null = null
  let finish: Record<string, unknown> | undefined
  try {
    for await (const event of run.events) {
      if (sink.isClosed) break
      if (firstTokenMs === null && (event.type === 'text' || event.type === 'reasoning' || event.type === 'tool_call'))
        firstTokenMs = Math.round(clock.now() - startedAt)
      switch (event.type) {
        case 'text':
          text += event.text
          await sink.text(event.text)
          await sink.event(event)
          break
        case 'usage':
          usage = { ...event.usage }
          await sink.event({ type: 'usage', ...event.usage })
          break
        case 'tool_call': {
          const { type: _, ...call } = event
          toolCalls.push(call)
          await sink.event(event)
          break
        }
        case 'warning':
          warnings.push({ code: event.code, message: event.message })
          await sink.event(event)
          break
        case 'finish': {
          const { type: _, ...facts } = event
          finish = facts
          break
        }
        default:
          await sink.event(event)
      }
    }
  } catch (thrown) {
    throw withPartial(thrown, { text, toolCalls, usage }, run)
  }
  const finishReason = typeof finish?.finishReason === 'string' ? finish.finishReason : 'other'
  if (['length', 'refusal', 'content_filter'].includes(finishReason))
    warnings.push({ code: finishReason, message: `the answer ended by \`${finishReason}\`` })
  const { credential } = run
  return {
    text,
    finishReason,
    warnings: warnings.slice(run.warnings.length),
    result: {
      type: 'result',
      schema: 'claw.prompt/1',
      text,
      toolCalls,
      finishReason,
      model: finish?.model ?? run.model,
      provider: credential.route.provider,
      route: credential.route.id,
      usage,
      credential: {
        source: credential.source,
        kind: credential.kind,
        profile: credential.profile,
        ...(credential.reference === null ? {} : { reference: credential.reference }),
      },
      attempts: run.attempts,
      degraded: credential.degraded,
      warnings,
      durationMs: Math.round(clock.now() - startedAt),
      firstTokenMs,
      continuation: finish?.continuation ?? null,
    },
  }
}

function withPartial(thrown: unknown, partial: Readonly<Record<string, unknown>>, run: PromptRun): unknown {
  if (!(thrown instanceof ClawError)) return thrown
  const hasSome = partial.text !== '' || (Array.isArray(partial.toolCalls) && partial.toolCalls.length > 0)
  const data = { ...thrown.data, ...(hasSome ? { partial } : {}), attempts: run.attempts }
  return thrown.reworded({ data })
}
