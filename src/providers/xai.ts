import type { AuthEntry, ModelEntry, ProviderEntry } from './entry.ts'

const SINGLE_USE = 'a refresh token is good for one refresh; the spent one is taken for 60 s more, then its reuse revokes the family'
const SCOPES = ['openid', 'profile', 'email', 'offline_access', 'grok-cli:access', 'api:access']

/** What both grants have in common: the client of xAI's own CLI, which xAI has not opened to everybody. */
const grant = {
  enabled: false,
  offReason: 'it passes for the CLI of xAI itself; xAI has welcomed named tools only, and advises a key for CI',
  terms: 'personal',
  status: 'verified',
  header: 'authorization',
  scheme: 'Bearer',
  clientId: 'b1a00492-073a-47ea-816f-4c329264a828',
  tokenUrl: 'https://auth.x.ai/oauth2/token',
  tokenBody: 'form',
  refreshBody: 'form',
  scopes: SCOPES,
  defaultAccessTtlS: 3_600,
  deadRefreshCodes: ['invalid_grant', 'invalid_client'],
  echoOnRefresh: ['principal_type', 'principal_id'],
  bufferS: 300,
} as const satisfies Partial<AuthEntry>

const auth: readonly AuthEntry[] = [
  {
    id: 'api-key',
    kind: 'api_key',
    headless: true,
    enabled: true,
    status: 'verified',
    env: ['XAI_API_KEY'],
    header: 'authorization',
    scheme: 'Bearer',
    prefixes: ['xai-'],
    rejectPrefixes: ['sk-ant-', 'sk-or-v1-', 'sk-proj-', 'sk-kimi-'],
    modelsEndpointWorks: true,
  },
  {
    ...grant,
    id: 'device',
    kind: 'oauth_device',
    headless: true,
    deviceUrl: 'https://auth.x.ai/oauth2/device/code',
    discoveryUrl: 'https://auth.x.ai/.well-known/openid-configuration',
    deviceBody: 'form',
    deviceParams: { referrer: 'claw' },
    fatalPollErrors: ['access_denied', 'authorization_denied', 'expired_token'],
    verificationHttpsOnly: true,
    notEnabledStatus: 404,
    quirks: [
      SINGLE_USE,
      'a page of HTML in place of an answer is a challenge for browsers: tried again, three times at the most',
      'some plans get 403 on api.x.ai; the host of the CLI (cli-chat-proxy.grok.com) wants that client to be imitated: by configuration only',
    ],
  },
  {
    ...grant,
    id: 'oauth',
    kind: 'oauth_pkce',
    headless: false,
    authorizeUrl: 'https://auth.x.ai/oauth2/authorize',
    redirectUris: ['http://127.0.0.1:{port}/callback'],
    preferredPort: 56_121,
    authorizeParams: { plan: 'generic', referrer: 'claw' },
    nonce: true,
    pkceMethod: 'S256',
    stateInBody: false,
    quirks: [SINGLE_USE, 'any port of loopback is taken'],
  },
]

const grok = {
  contextTokens: 500_000,
  outputTokens: 0,
  input: ['text', 'image'],
  tools: true,
  reasoning: true,
} as const satisfies Omit<ModelEntry, 'id'>

export const xai: ProviderEntry = {
  id: 'xai',
  name: 'xAI',
  terms: 'ok',
  keyUrl: 'https://console.x.ai',
  protocols: ['openai-responses', 'openai-chat', 'anthropic-messages'],
  baseUrl: 'https://api.x.ai/v1',
  baseUrls: {
    'openai-responses': 'https://api.x.ai/v1',
    'openai-chat': 'https://api.x.ai/v1',
    'anthropic-messages': 'https://api.x.ai',
  },
  modelsEndpoint: '{origin}/v1/models',
  probe: 'GET {origin}/v1/api-key',
  probeNote: 'proves the key and that its team is not blocked, not that there is credit',
  trustedHosts: ['api.x.ai', 'cli-chat-proxy.grok.com'],
  authHosts: ['auth.x.ai'],
  dialect: {
    maxTokensField: 'max_completion_tokens',
    streamUsage: true,
    systemRole: 'system',
    effort: 'none',
    toolChoice: 'full',
    echoReasoning: 'reasoning_content',
    emptyContent: 'omit',
    outputExcludesReasoning: true,
  },
  errorRules: [
    { status: [400], contains: 'Incorrect API key', kind: 'auth' },
    { status: [400], contains: 'maximum prompt length', kind: 'context_overflow' },
    { contains: 'The service is currently unavailable', kind: 'overloaded' },
    { contains: 'Timed out waiting for first token', kind: 'overloaded' },
    { status: [403], kind: 'forbidden', hint: 'the team has no credit or the key no permission; some plans are refused on api.x.ai' },
  ],
  auth,
  models: [
    { id: 'grok-4.7', name: 'Grok 4.7', ...grok },
    { id: 'grok-4.6', name: 'Grok 4.6', ...grok, dialect: { effort: 'reasoning_effort' } },
    { id: 'grok-4.5', name: 'Grok 4.5', ...grok, dialect: { effort: 'reasoning_effort' } },
    { id: 'grok-4.3', name: 'Grok 4.3', ...grok, contextTokens: 1_000_000, outputTokens: 30_000 },
  ],
  sources: {
    '*': 'pi-ai 1.5.2 (autumn 2026), openclaw 2026.9.6 (Sep 2026), xai-org/grok-build (Aug 2026)',
    probe: 'xAI API reference (2026), page on API keys',
    baseUrls: 'Vercel AI SDK recordings of /v1/messages (2026)',
    dialect: 'recordings of Vercel AI SDK, fantasy and Ruby clients (2026); efforts by model: xAI documentation (2026)',
    errorRules: 'recorded answers of Ruby clients and Vercel AI SDK (2026)',
    'auth.device': 'pi-ai 1.5.2, xai-org/grok-build (Aug 2026); discovery: openclaw 2026.9.6',
    'auth.oauth': 'xai-org/grok-build (Aug 2026), opencode (2026)',
    models: 'pi-ai 1.5.2 model catalogue (autumn 2026); image input is inferred',
  },
}
