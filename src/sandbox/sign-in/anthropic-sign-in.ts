import type { ServedRequest } from '../../platform/served-request.ts'
import { authorizationPage } from './authorization-page.ts'
import { type Dialect, json, jsonOf, page, type Reply, type SandboxWorld } from '../dialect.ts'
import { granting, tokenFault } from './granting.ts'
import { type JournalNote, shortHash } from '../journal.ts'
import type { Tokens } from './token-families.ts'
import type { TokenStyle } from './token-style.ts'

const CLIENT = '9d1c250a-e61b-44d9-88ed-5944d1962f5e'
const CODE_PAGE = '/platform.claude.com/oauth/code/callback'
const TOKEN_PATHS: readonly string[] = ['/platform.claude.com/v1/oauth/token', '/console.anthropic.com/v1/oauth/token']
/** What may be shown of a request: a code and a state of the sandbox, and nothing that a page could be made of. */
const SHOWN = /^[A-Za-z0-9_-]{1,200}$/

const STYLE: TokenStyle = { access: ({ id }) => `sk-ant-oat01-sandbox-${id}`, refresh: (id) => `sk-ant-ort01-sandbox-${id}` }

const authorize = ['/claude.ai/oauth/authorize', '/claude.com/cai/oauth/authorize'].map((path) =>
  authorizationPage({
    name: 'anthropic-oauth',
    path,
    clients: [CLIENT],
    redirects: [/^http:\/\/localhost:\d+\/callback$/, /^https?:\/\/[^?#]+\/oauth\/code\/callback$/],
    wants: ['state', 'scope', 'code'],
  }),
)

/** The page that shows `code#state` for copying. */
const codePage: Dialect = {
  name: 'anthropic-oauth',
  answer({ method, path, query }) {
    if (method !== 'GET' || path !== CODE_PAGE) return undefined
    const [code, state] = [query.get('code') ?? '', query.get('state') ?? '']
    if (!SHOWN.test(code) || !SHOWN.test(state)) return page(400, 'No code', '<h1>There is no code here</h1>')
    return page(200, 'Your code', `<h1>Paste this</h1><code>${code}#${state}</code>`)
  },
}

/** JSON, with the state of the redirect in the body. */
const tokens: Dialect = {
  name: 'anthropic-oauth',
  answer(request, world) {
    return request.method === 'POST' && TOKEN_PATHS.includes(request.path) ? token(request, world) : undefined
  },
}

export const anthropicSignIn: readonly Dialect[] = [...authorize, codePage, tokens]

function token(request: ServedRequest, world: SandboxWorld): Reply {
  const fields = jsonOf(request)
  const text = (name: string) => String(fields.get(name) ?? '')
  const grantType = text('grant_type')
  const known = grantType === 'authorization_code' || grantType === 'refresh_token' ? grantType : 'other'
  const fault = tokenFault(world, { grantType: known })
  if (fault) return fault
  if (known === 'other') return refused('unsupported_grant_type', { grantType: known })
  if (known === 'refresh_token') return refresh(text('refresh_token'), text('client_id'), world)
  const note = { grantType: known, token: shortHash(text('code')) }
  const given = world.authorization.codes.redeem({
    code: text('code'),
    clientId: text('client_id'),
    redirectUri: text('redirect_uri'),
    verifier: text('code_verifier'),
  })
  if (!given || given.state !== text('state')) return refused('invalid_grant', note)
  const issued = world.authorization.tokens.issue(CLIENT, STYLE)
  return granting(world, answerOf(issued, given.scope), 'access_token', { ...note, note: 'granted' })
}

function refresh(refreshToken: string, clientId: string, world: SandboxWorld): Reply {
  const note: JournalNote = { grantType: 'refresh_token', token: shortHash(refreshToken) }
  if (world.scenario.refresh === 'busy') return json(503, { error: 'temporarily_unavailable' }, note, { 'retry-after': '1' })
  if (world.scenario.refresh === 'forbidden') return { ...page(403, 'Forbidden', '<h1>Access denied</h1>'), note }
  const refreshed = world.authorization.tokens.refresh(refreshToken, clientId)
  const told = { ...note, generation: refreshed.generation, note: refreshed.kind }
  if (!('tokens' in refreshed)) return refused('invalid_grant', told)
  if (world.scenario.refresh === 'lost') return { status: 200, isCut: true, note: { ...told, note: 'answer lost' } }
  return granting(world, answerOf(refreshed.tokens), 'access_token', told)
}

function answerOf({ accessToken, refreshToken, expiresInS }: Tokens, scope?: string): Record<string, unknown> {
  return {
    token_type: 'Bearer',
    access_token: accessToken,
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    ...(expiresInS === null ? {} : { expires_in: expiresInS }),
    ...(scope === undefined ? {} : { scope }),
    account: { uuid: 'sandbox-account', email_address: 'somebody@sandbox.example' },
  }
}

function refused(error: string, note: JournalNote): Reply {
  return json(400, { error, error_description: 'the sandbox does not take this' }, { ...note, note: note.note ?? error })
}
