import type { ServedRequest } from '../platform/http-server.ts'
import type { Tokens } from './authorization-server.ts'
import { type Dialect, formOf, json, page, type Reply, type SandboxWorld } from './dialect.ts'
import { shortHash } from './journal.ts'

/** How two authorization servers differ that speak RFC 8628. */
export interface TokenDialectRules {
  readonly name: string
  readonly devicePath: string
  readonly tokenPath: string
  readonly revokePath: string | null
  /** The page is named only with the code in it. */
  readonly hasEmptyUri: boolean
}

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** Device authorization, token endpoint and revocation (RFC 8628, RFC 6749, RFC 7009). */
export function tokenDialect(rules: TokenDialectRules): Dialect {
  return {
    name: rules.name,
    async answer(request, world) {
      if (request.method !== 'POST') return undefined
      if (request.path === rules.devicePath) return startDevice(rules, world)
      if (request.path === rules.tokenPath) return token(request, world)
      if (request.path !== rules.revokePath) return undefined
      world.authorization.revoke(formOf(request).get('token') ?? '')
      return json(200, {}, { note: 'revocation' })
    },
  }
}

function startDevice({ hasEmptyUri }: TokenDialectRules, { authorization, origin }: SandboxWorld): Reply {
  const { deviceCode, userCode, expiresInS, intervalS } = authorization.startDevice()
  const uri = `${origin}/device`
  return json(200, {
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: hasEmptyUri ? '' : uri,
    verification_uri_complete: `${uri}?user_code=${userCode}`,
    expires_in: expiresInS,
    interval: intervalS,
  })
}

function token(request: ServedRequest, world: SandboxWorld): Reply {
  const form = formOf(request)
  const grantType = form.get('grant_type') ?? ''
  if (world.scenario.token === 'html')
    return { ...page(200, 'Sign in', '<h1>Sign in to the network</h1>'), note: { grantType: shortName(grantType) } }
  if (grantType === DEVICE_GRANT) return poll(form.get('device_code') ?? '', world)
  if (grantType === 'refresh_token') return refresh(form.get('refresh_token') ?? '', world)
  return json(400, { error: 'unsupported_grant_type' })
}

function poll(deviceCode: string, world: SandboxWorld): Reply {
  const note = { grantType: 'device_code' }
  if (world.slowDownsLeft > 0) {
    world.slowDownsLeft--
    return json(400, { error: 'slow_down', interval: 2 }, note)
  }
  if (world.scenario.denies) return json(400, { error: 'access_denied' }, note)
  const polled = world.authorization.poll(deviceCode)
  return polled.kind === 'granted' ? json(200, tokenAnswer(polled.tokens), note) : json(400, { error: polled.error }, note)
}

function refresh(refreshToken: string, world: SandboxWorld): Reply {
  const note = { grantType: 'refresh_token', token: shortHash(refreshToken) }
  if (world.scenario.refresh === 'busy') return json(503, { error: 'temporarily_unavailable' }, note, { 'retry-after': '1' })
  if (world.scenario.refresh === 'forbidden') return { ...page(403, 'Forbidden', '<h1>Access denied</h1>'), note }
  const refreshed = world.authorization.refresh(refreshToken)
  if (refreshed.kind !== 'granted')
    return json(400, { error: 'invalid_grant' }, { ...note, generation: refreshed.generation, note: refreshed.kind })
  if (world.scenario.refresh === 'lost')
    return { status: 200, isCut: true, note: { ...note, generation: refreshed.generation, note: 'answer lost' } }
  return json(200, tokenAnswer(refreshed.tokens), { ...note, generation: refreshed.generation })
}

function tokenAnswer({ accessToken, refreshToken, expiresInS }: Tokens): Record<string, unknown> {
  return { access_token: accessToken, refresh_token: refreshToken, token_type: 'Bearer', expires_in: expiresInS }
}

function shortName(grantType: string): string {
  return grantType === DEVICE_GRANT ? 'device_code' : grantType.slice(0, 40)
}
