import type { ServedRequest } from '../../platform/served-request.ts'
import { authorizationPage } from './authorization-page.ts'
import { type Dialect, json, jsonOf, type Reply, type SandboxWorld } from '../dialect.ts'
import { granting, tokenFault } from './granting.ts'
import { shortHash } from '../journal.ts'

/** The page without clients and states: a redirect to loopback, or the code itself. */
const authorize = authorizationPage({
  name: 'openrouter-oauth',
  path: '/openrouter.ai/auth',
  clients: null,
  redirects: [/^https:\/\//, /^http:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?\//],
  redirectParam: 'callback_url',
  showsCode: true,
})

/** What a code is exchanged for: a key without an end. */
const keys: Dialect = {
  name: 'openrouter-oauth',
  answer(request, world) {
    if (request.path !== '/openrouter.ai/api/v1/auth/keys') return undefined
    return request.method === 'POST' ? mint(request, world) : json(405, { error: { code: 405, message: 'Method not allowed' } })
  },
}

export const openRouterSignIn: readonly Dialect[] = [authorize, keys]

function mint(request: ServedRequest, world: SandboxWorld): Reply {
  const fields = jsonOf(request)
  const text = (name: string) => String(fields.get(name) ?? '')
  const note = { grantType: 'code', token: shortHash(text('code')) }
  const fault = tokenFault(world, note)
  if (fault) return fault
  if (text('code_challenge_method') !== 'S256')
    return json(400, { error: { code: 400, message: 'Invalid code_challenge_method' } }, { ...note, note: 'invalid_request' })
  // The redirect was named once, at the page: the exchange knows nothing of it.
  if (!world.authorization.codes.redeemUnbound({ code: text('code'), verifier: text('code_verifier') }))
    return json(403, { error: { code: 403, message: 'Invalid code or code_verifier' } }, { ...note, note: 'invalid_grant' })
  const key = world.authorization.tokens.mint(`sk-or-v1-sandbox-${shortHash(text('code'))}`)
  return granting(world, { key, user_id: 'sandbox-user' }, 'key', { ...note, note: 'granted' })
}
