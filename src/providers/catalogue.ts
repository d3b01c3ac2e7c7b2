import { anthropic } from './anthropic.ts'
import { azureOpenai } from './azure-openai.ts'
import { bedrock } from './bedrock.ts'
import { type CatalogueIndex, indexOf } from './catalogue-index.ts'
import { cerebras } from './cerebras.ts'
import { dashscope } from './dashscope.ts'
import { deepseek } from './deepseek.ts'
import type { ProviderEntry } from './entry.ts'
import { geminiCli } from './gemini-cli.ts'
import { githubCopilot } from './github-copilot.ts'
import { googleVertex } from './google-vertex.ts'
import { google } from './google.ts'
import { groq } from './groq.ts'
import { kimiCode } from './kimi-code.ts'
import { llamacpp } from './llamacpp.ts'
import { lmstudio } from './lmstudio.ts'
import { minimax } from './minimax.ts'
import { mistral } from './mistral.ts'
import { moonshot } from './moonshot.ts'
import { ollama } from './ollama.ts'
import { openaiChatgpt } from './openai-chatgpt.ts'
import { openaiCodex } from './openai-codex.ts'
import { openai } from './openai.ts'
import { openrouter } from './openrouter.ts'
import { qwenOauth } from './qwen-oauth.ts'
import { qwenCodingPlan } from './qwen-coding-plan.ts'
import { qwenTokenPlan } from './qwen-token-plan.ts'
import { vllm } from './vllm.ts'
import { xai } from './xai.ts'
import { zai } from './zai.ts'
import { zaiCoding } from './zai-coding.ts'

/** In the order of listings. */
const ENTRIES: readonly ProviderEntry[] = [
  anthropic,
  openai,
  openaiCodex,
  openaiChatgpt,
  moonshot,
  kimiCode,
  githubCopilot,
  xai,
  zai,
  zaiCoding,
  minimax,
  dashscope,
  qwenCodingPlan,
  qwenTokenPlan,
  google,
  googleVertex,
  openrouter,
  mistral,
  groq,
  deepseek,
  cerebras,
  ollama,
  lmstudio,
  llamacpp,
  vllm,
  azureOpenai,
  bedrock,
]

/** Every route that claw knows without being told, by id. Aliases are not keys: the effective catalogue looks them up. */
export const CATALOGUE: ReadonlyMap<string, ProviderEntry> = new Map(ENTRIES.map((entry) => [entry.id, entry]))

/** What is known by name and not built, by id: asking for it says why. */
export const WITHDRAWN: ReadonlyMap<string, ProviderEntry> = new Map([qwenOauth, geminiCli].map((entry) => [entry.id, entry]))

/** Names and links of the catalogue, for whoever looks up few entries of it. */
export const INDEX: CatalogueIndex = indexOf(CATALOGUE)
