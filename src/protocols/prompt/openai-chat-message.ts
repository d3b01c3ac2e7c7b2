import type { Dialect } from './conversation.ts'
import { LOST_REASONING } from './lost-reasoning.ts'
import type { Fields } from './wire-json.ts'

/** What an assistant said, before a dialect decides in which fields it goes back. */
export interface AssistantTurn {
  readonly content: string
  readonly refusal: string
  readonly reasoning: string
  readonly details: readonly Fields[]
  readonly calls: readonly { readonly id: string; readonly name: string; readonly rawArguments: string }[]
}

/** An assistant message of openai-chat, as the dialect wants its own answers back. */
export function chatAssistantMessage(dialect: Dialect, turn: AssistantTurn): Fields {
  const hasCalls = turn.calls.length > 0
  return {
    role: 'assistant',
    ...contentOf(dialect, turn),
    ...(turn.refusal !== '' && { refusal: turn.refusal }),
    ...reasoningOf(dialect, turn, hasCalls),
    ...(hasCalls && {
      tool_calls: turn.calls.map(({ id, name, rawArguments }) => ({ id, type: 'function', function: { name, arguments: rawArguments } })),
    }),
  }
}

/** Some servers refuse null beside calls, some the missing field, some the empty text. */
function contentOf({ emptyContent = 'omit' }: Dialect, { content, calls, refusal }: AssistantTurn): Fields {
  if (content !== '') return { content }
  if (calls.length > 0) return emptyContent === 'omit' ? {} : { content: emptyContent === 'null' ? null : '' }
  return { content: refusal === '' ? '' : null }
}

function reasoningOf({ echoReasoning = 'none' }: Dialect, { reasoning, details }: AssistantTurn, hasCalls: boolean): Fields {
  switch (echoReasoning) {
    case 'none':
      return {}
    case 'reasoning_content':
      return reasoning === '' ? {} : { reasoning_content: reasoning }
    case 'reasoning_details':
      return details.length > 0 ? { reasoning_details: details } : reasoning === '' ? {} : { reasoning }
    case 'required':
      return reasoning !== '' ? { reasoning_content: reasoning } : hasCalls ? { reasoning_content: LOST_REASONING } : {}
  }
}
