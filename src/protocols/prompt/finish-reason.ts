import type { FinishReason } from './conversation.ts'

const CHAT: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['stop', 'stop'],
  ['end', 'stop'],
  ['eos', 'stop'],
  ['end_turn', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'], // Z.AI
  ['tool_calls', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['tool_use', 'tool_calls'],
  ['content_filter', 'content_filter'],
  ['sensitive', 'content_filter'], // Z.AI
  ['error', 'error'], // OpenRouter
  ['network_error', 'error'], // Z.AI
  ['insufficient_system_resource', 'error'], // DeepSeek
])

const ANTHROPIC: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'refusal'],
  ['sensitive', 'content_filter'], // Z.AI
])

/** What is known of an answer beside its finish word. */
export interface Found {
  readonly hasCalls: boolean
  readonly hasRefusal?: boolean
}

/** The word for a `finish_reason`; none at all counts as a normal end. */
export function chatFinish(raw: string | undefined, found: Found): FinishReason {
  return upgraded(raw === undefined ? 'stop' : (CHAT.get(raw) ?? 'other'), found)
}

/** The word for a `stop_reason`. */
export function anthropicFinish(raw: string | undefined, found: Found): FinishReason {
  return upgraded(raw === undefined ? 'stop' : (ANTHROPIC.get(raw) ?? 'other'), found)
}

/** Some servers say `stop` with calls or with a refusal; a length is never made into anything else. */
function upgraded(reason: FinishReason, { hasCalls, hasRefusal = false }: Found): FinishReason {
  if (reason !== 'stop') return reason
  return hasRefusal ? 'refusal' : hasCalls ? 'tool_calls' : 'stop'
}
