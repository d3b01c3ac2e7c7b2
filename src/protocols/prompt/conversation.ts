import type { Protocol } from '../../core/vocabulary.ts'

/** One part of a message. Images are base64 of the file's bytes. */
export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly mediaType: string; readonly base64: string }

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** The parsed arguments: an object, or the raw string when they were JSON but no object. */
  readonly arguments: unknown
}

/** The assistant turn in wire form, good only for the same route: it goes back unchanged. */
export interface Continuation {
  readonly protocol: Protocol
  readonly route: string
  /** The message (openai-chat) or its content blocks (anthropic-messages), as they go on the wire. */
  readonly message: unknown
}

export type Message =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: readonly Part[] }
  | {
      readonly role: 'assistant'
      readonly text: string
      readonly toolCalls: readonly ToolCall[]
      readonly continuation?: Continuation | undefined
    }
  | { readonly role: 'tool'; readonly toolCallId: string; readonly text: string; readonly isError: boolean }

export interface ToolDefinition {
  readonly name: string
  readonly description?: string | undefined
  /** JSON Schema. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/** What a caller asks of a model, before any protocol. */
export interface PromptRequest {
  readonly model: string
  readonly messages: readonly Message[]
  readonly tools: readonly ToolDefinition[]
  readonly maxTokens?: number | undefined
  readonly temperature?: number | undefined
  readonly reasoning?: 'low' | 'medium' | 'high' | undefined
  readonly stream: boolean
}

/** How the dialect of a route differs from its protocol; the names of the switches are the catalogue's, in camelCase. */
export interface Dialect {
  readonly maxTokensField?: 'max_completion_tokens' | 'max_tokens'
  readonly streamUsage?: boolean
  readonly systemRole?: 'system' | 'developer'
  readonly effort?: 'reasoning_effort' | 'thinking' | 'reasoning' | 'none'
  readonly effortMap?: Readonly<Record<string, string>>
  readonly sampling?: boolean
  readonly toolChoice?: 'full' | 'autoOnly'
  readonly echoReasoning?: 'none' | 'reasoning_content' | 'reasoning_details' | 'required'
  readonly emptyContent?: 'omit' | 'null' | ''
  readonly thinkTags?: boolean
  readonly outputExcludesReasoning?: boolean
  readonly eofOk?: boolean
  readonly extraBody?: Readonly<Record<string, unknown>>
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'refusal' | 'error' | 'other'

/** Token counts; null where the provider did not say. `inputTokens` holds the cached ones, `outputTokens` the reasoning ones. */
export interface Usage {
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly cachedInputTokens: number | null
  readonly reasoningTokens: number | null
}

/** What comes out of a call, in the order in which it came. The last one is `finish`; a failure is thrown instead. */
export type PromptEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'tool_call'; readonly id: string; readonly name: string; readonly arguments: unknown }
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'warning'; readonly code: string; readonly message: string }
  | {
      readonly type: 'finish'
      readonly finishReason: FinishReason
      readonly rawFinish: string | null
      readonly model: string | null
      readonly continuation: Continuation
    }
