import { ClawError } from '../../core/errors.ts'
import type { ToolCall } from './conversation.ts'
import { at, isFields, isTooDeep, numberAt, parseJson, textAt } from './wire-json.ts'

/** A finished call, and its arguments as they go back on the wire. */
export interface FinishedCall extends ToolCall {
  readonly rawArguments: string
}

/** What a call takes beside its arguments. */
const CALL_CHARS = 128

interface OpenCall {
  readonly index: number | undefined
  id: string | undefined
  name: string | undefined
  rawArguments: string
}

/**
 * Puts the tool calls of an openai-chat stream together. One set of rules for every dialect that was recorded: fields may be
 * repeated, empty or null, indexes may be missing, skip or be shared.
 */
export class ToolCallAccumulator {
  readonly #calls: OpenCall[] = []

  /** Takes `delta.tool_calls[]`. @returns about how many characters are kept of it */
  take(delta: unknown): number {
    const id = textAt(delta, 'id')
    const index = numberAt(delta, 'index')
    let call = this.#find(id, index)
    let kept = 0
    if (!call) {
      kept = CALL_CHARS
      call = { index, id, name: undefined, rawArguments: '' }
      this.#calls.push(call)
    }
    call.id ??= id
    // Some servers repeat the name: it is never appended to.
    call.name ??= textAt(delta, 'function', 'name')
    const given = at(delta, 'function', 'arguments')
    const piece = typeof given === 'string' ? given : isFields(given) && !isTooDeep(given) ? JSON.stringify(given) : ''
    call.rawArguments += piece
    return kept + piece.length
  }

  get isEmpty(): boolean {
    return this.#calls.length === 0
  }

  /** Whether every call could be finished as it stands: a name, and an object as arguments. */
  get areObjects(): boolean {
    return !this.isEmpty && this.#calls.every(({ name, rawArguments }) => name !== undefined && isFields(parseJson(rawArguments)?.value))
  }

  /**
   * The calls, in the order in which they began. Only the end of the stream finishes them: `1` may have become `12`.
   *
   * @param isCut the answer stopped before its end (length, a filter): calls that are not complete are left out
   * @throws {ClawError} `CLAW_PROTOCOL` for a call without a name or whose arguments are no JSON, at a normal end.
   */
  finish(route: string, isCut: boolean): FinishedCall[] {
    return this.#calls.flatMap((call, position) => {
      const isLast = position === this.#calls.length - 1
      // Nothing yet is not "no arguments" when the answer stopped right there.
      if (isCut && isLast && call.rawArguments.trim() === '') return []
      const finished = finishCall(route, call.id ?? `call_${position}`, call.name, call.rawArguments)
      if (finished instanceof ClawError) {
        if (isCut) return []
        throw finished
      }
      return [finished]
    })
  }

  /** By id; else the latest of this index, unless another id says that it is a new one; else the last. */
  #find(id: string | undefined, index: number | undefined): OpenCall | undefined {
    const sameId = id === undefined ? undefined : this.#calls.findLast((call) => call.id === id)
    if (sameId) return sameId
    const near = index === undefined ? this.#calls.at(-1) : this.#calls.findLast((call) => call.index === index)
    return id !== undefined && (near === undefined || near.id !== undefined || index === undefined) ? undefined : near
  }
}

/** A call from its parts, or what is wrong with it. Empty arguments are `{}`; JSON that is no object stays text. */
export function finishCall(route: string, id: string, name: string | undefined, rawArguments: string): FinishedCall | ClawError {
  if (name === undefined) return broken(route, 'it has no name')
  const raw = rawArguments.trim() === '' ? '{}' : rawArguments
  const parsed = parseJson(raw)
  if (!parsed) return broken(route, 'its arguments are not JSON')
  if (isTooDeep(parsed.value)) return broken(route, 'its arguments nest too deep')
  return { id, name, arguments: isFields(parsed.value) ? parsed.value : raw, rawArguments: raw }
}

function broken(route: string, why: string): ClawError {
  return new ClawError('CLAW_PROTOCOL', { what: `\`${route}\` sent a tool call that cannot be used`, why })
}
