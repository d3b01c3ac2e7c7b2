import type { ModelEntry, ProviderEntry } from './entry.ts'

const v4 = {
  contextTokens: 1_000_000,
  outputTokens: 384_000,
  input: ['text'],
  tools: true,
  reasoning: true,
} as const satisfies Omit<ModelEntry, 'id'>

export const deepseek: ProviderEntry = {
  id: 'deepseek',
  name: 'DeepSeek',
  terms: 'ok',
  protocols: ['openai-chat', 'anthropic-messages'],
  baseUrl: 'https://api.deepseek.com',
  baseUrls: { 'openai-chat': 'https://api.deepseek.com', 'anthropic-messages': 'https://api.deepseek.com/anthropic' },
  modelsEndpoint: '/models',
  probe: 'GET /models',
  probeNote: 'proves the key, not its quota',
  trustedHosts: ['api.deepseek.com'],
  headers: { 'anthropic-version': '2023-06-01' },
  dialect: {
    maxTokensField: 'max_tokens',
    streamUsage: true,
    systemRole: 'system',
    effort: 'reasoning_effort',
    effortMap: { low: 'low', medium: 'high', high: 'max' },
    sampling: false,
    toolChoice: 'full',
    echoReasoning: 'required',
    emptyContent: 'omit',
  },
  errorRules: [
    { status: [402], kind: 'quota', hint: 'the balance of the account is used up' },
    { status: [401], contains: 'Authentication Fails', kind: 'auth' },
    { status: [400], contains: 'maximum context length', kind: 'context_overflow' },
  ],
  auth: [
    {
      id: 'api-key',
      kind: 'api_key',
      headless: true,
      enabled: true,
      status: 'verified',
      env: ['DEEPSEEK_API_KEY'],
      header: 'authorization',
      scheme: 'Bearer',
      prefixes: ['sk-'],
      rejectPrefixes: ['sk-ant-', 'sk-or-v1-', 'sk-proj-', 'sk-kimi-', 'sk-sp-', 'sk-cp-'],
      modelsEndpointWorks: true,
      quirks: ['a request that waits longer than ten minutes is closed'],
    },
  ],
  models: [
    // Answered by V4.1 Flash since 2026-09-14.
    { id: 'deepseek-v4-pro', name: 'DeepSeek V4 Pro', ...v4 },
    { id: 'deepseek-flash', name: 'DeepSeek Flash', ...v4 },
  ],
  sources: {
    '*': 'pi-ai 1.5.2 (autumn 2026), DeepSeek API documentation (Aug to Nov 2026)',
    dialect: 'DeepSeek API documentation, thinking mode (2026); recordings of Vercel AI SDK, pydantic-ai and Ruby clients (2026)',
    errorRules: 'recorded answers of Ruby clients and DeepSeek error page (2026)',
    models: 'pi-ai 1.5.2 model catalogue (autumn 2026)',
  },
}
