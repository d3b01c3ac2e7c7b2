import { credentialOf, isTaken } from '../credential.ts'
import { type Dialect, json, jsonOf } from '../dialect.ts'

const USAGE = '/chatgpt.com/backend-api/wham/usage'
const WHOAMI = '/auth.openai.com/api/accounts/v1/user-auth-credential/whoami'
const WINDOW = { used_percent: 10, limit_window_seconds: 18_000, reset_after_seconds: 3_600 }

/** The account behind a token of ChatGPT: its usage wants the account in a header, and a personal token says nothing itself. */
export const codexAccount: Dialect = {
  name: 'codex-account',
  answer(request, world) {
    if (request.method !== 'GET' || (request.path !== USAGE && request.path !== WHOAMI)) return undefined
    const sent = credentialOf(request)
    const taken = { header: 'authorization', scheme: 'Bearer', prefixes: ['at-'], isToken: true, realm: 'openai-codex' }
    if (typeof sent !== 'object' || !isTaken(sent, [taken], world)) return json(401, { detail: 'Unauthorized' })
    if (request.path === WHOAMI)
      return json(200, {
        email: null,
        chatgpt_user_id: 'sandbox-user',
        chatgpt_account_id: 'sandbox-account',
        chatgpt_plan_type: 'business',
        chatgpt_account_is_fedramp: false,
      })
    if (request.headers['chatgpt-account-id'] !== accountIn(sent.value))
      return json(401, { detail: 'Unauthorized' }, { note: 'no account' })
    return json(200, { plan_type: 'plus', rate_limit: { allowed: true, limit_reached: false, primary_window: WINDOW } })
  },
}

/** Whose a token is by its own claim; a personal one has none. */
function accountIn(token: string): string {
  const claims = jsonOf({ body: Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() }).get('https://api.openai.com/auth')
  const id = typeof claims === 'object' && claims !== null && 'chatgpt_account_id' in claims ? claims.chatgpt_account_id : undefined
  return typeof id === 'string' ? id : 'sandbox-account'
}
