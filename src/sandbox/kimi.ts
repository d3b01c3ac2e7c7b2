import { accepts, messagesDialect } from './anthropic-messages.ts'
import { credentialOf, type Dialect, json } from './dialect.ts'
import { tokenDialect } from './token-dialect.ts'

const KEYS = ['sk-kimi-sandbox']
const MODELS = ['kimi-for-coding', 'k3']

/** Kimi's device sign-in: errors with 400, and a page that is named with the code in it only. */
export const kimiSignIn: Dialect = tokenDialect({
  name: 'kimi-oauth',
  devicePath: '/kimi/api/oauth/device_authorization',
  tokenPath: '/kimi/api/oauth/token',
  revokePath: null,
  hasEmptyUri: true,
})

/** Kimi Code in the Anthropic style: no space after the field names, always the one model name in the answer. */
export const kimiMessages: Dialect = messagesDialect({
  name: 'kimi-messages',
  base: '/coding',
  keyPrefixes: KEYS,
  models: MODELS,
  answersAs: 'kimi-for-coding',
  isSpaced: false,
})

/** The account and quota of Kimi Code, and the OpenAI-style base, which takes clients of the vendor's list only. */
export const kimiAccount: Dialect = {
  name: 'kimi-account',
  async answer(request, world) {
    if (!request.path.startsWith('/coding/v1/')) return undefined
    const credential = credentialOf(request)
    const isTaken = typeof credential === 'object' && accepts(credential.value, KEYS, world)
    if (!isTaken)
      return json(401, {
        error: { type: 'invalid_authentication_error', message: 'The API Key appears to be invalid or may have expired.' },
      })
    switch (request.path.slice('/coding/v1'.length)) {
      case '/me':
        return json(200, { user_id: 'sandbox-user', user_level_name: 'Sandbox', status: 'active', region: 'sandbox' })
      case '/usages': {
        const window = { used_ratio: 0.1, reset_time: new Date(world.clock.wall() + 3_600_000).toISOString() }
        return json(200, { limit_5h: window, limit_7d: window, limit_month_total: window })
      }
      case '/models':
        return json(200, { data: MODELS.map((id) => ({ id, context_length: 262_144, supports_reasoning: true })) })
      case '/chat/completions':
        return json(403, {
          error: {
            type: 'access_terminated_error',
            message: 'Kimi For Coding is currently only available for Coding Agents such as Kimi CLI.',
          },
        })
      default:
        return undefined
    }
  },
}
