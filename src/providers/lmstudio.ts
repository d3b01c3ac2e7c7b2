import type { ProviderEntry } from './entry.ts'

export const lmstudio: ProviderEntry = {
  id: 'lmstudio',
  name: 'LM Studio',
  terms: 'ok',
  local: true,
  protocols: ['openai-chat'],
  baseUrl: 'http://127.0.0.1:1234/v1',
  modelsEndpoint: '/models',
  probe: 'GET /models',
  probeNote: 'proves that the server runs, not that it has the model',
  trustedHosts: ['127.0.0.1:1234'],
  dialect: {
    maxTokensField: 'max_tokens',
    streamUsage: true,
    systemRole: 'system',
    effort: 'none',
    sampling: true,
    toolChoice: 'full',
    echoReasoning: 'none',
    emptyContent: 'omit',
    thinkTags: true,
  },
  errorRules: [{ contains: 'greater than the context length', kind: 'context_overflow' }],
  auth: [
    { id: 'none', kind: 'none', headless: true, enabled: true, status: 'verified' },
    // Only where the server asks for one: without the variable no header is sent.
    {
      id: 'token',
      kind: 'bearer',
      headless: true,
      enabled: true,
      status: 'verified',
      env: ['LM_API_TOKEN'],
      header: 'authorization',
      scheme: 'Bearer',
    },
  ],
  models: [],
  sources: {
    '*': 'LM Studio documentation (2026), openclaw 2026.9.6 (Sep 2026)',
    dialect: 'recordings of Vercel AI SDK (2026)',
    errorRules: 'recordings of Vercel AI SDK (2026)',
  },
}
