import { anthropic } from './anthropic.ts'
import type { ProviderEntry } from './entry.ts'
import { kimiCode } from './kimi-code.ts'
import { moonshot } from './moonshot.ts'
import { ollama } from './ollama.ts'
import { openai } from './openai.ts'
import { openrouter } from './openrouter.ts'

/** Every route that claw knows without being told, by id. Aliases are not keys: the effective catalogue looks them up. */
export const CATALOGUE: ReadonlyMap<string, ProviderEntry> = new Map(
  [anthropic, openai, moonshot, kimiCode, openrouter, ollama].map((entry) => [entry.id, entry]),
)
