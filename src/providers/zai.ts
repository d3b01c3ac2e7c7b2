import type { AuthEntry, ModelEntry, ProviderEntry } from './entry.ts'

const OTHER_PRODUCT =
  'a key belongs to one product and one region: try `zai` and `zai-coding`, then each with `region = "china"`, in that order'

/** The vendor's own numbers. A rule of no status: balance and account problems come with many of them. */
const errorRules: NonNullable<ProviderEntry['errorRules']> = [
  { codes: ['1113'], kind: 'quota', hint: `no balance, or the key of another product: ${OTHER_PRODUCT}` },
  { codes: ['1315'], kind: 'forbidden', hint: OTHER_PRODUCT },
  { codes: ['1000', '1001', '1002', '1003', '1004'], kind: 'auth', hint: OTHER_PRODUCT },
  { codes: ['1302', '1303'], kind: 'rate_limit' },
  { codes: ['1305'], kind: 'overloaded' },
  { codes: ['1309', '1314'], kind: 'quota', hint: 'the plan has ended' },
  { codes: ['1308', '1310', '1316', '1317', '1318', '1319', '1320', '1321'], kind: 'quota', hint: 'a quota window of the plan is used up' },
  { codes: ['1311'], kind: 'forbidden', hint: 'the plan does not have the model' },
  { codes: ['1313'], kind: 'terminated', hint: 'a penalty for unfair use, which every further try prolongs' },
  { codes: ['1211'], kind: 'not_found' },
  { codes: ['1261'], kind: 'context_overflow' },
  { codes: ['1301'], kind: 'content_filter' },
]

export const ZAI_KEY = {
  id: 'api-key',
  kind: 'api_key',
  headless: true,
  enabled: true,
  status: 'verified',
  header: 'authorization',
  scheme: 'Bearer',
  rejectPrefixes: ['sk-ant-', 'sk-or-v1-', 'sk-proj-', 'sk-kimi-'],
} as const satisfies Partial<AuthEntry>

export const GLM = {
  contextTokens: 1_000_000,
  outputTokens: 131_072,
  input: ['text'],
  tools: true,
  reasoning: true,
} as const satisfies Omit<ModelEntry, 'id'>
/** From GLM-5.2 on the effort has names. */
export const GLM_EFFORT = { effort: 'reasoning_effort' } as const

/** What both products have in common. */
export const ZAI_COMMON = {
  protocols: ['openai-chat', 'anthropic-messages'],
  defaultRegion: 'global',
  trustedHosts: ['api.z.ai', 'open.bigmodel.cn'],
  headers: { 'anthropic-version': '2023-06-01' },
  dialect: {
    maxTokensField: 'max_tokens',
    streamUsage: true,
    systemRole: 'system',
    effort: 'thinking',
    sampling: true,
    toolChoice: 'full',
    echoReasoning: 'reasoning_content',
    emptyContent: 'omit',
  },
  errorRules,
} as const satisfies Partial<ProviderEntry>

export const ZAI_ANTHROPIC = { global: 'https://api.z.ai/api/anthropic', china: 'https://open.bigmodel.cn/api/anthropic' }

export const ZAI_SOURCES = {
  '*': 'openclaw 2026.9.6 (Sep 2026), pi-ai 1.5.2 (autumn 2026), Z.AI documentation (Aug to Nov 2026)',
  baseUrls: 'openclaw 2026.9.6 (Sep 2026), claw-code (2026)',
  dialect: 'recordings of pydantic-ai and fantasy (2026), Z.AI thinking guide; efforts from GLM-5.2 on: Z.AI documentation (2026)',
  errorRules: 'Z.AI error codes page (2026) and bodies captured in production (Sep 2026); 1261 from clients (2026)',
  'auth.api-key': 'openclaw 2026.9.6 (Sep 2026): the order in which it looks for the product of a key; variables of China inferred',
  models: 'pi-ai 1.5.2 model catalogue (autumn 2026)',
}

export const zai: ProviderEntry = {
  ...ZAI_COMMON,
  id: 'zai',
  name: 'Z.AI (GLM)',
  terms: 'ok',
  // The keys of both products look the same and share a variable: the plan is reached by its own name.
  routes: [{ to: 'zai-coding', auth: [], namedOnly: true }],
  baseUrl: 'https://api.z.ai/api/paas/v4',
  baseUrls: { 'openai-chat': 'https://api.z.ai/api/paas/v4', 'anthropic-messages': ZAI_ANTHROPIC.global },
  regions: {
    global: {
      baseUrl: 'https://api.z.ai/api/paas/v4',
      baseUrls: { 'openai-chat': 'https://api.z.ai/api/paas/v4', 'anthropic-messages': ZAI_ANTHROPIC.global },
    },
    china: {
      baseUrl: 'https://open.bigmodel.cn/api/paas/v4',
      baseUrls: { 'openai-chat': 'https://open.bigmodel.cn/api/paas/v4', 'anthropic-messages': ZAI_ANTHROPIC.china },
    },
  },
  auth: [
    {
      ...ZAI_KEY,
      env: ['ZAI_API_KEY', 'Z_AI_API_KEY'],
      envChina: ['ZHIPUAI_API_KEY', 'BIGMODEL_API_KEY'],
      quirks: ['a key works on one product and in one region only', 'only a call of one token proves a key: there is no cheaper request'],
    },
  ],
  models: [
    { id: 'glm-5.2', name: 'GLM-5.2', ...GLM, dialect: GLM_EFFORT },
    { id: 'glm-4.7', name: 'GLM-4.7', ...GLM, contextTokens: 204_800 },
  ],
  sources: ZAI_SOURCES,
}
