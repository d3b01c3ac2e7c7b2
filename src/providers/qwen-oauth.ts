import type { ProviderEntry } from './entry.ts'

/** Kept so that asking for it says what became of it. */
export const qwenOauth: ProviderEntry = {
  id: 'qwen-oauth',
  name: 'Qwen OAuth (retired 2026-04-15)',
  terms: 'retired',
  withdrawn: {
    since: '2026-04-15',
    why: 'Alibaba ended the free tier of Qwen OAuth on 2026-04-15',
    fix: 'use a key: claw auth --api-key dashscope --stdin',
    source: 'qwen-code 0.24.4 and openclaw 2026.9.6, which removed it (2026)',
  },
  protocols: ['openai-chat'],
  baseUrl: '',
  trustedHosts: [],
  authHosts: ['chat.qwen.ai'],
  auth: [
    {
      id: 'device',
      kind: 'oauth_device',
      headless: true,
      enabled: false,
      terms: 'retired',
      status: 'verified',
      header: 'authorization',
      scheme: 'Bearer',
      clientId: 'f0304373b74a44d2b584a3fb70ca9e56',
      deviceUrl: 'https://chat.qwen.ai/api/v1/oauth2/device/code',
      tokenUrl: 'https://chat.qwen.ai/api/v1/oauth2/token',
      deviceBody: 'form',
      tokenBody: 'form',
      refreshBody: 'form',
      deviceHeaders: { 'x-request-id': '{uuid}' },
      scopes: ['openid', 'profile', 'email', 'model.completion'],
      pkceMethod: 'S256',
      defaultIntervalS: 2,
      resourceUrlField: 'resource_url',
      bufferS: 30,
      quirks: [
        'PKCE inside the device grant: a poll carries the device code and the verifier',
        'some refreshes brought a new refresh token',
        'slow_down came with HTTP 429 and multiplied the interval by 1.5, up to 10 s',
      ],
    },
  ],
  models: [],
  sources: { '*': 'qwen-code 0.24.4 (2026), openclaw 2026.9.6 (Sep 2026)' },
}
