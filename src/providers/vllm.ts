import type { ProviderEntry } from './entry.ts'

export const vllm: ProviderEntry = {
  id: 'vllm',
  name: 'vLLM',
  terms: 'ok',
  local: true,
  protocols: ['openai-chat'],
  baseUrl: 'http://127.0.0.1:8000/v1',
  modelsEndpoint: '/models',
  probe: 'GET /models',
  probeNote: 'proves that the server runs, not that it has the model',
  trustedHosts: ['127.0.0.1:8000'],
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
  auth: [
    { id: 'none', kind: 'none', headless: true, enabled: true, status: 'verified' },
    // Only where the server asks for one: without the variable no header is sent.
    {
      id: 'token',
      kind: 'bearer',
      headless: true,
      enabled: true,
      status: 'verified',
      env: ['VLLM_API_KEY'],
      header: 'authorization',
      scheme: 'Bearer',
    },
  ],
  models: [],
  sources: {
    '*': 'openclaw 2026.9.6 (Sep 2026), vLLM documentation (2026)',
    dialect: 'vLLM documentation (2026), inferred',
  },
}
