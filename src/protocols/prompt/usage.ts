import type { Dialect, Usage } from './conversation.ts'
import { isFields, numberAt, type Fields } from './wire-json.ts'

/** The `usage` of openai-chat and of everybody who is like it. */
export function chatUsage(usage: unknown, dialect: Dialect): Usage {
  const prompt = numberAt(usage, 'prompt_tokens')
  const completion = numberAt(usage, 'completion_tokens')
  const cached =
    numberAt(usage, 'prompt_tokens_details', 'cached_tokens') ??
    numberAt(usage, 'cached_tokens') ??
    numberAt(usage, 'prompt_cache_hit_tokens')
  const reasoning = numberAt(usage, 'completion_tokens_details', 'reasoning_tokens')
  const isCachedApart = prompt !== undefined && cached !== undefined && cached > prompt
  return {
    // More cached than read at all: the prompt was counted without them (xAI).
    inputTokens: isCachedApart ? prompt + cached : (prompt ?? null),
    outputTokens: completion === undefined ? null : completion + (dialect.outputExcludesReasoning ? (reasoning ?? 0) : 0),
    cachedInputTokens: cached ?? null,
    reasoningTokens: reasoning ?? null,
  }
}

/** The `usage` of anthropic-messages, whose input leaves out what was read from or written to the cache. */
export function anthropicUsage(usage: unknown): Usage {
  const input = numberAt(usage, 'input_tokens')
  const cached = numberAt(usage, 'cache_read_input_tokens')
  return {
    inputTokens: input === undefined ? null : input + (cached ?? 0) + (numberAt(usage, 'cache_creation_input_tokens') ?? 0),
    outputTokens: numberAt(usage, 'output_tokens') ?? null,
    cachedInputTokens: cached ?? null,
    reasoningTokens: numberAt(usage, 'output_tokens_details', 'thinking_tokens') ?? null,
  }
}

/** Counts are cumulative: each later one that is not null stands in for the earlier. */
export function overwriteUsage(known: Fields, later: unknown): Fields {
  if (!isFields(later)) return known
  const said = Object.entries(later).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries([...Object.entries(known), ...said])
}
