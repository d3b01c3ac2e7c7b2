import type { ModelEntry, ProviderEntry } from './entry.ts'

const open = {
  contextTokens: 131_072,
  outputTokens: 40_960,
  input: ['text'],
  tools: true,
  reasoning: true,
  sampling: true,
} as const satisfies Omit<ModelEntry, 'id'>

export const cerebras: ProviderEntry = {
  id: 'cerebras',
  name: 'Cerebras',
  terms: 'ok',
  keyUrl: 'https://cloud.cerebras.ai',
  protocols: ['openai-chat'],
  baseUrl: 'https://api.cerebras.ai/v1',
  modelsEndpoint: '/models',
  probe: 'GET /models',
  probeNote: 'proves the key, not its quota',
  trustedHosts: ['api.cerebras.ai'],
  dialect: {
    maxTokensField: 'max_completion_tokens',
    streamUsage: true,
    systemRole: 'system',
    effort: 'none',
    sampling: true,
    toolChoice: 'full',
    echoReasoning: 'none',
    emptyContent: 'omit',
  },
  // An overflow has no body here.
  errorRules: [{ status: [413], kind: 'context_overflow' }],
  auth: [
    {
      id: 'api-key',
      kind: 'api_key',
      headless: true,
      enabled: true,
      status: 'verified',
      env: ['CEREBRAS_API_KEY'],
      header: 'authorization',
      scheme: 'Bearer',
      prefixes: ['csk-'],
      rejectPrefixes: ['sk-ant-', 'sk-or-v1-', 'sk-proj-', 'sk-kimi-'],
      modelsEndpointWorks: true,
      quirks: ['keys do not expire; the free tier has a window of 65 k'],
    },
  ],
  models: [
    { id: 'gpt-oss-120b', name: 'GPT OSS 120B', ...open, dialect: { effort: 'reasoning_effort' } },
    { id: 'qwen-3.8-27b', name: 'Qwen 3.8 27B', ...open },
  ],
  sources: {
    '*': 'pi-ai 1.5.2 (autumn 2026); the prefix csk- is inferred',
    dialect: 'pi-mono (Mar 2026): no store, no developer role',
    errorRules: 'pi-mono (Mar 2026): 400 and 413 without a body',
    models: 'pi-ai 1.5.2 model catalogue (autumn 2026)',
  },
}
