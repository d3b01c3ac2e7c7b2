import { federation, OAUTH_BETA } from './anthropic-federation.ts'
import type { AuthEntry, ModelEntry, ProviderEntry } from './entry.ts'

const INPUT = ['text', 'image', 'pdf'] as const

const SUBSCRIPTION = 'Anthropic allows the sign-in of a subscription to its own tools only, and its servers refuse others'
const REJECTED = {
  'sk-ant-admin01-': 'an admin key of Anthropic, which answers no prompts',
  'sk-ant-ort01-': 'a refresh token of Anthropic, which is no credential by itself',
}

/** The subscription's own sign-in: no device grant, but a code that a page shows for copying. */
const oauth: AuthEntry = {
  id: 'oauth',
  kind: 'oauth_pkce',
  headless: false,
  enabled: false,
  terms: 'forbidden',
  offReason: SUBSCRIPTION,
  status: 'verified',
  header: 'authorization',
  scheme: 'Bearer',
  extraHeaders: OAUTH_BETA,
  clientId: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
  authorizeUrl: 'https://claude.ai/oauth/authorize',
  tokenUrl: 'https://platform.claude.com/v1/oauth/token',
  tokenUrlFallbacks: ['https://console.anthropic.com/v1/oauth/token'],
  scopes: ['org:create_api_key', 'user:profile', 'user:inference', 'user:sessions:claude_code', 'user:mcp_servers', 'user:file_upload'],
  redirectUris: ['http://localhost:{port}/callback'],
  preferredPort: 53_692,
  pasteRedirectUri: 'https://platform.claude.com/oauth/code/callback',
  pasteFormat: 'code#state',
  authorizeParams: { code: 'true' },
  pkceMethod: 'S256',
  stateInBody: true,
  tokenBody: 'json',
  refreshBody: 'json',
  bufferS: 300,
  accessTtlS: 28_800,
  deadRefreshCodes: ['invalid_grant'],
  requestTimeoutS: 30,
  quirks: [
    'state goes into the token request body',
    'the token endpoint is reported to answer 429 to a User-Agent that starts with claude-code/ or Mozilla',
    'not a device flow: an authorization code shown for copying',
    'any port of loopback is taken; https://claude.com/cai/oauth/authorize leads to the same page',
    'older clients asked for org:create_api_key, user:profile and user:inference alone',
    'a refresh token is good for one refresh',
  ],
}

const auth: readonly AuthEntry[] = [
  {
    id: 'api-key',
    kind: 'api_key',
    headless: true,
    enabled: true,
    status: 'verified',
    env: ['ANTHROPIC_API_KEY'],
    header: 'x-api-key',
    prefixes: ['sk-ant-api03-'],
    rejectPrefixes: ['sk-ant-admin01-', 'sk-ant-ort01-', 'sk-or-v1-', 'sk-proj-'],
    rejectNotes: REJECTED,
    modelsEndpointWorks: true,
  },
  {
    id: 'auth-token',
    kind: 'bearer',
    headless: true,
    enabled: true,
    status: 'verified',
    env: ['ANTHROPIC_AUTH_TOKEN'],
    header: 'authorization',
    scheme: 'Bearer',
    rejectPrefixes: ['sk-ant-api03-', 'sk-ant-admin01-', 'sk-ant-ort01-'],
    rejectNotes: REJECTED,
    extraHeadersByPrefix: { 'sk-ant-oat': OAUTH_BETA },
    quirks: [
      'never send x-api-key and authorization together',
      'an sk-ant-api03- value here is a user mistake: report it',
      'sk-ant-oat01- may also be a federation token',
    ],
  },
  {
    id: 'setup-token',
    kind: 'bearer',
    headless: true,
    enabled: false,
    terms: 'forbidden',
    offReason: SUBSCRIPTION,
    status: 'verified',
    env: ['CLAUDE_CODE_OAUTH_TOKEN', 'ANTHROPIC_OAUTH_TOKEN'],
    header: 'authorization',
    scheme: 'Bearer',
    prefixes: ['sk-ant-oat01-', 'sk-ant-oat-'],
    extraHeaders: OAUTH_BETA,
    accessTtlS: 31_536_000,
    quirks: [
      'inference-only scope, printed by `claude setup-token`, no refresh token',
      'foreign clients get 400 (only authorized for Claude Code)',
    ],
  },
  oauth,
  federation,
]

