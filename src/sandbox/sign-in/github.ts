import { tokenDialect } from './token-dialect.ts'
import type { TokenStyle } from './token-style.ts'

/** A token of the editor's app, as most seats get it: it has no end. */
const ENDLESS: TokenStyle = { access: ({ id }) => `ghu_sandbox${letters(id)}`, refresh: () => null, lifetimeS: null }
/** As some get it: eight hours, and a refresh token that is good once. */
const ENDING: TokenStyle = { access: ENDLESS.access, refresh: (id) => `ghr_sandbox${letters(id)}` }

/** GitHub's device sign-in: errors come with 200, and `slow_down` brings its interval. */
export const github = tokenDialect({
  name: 'github',
  devicePath: '/github.com/login/device/code',
  tokenPath: '/github.com/login/oauth/access_token',
  revokePath: null,
  hasEmptyUri: false,
  scope: 'read:user',
  errorStatus: 200,
  deadWord: 'bad_refresh_token',
  style: ({ accessLifetimeS }) => (accessLifetimeS === undefined ? ENDLESS : ENDING),
})

function letters(id: string): string {
  return id.replace(/[-_]/g, 'x')
}
