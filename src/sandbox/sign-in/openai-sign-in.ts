import type { ServedRequest } from '../../platform/served-request.ts'
import { challengeOf } from './authorization-codes.ts'
import { type Dialect, formOf, json, jsonOf, page, type Reply, type SandboxWorld } from '../dialect.ts'
import { deviceFault, granting, tokenFault } from './granting.ts'
import { type JournalNote, shortHash } from '../journal.ts'
import { jwt, type TokenFacts, type TokenStyle } from './token-style.ts'
import type { Tokens } from './token-families.ts'

const HOST = '/auth.openai.com'
/** Where the code of a device goes: nobody ever visits it. */
const DEVICE_REDIRECT = 'https://auth.openai.com/deviceauth/callback'
const ACCOUNT = { chatgpt_account_id: 'sandbox-account', chatgpt_plan_type: 'plus', chatgpt_user_id: 'sandbox-user' }

/** Tokens that say whose they are, as ChatGPT's do. */
const STYLE: TokenStyle = { access: (facts) => jwt(claimsOf(facts)), refresh: (id) => `rt_sandbox-${id}` }

/** The sign-in of ChatGPT: its own device flow, whose server makes the PKCE pair, and the token endpoint for codes of every origin. */
export const openAiSignIn: Dialect = {
  name: 'openai-oauth',
  answer(request, world) {
    switch (request.method === 'POST' ? request.path : null) {
      case `${HOST}/api/accounts/deviceauth/usercode`:
        return deviceFault(world, true) ?? start(request, world)
      case `${HOST}/api/accounts/deviceauth/token`:
        return deviceFault(world, false) ?? poll(request, world)
      case `${HOST}/oauth/token`:
        return token(request, world)
      case `${HOST}/oauth/revoke`:
        return revoke(request, world)
      default:
        return undefined
    }
  },
}

function start(request: ServedRequest, { authorization }: SandboxWorld): Reply {
  const clientId = jsonOf(request).get('client_id')
  if (typeof clientId !== 'string') return json(400, { error: { code: 'invalid_request', message: 'client_id is missing' } })
  const { deviceCode, userCode, intervalS } = authorization.devices.start({ clientId })
  return json(200, { device_auth_id: deviceCode, user_code: userCode, interval: String(intervalS) })
}

function poll(request: ServedRequest, world: SandboxWorld): Reply {
  const [deviceCode, userCode] = ['device_auth_id', 'user_code'].map((name) => String(jsonOf(request).get(name) ?? ''))
  const note = { token: shortHash(deviceCode ?? '') }
  if (world.script.slowsDown()) return json(429, { error: { code: 'slow_down' } }, { ...note, note: 'slow_down' })
  if (world.scenario.denies) return json(403, { error: { code: 'access_denied' } }, { ...note, note: 'access_denied' })
  const polled = world.authorization.devices.pollAs(deviceCode ?? '', userCode ?? '')
  if (polled.kind === 'error') {
    const note_ = { ...note, note: polled.error }
    switch (polled.error) {
      case 'authorization_pending':
        return json(403, { error: { code: 'deviceauth_authorization_pending' } }, note_)
      case 'slow_down':
        return json(429, { error: { code: 'slow_down' } }, note_)
      // What is over, and what was never there, has no word.
      default:
        return polled.error === 'access_denied' ? json(403, { error: { code: 'access_denied' } }, note_) : json(404, {}, note_)
    }
  }
  const verifier = `sandbox-verifier-${shortHash(deviceCode ?? '')}-${'x'.repeat(24)}`
  const challenge = challengeOf(verifier)
  const code = world.authorization.codes.issue({ clientId: polled.request.clientId, redirectUri: DEVICE_REDIRECT, challenge })
  return json(200, { authorization_code: code, code_verifier: verifier, code_challenge: challenge }, { ...note, note: 'approved' })
}