/** Models that reason by themselves, take an effort, and refuse every sampling field. */
const adaptive = {
  contextTokens: 1_000_000,
  outputTokens: 128_000,
  input: INPUT,
  tools: true,
  reasoning: true,
  sampling: false,
  dialect: { effort: 'reasoning_effort' },
} as const satisfies Omit<ModelEntry, 'id'>
/** Models whose thinking is given a budget of tokens. */
const budgeted = {
  contextTokens: 200_000,
  outputTokens: 64_000,
  input: INPUT,
  tools: true,
  reasoning: true,
  sampling: true,
  dialect: { effort: 'thinking' },
} as const satisfies Omit<ModelEntry, 'id'>

export const anthropic: ProviderEntry = {
  id: 'anthropic',
  name: 'Anthropic',
  aliases: ['claude'],
  terms: 'ok',
  defaultModel: 'claude-sonnet-5-5',
  keyUrl: 'https://platform.claude.com/settings/keys',
  protocols: ['anthropic-messages'],
  baseUrl: 'https://api.anthropic.com',
  baseUrlEnv: 'ANTHROPIC_BASE_URL',
  modelsEndpoint: '/v1/models?limit=1000',
  modelsList: { name: 'display_name' },
  probe: 'GET /v1/models?limit=1',
  probeNote: 'proves the key, not that the account has credit',
  trustedHosts: ['api.anthropic.com'],
  authHosts: ['api.anthropic.com', 'platform.claude.com', 'console.anthropic.com', 'claude.ai', 'claude.com'],
  headers: { 'anthropic-version': '2023-06-01' },
  errorRules: [
    {
      status: [400, 403],
      contains: 'only authorized for use with Claude Code',
      kind: 'client_not_allowed',
      hint: 'use an API key: a subscription token is for its own client only',
    },
    {
      status: [401],
      contains: 'OAuth authentication is currently not supported',
      kind: 'auth',
      hint: 'the bearer token needs the header `anthropic-beta: oauth-2025-04-20`',
    },
    {
      codes: ['enforced_spend_limit_reached', 'contract_spend_limit_reached', 'organization_on_hold'],
      kind: 'quota',
      hint: 'raise the spend limit in the Claude Console',
    },
    { contains: 'credit balance is too low', kind: 'quota', hint: 'add credit in the Claude Console' },
  ],
  limits: { requestMaxBytes: 32 * 1024 * 1024 },
  auth,
  models: [
    { id: 'claude-opus-5-5', name: 'Claude Opus 5.5', ...adaptive },
    { id: 'claude-sonnet-5-5', name: 'Claude Sonnet 5.5', ...adaptive },
    { id: 'claude-haiku-5-5', name: 'Claude Haiku 5.5', ...adaptive },
    { id: 'claude-fable-5-2', name: 'Claude Fable 5.2', ...adaptive },
    { id: 'claude-opus-5', name: 'Claude Opus 5', ...adaptive },
    { id: 'claude-opus-4-8', name: 'Claude Opus 4.8', ...adaptive },
    { id: 'claude-sonnet-5', name: 'Claude Sonnet 5', ...adaptive },
    { id: 'claude-sonnet-4-6', name: 'Claude Sonnet 4.6', ...adaptive, sampling: true, retiresNotBefore: '2027-02-17' },
    { id: 'claude-haiku-4-5', name: 'Claude Haiku 4.5', ...budgeted },
    { id: 'claude-sonnet-4-5', name: 'Claude Sonnet 4.5', ...budgeted, retires: '2026-11-30' },
  ],
  sources: {
    '*': 'Anthropic API documentation and TypeScript SDK 1.13 (Nov 2026), cross-read with pi-ai 1.5.2 (autumn 2026)',
    terms: 'Anthropic, legal and compliance page, authentication and credential use (Aug 2026)',
    headers:
      'Anthropic API versioning page (Nov 2026): 2026-10-21 exists and refuses temperature, top_p and top_k; 2023-06-01 has no end date',
    errorRules:
      'Anthropic API errors page (Nov 2026); the two refusals of subscription tokens as quoted in public issues of opencode and pi (2026)',
    limits: 'Anthropic API errors page (Nov 2026): 32 MB a request',
    'auth.auth-token': 'Anthropic, Claude Code authentication page (Nov 2026); claw-code, crates/api (Aug 2026)',
    'auth.setup-token': 'Anthropic, Claude Code authentication page, claude setup-token (Nov 2026)',
    'auth.oauth':
      'pi-ai 1.5.2 and hermes-agent Anthropic adapters (2026); which redirect hosts are in use: public reports on Claude Code 2.1.250',
    'auth.federation': 'Anthropic, workload identity federation guide and reference (Aug 2026), SDK lib/credentials (Nov 2026)',
    models: 'pi-ai 1.5.2 model catalogue (autumn 2026), retirements from the Anthropic model list (Nov 2026)',
    'models.sampling':
      'Vercel AI SDK, Anthropic provider (2026): the newest models refuse sampling fields; from which model on is inferred',
  },
}
