import type { ModelEntry, ProviderEntry } from './entry.ts'

const mistralModel = {
  contextTokens: 262_144,
  outputTokens: 262_144,
  input: ['text'],
  tools: true,
  reasoning: false,
  sampling: true,
} as const satisfies Omit<ModelEntry, 'id'>

export const mistral: ProviderEntry = {
  id: 'mistral',
  name: 'Mistral',
  terms: 'ok',
  protocols: ['openai-chat'],
  baseUrl: 'https://api.mistral.ai/v1',
  modelsEndpoint: '/models',
  probe: 'GET /models',
  probeNote: 'proves the key, not its quota',
  trustedHosts: ['api.mistral.ai'],
  dialect: {
    maxTokensField: 'max_tokens',
    streamUsage: false,
    systemRole: 'system',
    effort: 'none',
    sampling: true,
    toolChoice: 'full',
    echoReasoning: 'none',
    emptyContent: 'omit',
  },
  auth: [
    {
      id: 'api-key',
      kind: 'api_key',
      headless: true,
      enabled: true,
      status: 'verified',
      env: ['MISTRAL_API_KEY'],
      header: 'authorization',
      scheme: 'Bearer',
      rejectPrefixes: ['sk-ant-', 'sk-or-v1-', 'sk-proj-', 'sk-kimi-'],
      modelsEndpointWorks: true,
      quirks: ['ids of tool calls are 9 letters and digits when they are sent back: reported'],
    },
  ],
  models: [
    { id: 'mistral-large-4', name: 'Mistral Large 4', ...mistralModel, contextTokens: 1_048_576 },
    { id: 'mistral-medium-3.5', name: 'Mistral Medium 3.5', ...mistralModel },
    { id: 'devstral-latest', name: 'Devstral', ...mistralModel },
  ],
  sources: {
    '*': 'pi-ai 1.5.2 (autumn 2026); keys of 32 letters and digits: gitleaks rules (2026)',
    dialect: 'recordings of Ruby clients and Vercel AI SDK (2026): usage comes without asking',
    models: 'pi-ai 1.5.2 model catalogue (autumn 2026)',
  },
}
