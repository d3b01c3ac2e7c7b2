import type { ModelEntry, ProviderEntry } from './entry.ts'

const open = {
  contextTokens: 131_072,
  input: ['text'],
  tools: true,
  reasoning: true,
  sampling: true,
} as const satisfies Omit<ModelEntry, 'id' | 'outputTokens'>

export const groq: ProviderEntry = {
  id: 'groq',
  name: 'Groq',
  terms: 'ok',
  protocols: ['openai-chat'],
  baseUrl: 'https://api.groq.com/openai/v1',
  modelsEndpoint: '/models',
  probe: 'GET /models',
  probeNote: 'proves the key, not its quota',
  trustedHosts: ['api.groq.com'],
  dialect: {
    maxTokensField: 'max_completion_tokens',
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
    { status: [400], contains: 'reduce the length of the messages', kind: 'context_overflow' },
    {
      codes: ['tool_use_failed'],
      kind: 'invalid_request',
      hint: 'the model wrote a call of a tool that is none: try again or another model',
    },
  ],
  auth: [
    {
      id: 'api-key',
      kind: 'api_key',
      headless: true,
      enabled: true,
      status: 'verified',
      env: ['GROQ_API_KEY'],
      header: 'authorization',
      scheme: 'Bearer',
      prefixes: ['gsk_'],
      rejectPrefixes: ['sk-ant-', 'sk-or-v1-', 'sk-proj-', 'sk-kimi-'],
      modelsEndpointWorks: true,
    },
  ],
  models: [
    { id: 'openai/gpt-oss-120b', name: 'GPT OSS 120B', ...open, outputTokens: 65_536, dialect: { effort: 'reasoning_effort' } },
    { id: 'llama-3.3-70b-versatile', name: 'Llama 3.3 70B', ...open, outputTokens: 32_768, reasoning: false },
    { id: 'qwen/qwen3.8-27b', name: 'Qwen 3.8 27B', ...open, outputTokens: 16_384 },
  ],
  sources: {
    '*': 'pi-ai 1.5.2 (autumn 2026); prefix: gitleaks rules (2026)',
    dialect: 'recordings of pydantic-ai and Vercel AI SDK (2026)',
    errorRules: 'recordings of pydantic-ai and Vercel AI SDK (2026)',
    models: 'pi-ai 1.5.2 model catalogue (autumn 2026)',
  },
}
