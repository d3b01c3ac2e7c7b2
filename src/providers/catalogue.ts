import { anthropic } from './anthropic.ts'
import type { ProviderEntry } from './entry.ts'
import { githubCopilot } from './github-copilot.ts'
import { kimiCode } from './kimi-code.ts'
import { minimax } from './minimax.ts'
import { moonshot } from './moonshot.ts'
import { ollama } from './ollama.ts'
import { openai } from './openai.ts'
import { openaiChatgpt } from './openai-chatgpt.ts'
import { openaiCodex } from './openai-codex.ts'
import { openrouter } from './openrouter.ts'
import { xai } from './xai.ts'

/** Every route that claw knows without being told, by id. Aliases are not keys: the effective catalogue looks them up. */
export const CATALOGUE: ReadonlyMap<string, ProviderEntry> = new Map(
  [anthropic, openai, openaiCodex, openaiChatgpt, moonshot, kimiCode, githubCopilot, xai, minimax, openrouter, ollama].map((entry) => [
    entry.id,
    entry,
  ]),
)
