import { authorizationPage } from './authorization-page.ts'
import type { Dialect } from '../dialect.ts'
import { tokenDialect } from './token-dialect.ts'

/** No word about how long a token lives, and a principal that goes back with each refresh. */
const tokens = tokenDialect({
  name: 'xai',
  devicePath: '/auth.x.ai/oauth2/device/code',
  tokenPath: '/auth.x.ai/oauth2/token',
  revokePath: null,
  hasEmptyUri: false,
  scope: null,
  hidesLifetime: true,
  echoes: { principal_type: 'user', principal_id: 'sandbox-user' },
})

const authorize = authorizationPage({
  name: 'xai',
  path: '/auth.x.ai/oauth2/authorize',
  clients: ['b1a00492-073a-47ea-816f-4c329264a828'],
  redirects: [/^http:\/\/127\.0\.0\.1:\d+\/callback$/],
  wants: ['state', 'nonce', 'scope', 'plan'],
})

/** xAI's sign-ins: by device code, and in a browser. */
export const xai: readonly Dialect[] = [tokens, authorize]
