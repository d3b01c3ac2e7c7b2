import { tokenDialect } from './token-dialect.ts'

/** xAI's device sign-in: no word about how long a token lives. */
export const xai = tokenDialect({
  name: 'xai',
  devicePath: '/auth.x.ai/oauth2/device/code',
  tokenPath: '/auth.x.ai/oauth2/token',
  revokePath: null,
  hasEmptyUri: false,
  scope: null,
  hidesLifetime: true,
})
