import type { ServedRequest } from '../../platform/served-request.ts'
import { challengeOf } from './authorization-codes.ts'
import { type Dialect, formOf, json, page, type Reply, type SandboxWorld } from '../dialect.ts'
import { deviceFault, granting, tokenFault } from './granting.ts'
import { type JournalNote, shortHash } from '../journal.ts'
import type { Tokens } from './token-families.ts'

const USER_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:user_code'

/** MiniMax's sign-in: PKCE inside a device grant whose handle is the user code, times in ms, and a verdict in a 200. */
function signIn(host: string): Dialect {
  return {
    name: 'minimax-oauth',
    answer(request, world) {
      if (request.method !== 'POST') return undefined
      if (request.path === `/${host}/oauth2/device/code`) return deviceFault(world, true) ?? start(request, world)
      return request.path === `/${host}/oauth2/token` ? token(request, world) : undefined
    },
  }
}

function start(request: ServedRequest, { authorization, origin, clock, scenario }: SandboxWorld): Reply {
  const form = formOf(request)
  const [clientId, challenge] = [form?.get('client_id'), form?.get('code_challenge')]
  const isWhole = form?.get('response_type') === 'code' && form.get('code_challenge_method') === 'S256' && form.has('state')
  if (!form || !clientId || !challenge || !isWhole) return refused('invalid params')
  if (!/^[0-9a-f-]{36}$/.test(request.headers['x-request-id'] ?? '')) return refused('x-request-id is missing')
  const { userCode, expiresInS, intervalS } = authorization.devices.start({
    clientId,
    scope: form.get('scope') ?? undefined,
    challenge,
    isByUserCode: true,
  })
  return json(200, {
    user_code: userCode,
    verification_uri: `${origin}/device`,
    expired_in: clock.wall() + (scenario.clockSkewMs ?? 0) + expiresInS * 1_000,
    interval: intervalS * 1_000,
    state: form.get('state'),
  })
}

function token(request: ServedRequest, world: SandboxWorld): Reply {
  const form = formOf(request)
  const grantType = form?.get('grant_type')
  const known = grantType === USER_CODE_GRANT ? 'user_code' : grantType === 'refresh_token' ? 'refresh_token' : 'other'
  const fault = tokenFault(world, { grantType: known })
  if (fault) return fault
  const [clientId, sent] = [form?.get('client_id'), form?.get(known)]
  if (!form || !clientId || !sent) return refused('invalid params', { grantType: known })
  return known === 'user_code' ? poll(form, sent, clientId, world) : refresh(sent, clientId, world)
}

function poll(form: URLSearchParams, userCode: string, clientId: string, world: SandboxWorld): Reply {
  const note = { grantType: 'user_code', token: shortHash(userCode) }
  const fault = deviceFault(world, false)
  if (fault) return fault
  if (world.scenario.denies) return json(200, { status: 'error' }, { ...note, note: 'access_denied' })
  // There is no word for "slower": who comes too early is told that somebody is waited for.
  if (world.script.slowsDown()) return json(200, { status: 'pending' }, { ...note, note: 'slow_down' })
  const polled = world.authorization.devices.poll(userCode, clientId)
  if (polled.kind === 'approved') {
    const isOurs = polled.request.challenge === challengeOf(form.get('code_verifier') ?? '')
    return isOurs
      ? granting(world, answerOf(world, world.authorization.tokens.issue(clientId)), 'access_token', { ...note, note: 'granted' })
      : refused('invalid code verifier', note)
  }
  const isOver = polled.error === 'access_denied' || polled.error === 'expired_token' || polled.error === 'invalid_grant'
  return json(200, { status: isOver ? 'error' : 'pending' }, { ...note, note: polled.error })
}

function refresh(refreshToken: string, clientId: string, world: SandboxWorld): Reply {
  const note: JournalNote = { grantType: 'refresh_token', token: shortHash(refreshToken) }
  if (world.scenario.refresh === 'busy') return json(503, {}, note, { 'retry-after': '1' })
  if (world.scenario.refresh === 'forbidden') return { ...page(403, 'Forbidden', '<h1>Access denied</h1>'), note }
  const refreshed = world.authorization.tokens.refresh(refreshToken, clientId)
  const told = { ...note, generation: refreshed.generation, note: refreshed.kind }
  if (!('tokens' in refreshed)) return refused('login fail: invalid refresh token', told)
  if (world.scenario.refresh === 'lost') return { status: 200, isCut: true, note: { ...told, note: 'answer lost' } }
  return granting(world, answerOf(world, refreshed.tokens), 'access_token', told)
}

function answerOf({ clock, scenario }: SandboxWorld, { accessToken, refreshToken, expiresInS }: Tokens): Record<string, unknown> {
  return {
    status: 'success',
    access_token: accessToken,
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    expired_in: clock.wall() + (scenario.clockSkewMs ?? 0) + (expiresInS ?? 0) * 1_000,
  }
}

function refused(message: string, note?: JournalNote): Reply {
  return json(400, { base_resp: { status_code: 1004, status_msg: message } }, note)
}

/** Both regions. */
export const minimax: readonly Dialect[] = [signIn('account.minimax.io'), signIn('account.minimaxi.com')]
