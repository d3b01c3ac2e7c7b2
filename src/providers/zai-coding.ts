import type { ProviderEntry } from './entry.ts'
import { GLM, GLM_EFFORT, ZAI_ANTHROPIC, ZAI_COMMON, ZAI_KEY, ZAI_SOURCES } from './zai.ts'

/** GLM-5.3 always thinks. */
const ALWAYS = { effort: 'reasoning_effort', effortMap: { low: 'low', medium: 'high', high: 'max' } } as const

export const zaiCoding: ProviderEntry = {
  ...ZAI_COMMON,
  id: 'zai-coding',
  name: 'Z.AI GLM Coding Plan',
  aliases: ['zai-coding-plan'],
  terms: 'restricted',
  termsNote: 'the GLM Coding Plan is for listed coding tools only, own programs excluded; breaches may end it.',
  termsNoteOn: ['auth', 'batch', 'ci'],
  baseUrl: 'https://api.z.ai/api/coding/paas/v4',
  baseUrls: { 'openai-chat': 'https://api.z.ai/api/coding/paas/v4', 'anthropic-messages': ZAI_ANTHROPIC.global },
  regions: {
    global: {
      baseUrl: 'https://api.z.ai/api/coding/paas/v4',
      baseUrls: { 'openai-chat': 'https://api.z.ai/api/coding/paas/v4', 'anthropic-messages': ZAI_ANTHROPIC.global },
    },
    china: {
      baseUrl: 'https://open.bigmodel.cn/api/coding/paas/v4',
      baseUrls: { 'openai-chat': 'https://open.bigmodel.cn/api/coding/paas/v4', 'anthropic-messages': ZAI_ANTHROPIC.china },
    },
  },
  auth: [
    {
      ...ZAI_KEY,
      env: ['ZAI_API_KEY'],
      envChina: ['ZAI_CODING_CN_API_KEY'],
      quirks: ['a key works on one product and in one region only', 'a key of the general product answers 1113 or 1315 here'],
    },
  ],
  models: [
    { id: 'glm-5.3', name: 'GLM-5.3', ...GLM, dialect: ALWAYS },
    { id: 'glm-5.3-flash', name: 'GLM-5.3 Flash', ...GLM, dialect: ALWAYS },
    { id: 'glm-5.2', name: 'GLM-5.2', ...GLM, dialect: GLM_EFFORT },
    { id: 'glm-5-turbo', name: 'GLM-5 Turbo', ...GLM, contextTokens: 200_000 },
    { id: 'glm-4.7', name: 'GLM-4.7', ...GLM, contextTokens: 204_800 },
  ],
  sources: { ...ZAI_SOURCES, termsNote: 'Z.AI terms of the Coding Plan and list of its tools (Nov 2026)' },
}
