import type { ModelEntry, ProviderEntry } from './entry.ts'

const gemini = {
  contextTokens: 1_048_576,
  outputTokens: 65_536,
  input: ['text', 'image'],
  tools: true,
  reasoning: true,
  sampling: true,
} as const satisfies Omit<ModelEntry, 'id'>

export const GOOGLE_MODELS: readonly ModelEntry[] = [
  { id: 'gemini-4-argon', name: 'Gemini 4 Argon', ...gemini, outputTokens: 32_768 },
  { id: 'gemini-3.8-flash', name: 'Gemini 3.8 Flash', ...gemini },
  { id: 'gemini-3.5-flash', name: 'Gemini 3.5 Flash', ...gemini },
  { id: 'gemini-3.1-pro-preview', name: 'Gemini 3.1 Pro, preview', ...gemini },
  { id: 'gemini-2.5-pro', name: 'Gemini 2.5 Pro', ...gemini },
  { id: 'gemini-2.5-flash', name: 'Gemini 2.5 Flash', ...gemini },
]

export const google: ProviderEntry = {
  id: 'google',
  name: 'Google Gemini API',
  aliases: ['gemini'],
  terms: 'ok',
  keyUrl: 'https://aistudio.google.com/apikey',
  ownProtocol: 'gemini',
  protocols: ['openai-chat'],
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
  modelsEndpoint: '/models',
  modelsIdPrefix: 'models/',
  probe: 'GET /models',
  probeNote: 'proves the key, not its quota',
  trustedHosts: ['generativelanguage.googleapis.com'],
  dialect: {
    maxTokensField: 'max_tokens',
    streamUsage: true,
    systemRole: 'system',
    effort: 'reasoning_effort',
    effortMap: { low: 'low', medium: 'medium', high: 'high' },
    sampling: true,
    toolChoice: 'full',
    echoReasoning: 'none',
    emptyContent: 'omit',
  },
  errorRules: [
    {
      status: [400],
      contains: 'Multiple authentication credentials received',
      kind: 'invalid_request',
      hint: 'the key goes out as Bearer and in no other header',
    },
    { status: [400], contains: 'API key not valid', kind: 'auth' },
    { status: [400, 403], contains: 'API key expired', kind: 'auth' },
    {
      status: [429],
      codes: ['RESOURCE_EXHAUSTED'],
      kind: 'rate_limit',
      hint: 'the limit of the minute or of the day: the answer does not say which',
    },
  ],
  auth: [
    {
      id: 'api-key',
      kind: 'api_key',
      headless: true,
      enabled: true,
      status: 'verified',
      env: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
      // The compatible endpoint takes the key as Bearer, and nothing beside it; the native paths take x-goog-api-key only.
      header: 'authorization',
      scheme: 'Bearer',
      prefixes: ['AIza', 'AQ.'],
      rejectPrefixes: ['sk-', 'ya29.'],
      warnPrefixes: { AIza: 'Google has announced that it refuses keys of this kind from September 2026 on: make a new one' },
      modelsEndpointWorks: true,
      quirks: [
        'the key is never put into the query',
        'native paths refuse a key as Bearer, the compatible ones two credentials at once',
        "Google's SDKs let GOOGLE_API_KEY win where both variables are set, claw GEMINI_API_KEY",
      ],
    },
  ],
  models: GOOGLE_MODELS,
  sources: {
    '*': 'pi-ai 1.5.2 (autumn 2026), gemini-cli 0.61.0 (2026)',
    baseUrl: 'Google AI documentation, OpenAI compatibility (2026), public probes of hermes-agent users (2026)',
    dialect: 'Google AI documentation, OpenAI compatibility (2026), beta: reported',
    errorRules: 'public probes of hermes-agent users (2026); texts of keys inferred',
    'auth.api-key': 'Google AI documentation on keys: AQ. since 28 May 2026, standard keys refused from September 2026',
    models: 'pi-ai 1.5.2 model catalogue (autumn 2026)',
  },
}
