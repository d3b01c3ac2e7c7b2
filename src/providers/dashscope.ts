import type { ModelEntry, ProviderEntry } from './entry.ts'

const qwen = {
  contextTokens: 1_000_000,
  outputTokens: 131_072,
  input: ['text'],
  tools: true,
  reasoning: true,
} as const satisfies Omit<ModelEntry, 'id'>
/** The coder models refuse a forced tool, and do not think. */
const coder = { ...qwen, outputTokens: 0, reasoning: false, dialect: { toolChoice: 'autoOnly' } } as const

export const QWEN_DIALECT = {
  maxTokensField: 'max_tokens',
  streamUsage: true,
  systemRole: 'system',
  effort: 'none',
  sampling: true,
  toolChoice: 'autoOnly',
  echoReasoning: 'none',
  emptyContent: 'omit',
} as const satisfies ProviderEntry['dialect']

export const QWEN_ERRORS: NonNullable<ProviderEntry['errorRules']> = [
  { status: [429], codes: ['Throttling.AllocationQuota'], kind: 'quota', hint: 'the text of the answer says when it ends (UTC)' },
  {
    status: [401],
    codes: ['InvalidApiKey', 'invalid_api_key'],
    kind: 'auth',
    hint: 'a key of a plan (sk-sp-) is good for that plan only, any other for the region it was made in',
  },
  { codes: ['Arrearage'], kind: 'quota', hint: 'the account has an unpaid bill' },
  { codes: ['data_inspection_failed'], kind: 'content_filter' },
  { codes: ['limit_requests'], kind: 'rate_limit' },
]

export const dashscope: ProviderEntry = {
  id: 'dashscope',
  name: 'Alibaba DashScope / Model Studio',
  aliases: ['qwen', 'modelstudio'],
  terms: 'ok',
  protocols: ['openai-chat'],
  baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  baseUrlEnv: 'DASHSCOPE_BASE_URL',
  regions: {
    china: { baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1' },
    international: { baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1' },
    us: { baseUrl: 'https://dashscope-us.aliyuncs.com/compatible-mode/v1' },
  },
  defaultRegion: 'international',
  modelsEndpoint: '/models',
  probe: 'GET /models',
  probeNote: 'proves the key and its region, not its balance',
  trustedHosts: ['dashscope.aliyuncs.com', 'dashscope-intl.aliyuncs.com', 'dashscope-us.aliyuncs.com'],
  dialect: QWEN_DIALECT,
  errorRules: QWEN_ERRORS,
  auth: [
    {
      id: 'api-key',
      kind: 'api_key',
      headless: true,
      enabled: true,
      status: 'verified',
      env: ['DASHSCOPE_API_KEY', 'QWEN_API_KEY', 'MODELSTUDIO_API_KEY'],
      header: 'authorization',
      scheme: 'Bearer',
      rejectPrefixes: ['sk-sp-', 'sk-ant-', 'sk-or-v1-', 'sk-proj-', 'sk-kimi-'],
      modelsEndpointWorks: true,
      quirks: ['a request may have 6 MB at the most'],
    },
  ],
  models: [
    {
      id: 'qwen3.8-max',
      name: 'Qwen 3.8 Max',
      ...qwen,
      dialect: { effort: 'reasoning_effort', effortMap: { low: 'low', medium: 'medium', high: 'xhigh' } },
    },
    { id: 'qwen3.8-flash', name: 'Qwen 3.8 Flash', ...qwen },
    { id: 'qwen3.7-plus', name: 'Qwen 3.7 Plus', ...qwen, outputTokens: 65_536 },
    { id: 'qwen3-coder-plus', name: 'Qwen3 Coder Plus', ...coder },
    { id: 'qwen3-coder-next', name: 'Qwen3 Coder Next', ...coder, contextTokens: 262_144 },
  ],
  sources: {
    '*': 'qwen-code 0.24.4 (2026), pi-ai 1.5.2 (autumn 2026), openclaw 2026.9.6 (Sep 2026)',
    dialect: 'recordings of Vercel AI SDK, pydantic-ai profile of Qwen (2026); efforts of qwen3.8-max: clients (2026)',
    errorRules: 'Alibaba error reference, partly inferred; Throttling.AllocationQuota: bodies captured in production (Aug 2026)',
    models: 'pi-ai 1.5.2 model catalogue (autumn 2026), coder models from qwen-code 0.24.4 and openclaw',
  },
}
