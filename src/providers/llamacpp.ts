import type { ProviderEntry } from './entry.ts'

export const llamacpp: ProviderEntry = {
  id: 'llamacpp',
  name: 'llama.cpp server',
  terms: 'ok',
  local: true,
  protocols: ['openai-chat'],
  baseUrl: 'http://127.0.0.1:8080/v1',
  modelsEndpoint: '/models',
  probe: 'GET {origin}/health',
  probeNote: 'proves that the server runs and has loaded its model',
  trustedHosts: ['127.0.0.1:8080'],
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
  errorRules: [
    { status: [503], contains: 'Loading model', kind: 'overloaded' },
    { contains: 'exceeds the available context size', kind: 'context_overflow' },
  ],
  auth: [
    { id: 'none', kind: 'none', headless: true, enabled: true, status: 'inferred' },
    // Only where the server asks for one: without the variable no header is sent.
    {
      id: 'token',
      kind: 'bearer',
      headless: true,
      enabled: true,
      status: 'inferred',
      env: ['LLAMA_API_KEY'],
      header: 'authorization',
      scheme: 'Bearer',
    },
  ],
  models: [],
  sources: {
    '*': 'openclaw 2026.9.6 (Sep 2026); the key of --api-key is reported not to guard /v1/models',
    dialect: 'recordings of fantasy (2026)',
    errorRules: 'recordings of fantasy (2026); the answer while loading is inferred',
  },
}
