import { credentialOf, isTaken, type TakenCredential } from './credential.ts'
import { type Dialect, json } from './dialect.ts'
import { tokenDialect } from './sign-in/token-dialect.ts'

const MODELS = ['kimi-for-coding', 'k3']
const TAKEN: readonly TakenCredential[] = [
  { header: 'authorization', scheme: 'Bearer', prefixes: ['sk-kimi-'], isToken: true },
  { header: 'x-api-key', scheme: null, prefixes: ['sk-kimi-'], isToken: true },
]

/** Kimi's device sign-in: errors with 400, and a page that is named with the code in it only. */
function signIn(host: string): Dialect {
  return tokenDialect({
    name: 'kimi-oauth',
    devicePath: `/${host}/api/oauth/device_authorization`,
    tokenPath: `/${host}/api/oauth/token`,
    revokePath: null,
    hasEmptyUri: true,
    scope: 'kimi-code',
  })
}

/** The account, models and quota of Kimi Code, and the OpenAI-style base, which takes clients of the vendor's list only. */
function account(host: string): Dialect {
  const base = `/${host}/coding/v1`
  return {
    name: 'kimi-account',
    answer(request, world) {
      if (!request.path.startsWith(`${base}/`) || request.path === `${base}/messages`) return undefined
      const sent = credentialOf(request)
      if (typeof sent !== 'object' || !isTaken(sent, TAKEN, world))
        return json(401, {
          error: { type: 'invalid_authentication_error', message: 'The API Key appears to be invalid or may have expired.' },
        })
      switch (`${request.method} ${request.path.slice(base.length)}`) {
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
}

/** Both regions: each has a sign-in host and an account of its own. */
export const kimi: readonly Dialect[] = [signIn('auth.kimi.com'), signIn('auth.kimi.ai'), account('api.kimi.com'), account('api.kimi.ai')]
