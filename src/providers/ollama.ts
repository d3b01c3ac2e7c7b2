import type { ProviderEntry } from './entry.ts'

export const ollama: ProviderEntry = {
  id: 'ollama',
  name: 'Ollama',
  terms: 'ok',
  keyUrl: 'https://ollama.com/settings/keys',
  local: true,
  protocols: ['openai-chat'],
  // Not `localhost`: whoever resolves the name decides where it leads, and often to IPv6 first.
  baseUrl: 'http://127.0.0.1:11434/v1',
  modelsEndpoint: '/models',
  probe: 'GET {origin}/api/version',
  probeNote: 'proves that the server runs, not that it has the model',
  trustedHosts: ['127.0.0.1:11434'],
  dialect: {
    maxTokensField: 'max_tokens',
    streamUsage: true,
    systemRole: 'system',
    effort: 'reasoning_effort',
    effortMap: { low: 'low', medium: 'medium', high: 'high' },
    sampling: true,
    toolChoice: 'autoOnly',
    echoReasoning: 'none',
    emptyContent: 'omit',
  },
  errorRules: [
    { status: [404], contains: 'not found', kind: 'not_found', hint: 'pull the model first: `ollama pull MODEL`' },
    { status: [400], contains: 'prompt too long', kind: 'context_overflow' },
  ],
  auth: [
    {
      id: 'none',
      kind: 'none',
      headless: true,
      enabled: true,
      status: 'verified',
      quirks: [
        '/v1 is reported to break tool calls of some models; plain prompts are fine',
        'the cloud is https://ollama.com with OLLAMA_API_KEY as bearer: a provider of its own in the configuration',
        'a local server cuts a prompt that is too long without saying so',
        'the first answer may take a minute while the model is loaded',
      ],
    },
  ],
  models: [],
  sources: {
    '*': 'Ollama documentation, OpenAI compatibility and API pages (2026), openclaw 2026.9.6 (Sep 2026)',
    dialect: 'Ollama documentation, OpenAI compatibility (2026); recorded streams of ruby clients (2026)',
    errorRules: 'recorded answers of public Ruby clients (2026)',
  },
}