/** Codes come as a form, refresh tokens as a form or JSON. */
function token(request: ServedRequest, world: SandboxWorld): Reply {
  const form = formOf(request)
  const fields = form ? new Map<string, unknown>(form) : jsonOf(request)
  const text = (name: string) => String(fields.get(name) ?? '')
  const grantType = text('grant_type')
  const known = grantType === 'authorization_code' || grantType === 'refresh_token' ? grantType : 'other'
  const fault = tokenFault(world, { grantType: known })
  if (fault) return fault
  if (known === 'other') return refused(400, 'unsupported_grant_type', { grantType: known })
  if (known === 'refresh_token') return refresh(text('refresh_token'), text('client_id'), world)
  const note = { grantType: known, token: shortHash(text('code')) }
  const redemption = {
    code: text('code'),
    clientId: text('client_id'),
    redirectUri: text('redirect_uri'),
    verifier: text('code_verifier'),
  }
  if (!form || fields.has('state') || !world.authorization.codes.redeem(redemption)) return refused(400, 'invalid_grant', note)
  const tokens = world.authorization.tokens.issue(redemption.clientId, STYLE)
  return granting(world, answerOf(tokens, world, redemption.clientId), 'access_token', { ...note, note: 'granted' })
}

function refresh(refreshToken: string, clientId: string, world: SandboxWorld): Reply {
  const note: JournalNote = { grantType: 'refresh_token', token: shortHash(refreshToken) }
  if (world.scenario.refresh === 'busy') return json(503, { error: { code: 'server_error' } }, note, { 'retry-after': '1' })
  if (world.scenario.refresh === 'forbidden') return { ...page(403, 'Forbidden', '<h1>Access denied</h1>'), note }
  const refreshed = world.authorization.tokens.refresh(refreshToken, clientId)
  const told = { ...note, generation: refreshed.generation, note: refreshed.kind }
  if (!('tokens' in refreshed)) return refused(401, refreshed.kind === 'reuse' ? 'refresh_token_reused' : 'refresh_token_invalidated', told)
  if (world.scenario.refresh === 'lost') return { status: 200, isCut: true, note: { ...told, note: 'answer lost' } }
  const account = world.scenario.refresh === 'other_account' ? { ...ACCOUNT, chatgpt_account_id: 'another-account' } : ACCOUNT
  return granting(world, answerOf(refreshed.tokens, world, clientId, account), 'access_token', told)
}

/** JSON, as the vendor's own client sends it. */
function revoke(request: ServedRequest, { authorization }: SandboxWorld): Reply {
  const token = jsonOf(request).get('token')
  if (typeof token !== 'string') return refused(400, 'invalid_request', {})
  authorization.tokens.revoke(token)
  return json(200, {}, { note: 'revocation', token: shortHash(token) })
}

function answerOf(tokens: Tokens, { clock }: SandboxWorld, clientId: string, account = ACCOUNT): Record<string, unknown> {
  const now = clock.wall()
  const idToken = jwt(claimsOf({ id: 'id', clientId, issuedAt: now, expiresAt: now + 3_600_000 }, account))
  return {
    id_token: idToken,
    access_token: tokens.accessToken,
    ...(tokens.refreshToken === null ? {} : { refresh_token: tokens.refreshToken }),
    ...(tokens.expiresInS === null ? {} : { expires_in: tokens.expiresInS }),
    token_type: 'Bearer',
  }
}

function claimsOf({ id, clientId, issuedAt, expiresAt }: TokenFacts, account = ACCOUNT): Record<string, unknown> {
  return {
    iss: 'https://auth.openai.com',
    aud: clientId,
    sub: ACCOUNT.chatgpt_user_id,
    jti: id,
    iat: Math.floor(issuedAt / 1_000),
    exp: Math.floor(expiresAt / 1_000),
    email: 'somebody@sandbox.example',
    'https://api.openai.com/auth': account,
  }
}

function refused(status: number, code: string, note: JournalNote): Reply {
  return json(status, { error: { code, message: 'the sandbox does not take this' } }, { ...note, note: note.note ?? code })
}
