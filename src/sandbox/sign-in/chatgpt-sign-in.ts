import type { ServedRequest } from '../../platform/served-request.ts'
import { authorizationPage } from './authorization-page.ts'
import { type Dialect, formOf, json, page, type Reply, type SandboxWorld } from '../dialect.ts'
import { granting, tokenFault } from './granting.ts'
import { type JournalNote, shortHash } from '../journal.ts'
import type { Tokens } from './token-families.ts'
import { jwt } from './token-style.ts'

const HOST = '/auth.openai.com'
const CODEX_CLIENT = 'app_EMoamEEZ73f0CkXaXp7hrann'
/** Earlier than so after the issue a refresh is not welcome, s. */
const EARLIEST_REFRESH_S = 1_800

/** Where Codex signs in: no port but two, and a state that stays out of the exchange. */
const codex: Dialect = authorizationPage({
  name: 'openai-oauth',
  path: `${HOST}/oauth/authorize`,
  clients: [CODEX_CLIENT],
  redirects: [/^http:\/\/localhost:(?:1455|1457)\/auth\/callback$/],
  wants: ['state', 'scope', 'originator'],
})

/** Where everybody else signs in with ChatGPT: the client is issued to the installation, and comes with the redirect. */
const authorize: Dialect = authorizationPage({
  name: 'chatgpt-oauth',
  path: `${HOST}/api/accounts/authorize`,
  clients: ['dynamic_agent_client'],
  redirects: [/^http:\/\/127\.0\.0\.1:1455\/auth\/callback$/],
  wants: ['state', 'nonce', 'scope', 'resource', 'agent_name_hint', 'ext_agent_host_id'],
  issues: ({ query }) => `agent_sandbox_${shortHash(query.get('ext_agent_host_id') ?? '')}`,
})

const tokens: Dialect = {
  name: 'chatgpt-oauth',
  answer(request, world) {
    return request.method === 'POST' && request.path === `${HOST}/api/accounts/oauth/token` ? token(request, world) : undefined
  },
}

export const chatGptSignIn: readonly Dialect[] = [codex, authorize, tokens]

function token(request: ServedRequest, world: SandboxWorld): Reply {
  const form = formOf(request) ?? new URLSearchParams()
  const text = (name: string) => form.get(name) ?? ''
  const grantType = text('grant_type')
  const known = grantType === 'authorization_code' || grantType === 'refresh_token' ? grantType : 'other'
  const fault = tokenFault(world, { grantType: known })
  if (fault) return fault
  if (known === 'other') return refused('unsupported_grant_type', { grantType: known })
  const note = { grantType: known, token: shortHash(text(known === 'refresh_token' ? known : 'code')) }
  // The token is for one resource (RFC 8707), and says so each time.
  if (text('resource') === '') return refused('invalid_target', note)
  if (known === 'refresh_token') return refresh(text('refresh_token'), text('client_id'), world, note)
  const redemption = { code: text('code'), redirectUri: text('redirect_uri'), verifier: text('code_verifier') }
  const given = form.has('state') ? undefined : world.authorization.codes.redeem({ ...redemption, clientId: text('client_id') })
  if (!given) return refused('invalid_grant', note)
  const now = Math.floor(world.clock.wall() / 1_000)
  const issued = world.authorization.tokens.issue(text('client_id'))
  const scope = world.scenario.isUnfit ? 'openid profile email' : given.scope
  const idToken = jwt({
    sub: 'sandbox-user',
    email: 'somebody@sandbox.example',
    aud: given.clientId,
    iat: now,
    exp: now + 3_600,
    nonce: given.nonce,
  })
  return granting(world, { ...answerOf(issued, world), id_token: idToken, scope }, 'access_token', { ...note, note: 'granted' })
}

function refresh(refreshToken: string, clientId: string, world: SandboxWorld, note: JournalNote): Reply {
  if (world.scenario.refresh === 'busy') return json(503, { error: 'temporarily_unavailable' }, note, { 'retry-after': '1' })
  if (world.scenario.refresh === 'forbidden') return { ...page(403, 'Forbidden', '<h1>Access denied</h1>'), note }
  const refreshed = world.authorization.tokens.refresh(refreshToken, clientId)
  const told = { ...note, generation: refreshed.generation, note: refreshed.kind }
  if (!('tokens' in refreshed)) return refused('invalid_grant', told)
  if (world.scenario.refresh === 'lost') return { status: 200, isCut: true, note: { ...told, note: 'answer lost' } }
  return granting(world, answerOf(refreshed.tokens, world), 'access_token', told)
}

function answerOf({ accessToken, refreshToken, expiresInS }: Tokens, { clock }: SandboxWorld): Record<string, unknown> {
  return {
    access_token: accessToken,
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    token_type: 'Bearer',
    ...(expiresInS === null ? {} : { expires_in: expiresInS }),
    earliest_refresh_at: Math.floor(clock.wall() / 1_000) + Math.min(EARLIEST_REFRESH_S, Math.floor((expiresInS ?? 0) / 2)),
  }
}

function refused(error: string, note: JournalNote): Reply {
  return json(400, { error, error_description: 'the sandbox does not take this' }, { ...note, note: note.note ?? error })
}
