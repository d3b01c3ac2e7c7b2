import type { ProviderEntry } from './entry.ts'
import { openai } from './openai.ts'

export const openaiChatgpt: ProviderEntry = {
  id: 'openai-chatgpt',
  name: 'OpenAI, Sign in with ChatGPT',
  terms: 'personal',
  termsNote: 'Sign in with ChatGPT is for open-source and local apps; paid or hosted ones need an agreement with OpenAI.',
  termsNoteOn: ['auth'],
  protocols: ['openai-responses'],
  baseUrl: 'https://api.openai.com/v1',
  trustedHosts: ['api.openai.com'],
  authHosts: ['auth.openai.com'],
  auth: [
    {
      id: 'siwc',
      kind: 'oauth_pkce',
      headless: false,
      enabled: true,
      status: 'verified',
      header: 'authorization',
      scheme: 'Bearer',
      clientId: 'dynamic_agent_client',
      // It travels in the redirect: a code alone is not enough.
      clientIdFromCallback: true,
      authorizeUrl: 'https://auth.openai.com/api/accounts/authorize',
      tokenUrl: 'https://auth.openai.com/api/accounts/oauth/token',
      scopes: ['openid', 'profile', 'email', 'offline_access', 'resource.invoke', 'chatgpt.tokens.use.direct'],
      requiredGrantedScope: 'chatgpt.tokens.use.direct',
      redirectUris: ['http://127.0.0.1:1455/auth/callback'],
      authorizeParams: {
        agent_name_hint: 'claw',
        ext_agent_host_id: 'urn:uuid:{installation_uuid}',
        resource: 'https://api.openai.com/v1',
      },
      nonce: true,
      pkceMethod: 'S256',
      stateInBody: false,
      tokenBody: 'form',
      refreshBody: 'form',
      tokenParams: { resource: 'https://api.openai.com/v1' },
      requiresIdTokenOnExchange: true,
      accessTtlS: 3_600,
      earliestRefreshField: 'earliest_refresh_at',
      bufferS: 180,
      quirks: [
        'the issued client id is stored with the credential and used for its refreshes',
        'the redirect says 127.0.0.1, not localhost',
        'every refresh brings a new refresh token, which lives 30 days',
        'paid or hosted apps need an agreement with OpenAI',
      ],
    },
  ],
  models: openai.models,
  sources: {
    '*': 'OpenAI developer pages on Sign in with ChatGPT (autumn 2026) and pi-ai 1.5.2, which has the same flow (autumn 2026)',
    models: 'as at the Platform, which answers them (autumn 2026)',
  },
}
