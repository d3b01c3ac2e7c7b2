import type { ServedRequest } from '../../platform/served-request.ts'
import { type Dialect, formOf, json, page, type Reply, type SandboxWorld } from '../dialect.ts'
import { deviceFault, granting, tokenFault } from './granting.ts'
import { type JournalNote, shortHash } from '../journal.ts'
import type { Scenario } from '../scenarios.ts'
import type { Tokens } from './token-families.ts'
import type { CodeRequest } from './authorization-codes.ts'
import { jwt, type TokenStyle } from './token-style.ts'

/** How two authorization servers differ that speak RFC 8628. */
export interface TokenDialectRules {
  readonly name: string
  readonly devicePath: string
  readonly tokenPath: string
  readonly revokePath: string | null
  /** The page is named only with the code in it. */
  readonly hasEmptyUri: boolean
  /** What an answer says was granted; `null` = what was asked for, which need not be said (RFC 6749 section 5.1). */
  readonly scope: string | null
  /** The status of an OAuth error; absent = 400. GitHub answers 200. */
  readonly errorStatus?: number
  /** What its tokens look like; absent = nothing that anybody can read. */
  style?(scenario: Scenario): TokenStyle
  /** Does not say how long a token lives, though it has an end. */
  readonly hidesLifetime?: boolean
  /** Said with each answer, and wanted back with each refresh. */
  readonly echoes?: Readonly<Record<string, string>>
  /** The word for a refresh token that is spent or was never there; absent = `invalid_grant`. */
  readonly deadWord?: string
}

/** Grant types, and the field that each stands on. */
const GRANTS: ReadonlyMap<string, 'device_code' | 'refresh_token' | 'code'> = new Map([
  ['urn:ietf:params:oauth:grant-type:device_code', 'device_code'],
  ['refresh_token', 'refresh_token'],
  ['authorization_code', 'code'],
])

/** Device authorization, token endpoint for every grant, and revocation (RFC 8628, RFC 6749, RFC 7009). */
export function tokenDialect(rules: TokenDialectRules): Dialect {
  return {
    name: rules.name,
    answer(request, world) {
      switch (request.method === 'POST' ? request.path : null) {
        case rules.devicePath:
          return deviceFault(world, true) ?? withClient(request, (form, clientId) => startDevice(rules, form, clientId, world))
        case rules.tokenPath:
          return withClient(request, (form, clientId) => token(rules, form, clientId, world))
        case rules.revokePath:
          return request.method === 'POST' ? withClient(request, (form) => revoke(form, world)) : undefined
        default:
          return undefined
      }
    },
  }
}

/** A public client says who it is in the form (RFC 6749 section 3.2.1). */
function withClient(request: ServedRequest, handle: (form: URLSearchParams, clientId: string) => Reply): Reply {
  const form = formOf(request)
  if (!form) return refused('invalid_request', 'the body is no form')
  for (const name of form.keys()) if (form.getAll(name).length > 1) return refused('invalid_request', 'a parameter came twice')
  const clientId = form.get('client_id')
  return clientId ? handle(form, clientId) : json(401, { error: 'invalid_client', error_description: 'client_id is missing' })
}

