import { accepts, credentialOf } from './credential.ts'
import { type Dialect, json } from './dialect.ts'
import { messagesDialect } from './anthropic-messages.ts'
import { tokenDialect } from './token-dialect.ts'

const KEYS = ['sk-kimi-sandbox']
const MODELS = ['kimi-for-coding', 'k3']

/** Kimi's device sign-in: errors with 400, and a page that is named with the code in it only. */
export const kimiSignIn: Dialect = tokenDialect({
  name: 'kimi-oauth',
  devicePath: '/api/oauth/device_authorization',
  tokenPath: '/api/oauth/token',
  revokePath: null,
  hasEmptyUri: true,
  scope: 'kimi-code',
})

/** Kimi Code in the Anthropic style: no space after the field names, always the one model name, and its thinking comes back. */
export const kimiMessages: Dialect = messagesDialect({
  name: 'kimi-messages',
  base: '/coding',
  keyPrefixes: KEYS,
  bearers: KEYS,
  takesTokensAsKeys: true,
  needsVersion: false,
  models: null,
  answersAs: 'kimi-for-coding',
  isSpaced: false,
  thinks: true,
})

/** The account, models and quota of Kimi Code, and the OpenAI-style base, which takes clients of the vendor's list only. */
export const kimiAccount: Dialect = {
  name: 'kimi-account',
  answer(request, world) {
    if (!request.path.startsWith('/coding/v1/')) return undefined
    const credential = credentialOf(request)
    if (typeof credential !== 'object' || !accepts(credential.value, KEYS, world))
      return json(401, {
        error: { type: 'invalid_authentication_error', message: 'The API Key appears to be invalid or may have expired.' },
      })
    switch (`${request.method} ${request.path.slice('/coding/v1'.length)}`) {
      case 'GET /me':
        return json(200, { user_id: 'sandbox-user', user_level_name: 'Sandbox', status: 'active', region: 'sandbox' })
      case 'GET /usages': {
        const window = { used_ratio: 0.1, reset_time: new Date(world.clock.wall() + 3_600_000).toISOString() }
        return json(200, { limit_5h: window, limit_7d: window, limit_month_total: window })
      }
      case 'GET /models':
        return json(200, { data: MODELS.map((id) => ({ id, context_length: 262_144, supports_reasoning: true })) })
      case 'POST /chat/completions':
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
