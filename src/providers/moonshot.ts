import type { ModelEntry, ProviderEntry } from './entry.ts'

const EFFORTS = { low: 'low', medium: 'high', high: 'high' }

/** K3: an effort of three levels. */
const k3 = {
  contextTokens: 1_048_576,
  outputTokens: 0,
  input: ['text', 'image'],
  tools: true,
  reasoning: true,
  sampling: false,
  dialect: { effort: 'reasoning_effort', effortMap: EFFORTS },
} as const satisfies Omit<ModelEntry, 'id'>
/** K2.7: always thinks, refuses every field about it, takes no forced tool. */
const k27 = {
  contextTokens: 262_144,
  outputTokens: 0,
  input: ['text', 'image'],
  tools: true,
  reasoning: true,
  sampling: false,
  dialect: { effort: 'none', toolChoice: 'autoOnly' },
} as const satisfies Omit<ModelEntry, 'id'>

export const moonshot: ProviderEntry = {
  id: 'moonshot',
  name: 'Moonshot Open Platform',
  terms: 'ok',
  keyUrl: 'https://platform.kimi.ai/console/api-keys',
  routes: [
    {
      to: 'kimi-code',
      auth: ['device'],
      keyPrefixes: ['sk-kimi-'],
      note: 'the device sign-in belongs to Kimi Code: its token is not valid on api.moonshot.*',
    },
  ],
  protocols: ['openai-chat', 'anthropic-messages'],
  baseUrl: 'https://api.moonshot.ai/v1',
  baseUrls: { 'openai-chat': 'https://api.moonshot.ai/v1', 'anthropic-messages': 'https://api.moonshot.ai/anthropic' },
  regions: {
    global: {
      baseUrl: 'https://api.moonshot.ai/v1',
      baseUrls: { 'openai-chat': 'https://api.moonshot.ai/v1', 'anthropic-messages': 'https://api.moonshot.ai/anthropic' },
    },
    china: { baseUrl: 'https://api.moonshot.cn/v1', baseUrls: { 'openai-chat': 'https://api.moonshot.cn/v1' } },
  },
  defaultRegion: 'global',
  modelsEndpoint: '/models',
  modelsList: { context: 'context_length' },
  probe: 'GET /users/me/balance',
  probeFunds: { path: 'data.available_balance', above: 0 },
  trustedHosts: ['api.moonshot.ai', 'api.moonshot.cn'],
  dialect: {
    maxTokensField: 'max_tokens',
    streamUsage: true,
    systemRole: 'system',
    effort: 'thinking',
    sampling: false,
    toolChoice: 'full',
    echoReasoning: 'required',
    emptyContent: 'omit',
  },
  errorRules: [
    {
      status: [401],
      codes: ['invalid_authentication_error', 'incorrect_api_key_error'],
      kind: 'auth',
      hint: 'keys belong to a region: `region = "china"` speaks to api.moonshot.cn',
    },
    { status: [400, 413], contains: 'exceeded model token limit', kind: 'context_overflow' },
    { status: [400, 413], contains: 'total message size', kind: 'context_overflow' },
    { status: [400], contains: 'considered high risk', kind: 'content_filter' },
    { status: [400], codes: ['content_filter'], kind: 'content_filter' },
    { status: [404], codes: ['resource_not_found_error'], kind: 'not_found' },
    { status: [429], codes: ['exceeded_current_quota_error'], kind: 'quota', hint: 'the balance of the account is used up' },
    { status: [429], codes: ['engine_overloaded_error'], kind: 'overloaded' },
    { status: [429], codes: ['rate_limit_reached_error'], kind: 'rate_limit' },
  ],
  auth: [
    {
      id: 'api-key',
      kind: 'api_key',
      headless: true,
      enabled: true,
      status: 'verified',
      env: ['MOONSHOT_API_KEY'],
      header: 'authorization',
      scheme: 'Bearer',
      rejectPrefixes: ['sk-ant-', 'sk-or-v1-', 'sk-proj-'],
      modelsEndpointWorks: true,
      quirks: ['keys are bound to a region', 'inference is refused when data.available_balance <= 0'],
    },
  ],
  models: [
    { id: 'kimi-k3', name: 'Kimi K3', ...k3 },
    { id: 'kimi-k3.1-pro', name: 'Kimi K3.1 Pro', ...k3 },
    { id: 'kimi-k3.1-pro-highspeed', name: 'Kimi K3.1 Pro, high speed', ...k3 },
    { id: 'kimi-k2.7-code', name: 'Kimi K2.7 Code', ...k27 },
    { id: 'kimi-k2.7-code-highspeed', name: 'Kimi K2.7 Code, high speed', ...k27 },
    { id: 'kimi-k2.6', name: 'Kimi K2.6', ...k27, dialect: { effort: 'thinking' } },
  ],
  sources: {
    '*': 'Moonshot Open Platform documentation and kimi-cli 1.49 (Jul 2026), cross-read with pi-ai 1.5.2 (autumn 2026)',
    regions: 'kimi-cli 1.49 (Jul 2026), openclaw 2026.9.6 (Sep 2026): keys of .ai and .cn are not interchangeable',
    probe: 'Moonshot Open Platform, balance API page (2026)',
    baseUrls: 'public measurements of the Anthropic-style endpoint (shunt, Aug 2026); none is known for .cn',
    dialect: 'kimi-code 2.1.0, protocol modules (autumn 2026); openclaw 2026.9.6',
    errorRules: 'kimi-code 2.1.0, error module (autumn 2026); Moonshot error reference',
    models: 'pi-ai 1.5.2 model catalogue (autumn 2026); image input is inferred where the list of the account does not say',
  },
}