function startDevice(
  { hasEmptyUri }: TokenDialectRules,
  form: URLSearchParams,
  clientId: string,
  { authorization, origin }: SandboxWorld,
): Reply {
  const scope = form.get('scope') ?? undefined
  const { deviceCode, userCode, expiresInS, intervalS } = authorization.devices.start({ clientId, scope })
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

function token(rules: TokenDialectRules, form: URLSearchParams, clientId: string, world: SandboxWorld): Reply {
  const grantType = form.get('grant_type')
  const known = GRANTS.get(grantType ?? '') ?? 'other'
  const fault = tokenFault(world, { grantType: known === 'code' ? 'authorization_code' : known })
  if (fault) return fault
  if (known === 'other') return refused('unsupported_grant_type', 'neither a code nor a refresh token', { grantType: known })
  const sent = form.get(known)
  if (!sent) return refused('invalid_request', `${known} is missing`, { grantType: known })
  if (known === 'code') return redeem(rules, form, sent, clientId, world)
  if (known === 'device_code') return poll(rules, sent, clientId, world)
  const missing = Object.entries(rules.echoes ?? {}).find(([name, value]) => form.get(name) !== value)
  return missing
    ? refused('invalid_request', `${missing[0]} is not what was said`, { grantType: known })
    : refresh(rules, sent, clientId, world)
}

/** RFC 6749 section 4.1.3 with RFC 7636 section 4.5. */
function redeem(rules: TokenDialectRules, form: URLSearchParams, code: string, clientId: string, world: SandboxWorld): Reply {
  const note = { grantType: 'authorization_code', token: shortHash(code) }
  const [redirectUri, verifier] = [form.get('redirect_uri'), form.get('code_verifier') ?? '']
  const given = world.authorization.codes.redeem({ code, clientId, redirectUri, verifier })
  if (!given) return json(rules.errorStatus ?? 400, { error: 'invalid_grant' }, { ...note, note: 'invalid_grant' })
  const tokens = world.authorization.tokens.issue(clientId, rules.style?.(world.scenario))
  return granting(world, { ...tokenAnswer(rules, tokens), ...idTokenFor(given, clientId, world) }, 'access_token', {
    ...note,
    note: 'granted',
  })
}

/** OpenID Connect section 3.1.3.3: who asks for a nonce wants it back inside. */
function idTokenFor({ nonce }: CodeRequest, clientId: string, { clock }: SandboxWorld): Record<string, unknown> {
  const now = Math.floor(clock.wall() / 1_000)
  return nonce === undefined ? {} : { id_token: jwt({ sub: 'sandbox-user', aud: clientId, iat: now, exp: now + 3_600, nonce }) }
}

function poll(rules: TokenDialectRules, deviceCode: string, clientId: string, world: SandboxWorld): Reply {
  const note = { grantType: 'device_code', token: shortHash(deviceCode) }
  const fault = deviceFault(world, false)
  if (fault) return fault
  const error = (words: Readonly<Record<string, unknown>> & { readonly error: string }) =>
    json(rules.errorStatus ?? 400, words, { ...note, note: words.error })
  if (world.script.slowsDown()) return error({ error: 'slow_down', interval: 2 })
  if (world.scenario.denies) return error({ error: 'access_denied' })
  const polled = world.authorization.devices.poll(deviceCode, clientId)
  if (polled.kind === 'approved')
    return granting(world, tokenAnswer(rules, world.authorization.tokens.issue(clientId, rules.style?.(world.scenario))), 'access_token', {
      ...note,
      note: 'granted',
    })
  return error({ error: polled.error })
}

function refresh(rules: TokenDialectRules, refreshToken: string, clientId: string, world: SandboxWorld): Reply {
  const note: JournalNote = { grantType: 'refresh_token', token: shortHash(refreshToken) }
  if (world.scenario.refresh === 'busy') return json(503, { error: 'temporarily_unavailable' }, note, { 'retry-after': '1' })
  if (world.scenario.refresh === 'forbidden') return { ...page(403, 'Forbidden', '<h1>Access denied</h1>'), note }
  const refreshed = world.authorization.tokens.refresh(refreshToken, clientId)
  const told = { ...note, generation: refreshed.generation, note: refreshed.kind }
  if (!('tokens' in refreshed)) return json(rules.errorStatus ?? 400, { error: rules.deadWord ?? 'invalid_grant' }, told)
  if (world.scenario.refresh === 'lost') return { status: 200, isCut: true, note: { ...told, note: 'answer lost' } }
  const answer = tokenAnswer(rules, refreshed.tokens)
  return granting(world, world.scenario.refresh === 'narrowed' ? { ...answer, scope: 'less' } : answer, 'access_token', told)
}

function revoke(form: URLSearchParams, { authorization }: SandboxWorld): Reply {
  const sent = form.get('token')
  if (!sent) return refused('invalid_request', 'token is missing')
  authorization.tokens.revoke(sent)
  return { status: 200, note: { note: 'revocation', token: shortHash(sent) } }
}

function tokenAnswer(
  { scope, hidesLifetime, echoes }: TokenDialectRules,
  { accessToken, refreshToken, expiresInS }: Tokens,
): Record<string, unknown> {
  return {
    access_token: accessToken,
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    token_type: 'Bearer',
    ...(expiresInS === null || hidesLifetime ? {} : { expires_in: expiresInS }),
    ...(scope === null ? {} : { scope }),
    ...echoes,
  }
}

function refused(error: string, description: string, note?: JournalNote): Reply {
  return json(400, { error, error_description: description }, note)
}
