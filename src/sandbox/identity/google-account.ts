import type { ServedRequest } from '../../platform/served-request.ts'
import { credentialOf, isTaken } from '../credential.ts'
import { type Dialect, json, jsonOf, type Reply, type SandboxWorld } from '../dialect.ts'
import { shortHash } from '../journal.ts'
import { PAST_S } from './exchange.ts'
import { GOOGLE_STS_REALM } from './google-exchange.ts'
import { SANDBOX_IDS } from './known-ids.ts'
import { serverSeconds } from './server-time.ts'

const PATH = /^\/iamcredentials\.googleapis\.com\/v1\/projects\/-\/serviceAccounts\/([^/:]+):generateAccessToken$/
const LONGEST_S = 3_600
const STS_TOKEN = { header: 'authorization', scheme: 'Bearer', prefixes: [], isToken: false, realm: GOOGLE_STS_REALM }

/** The second of Google's two steps (Aug 2026): the token of a service account for that of a pool. */
export const googleAccount: Dialect = {
  name: 'google-account',
  answer(request, world) {
    const [, account] = PATH.exec(request.path) ?? []
    return request.method === 'POST' && account !== undefined ? answer(request, account, world) : undefined
  },
}

function answer(request: ServedRequest, account: string, world: SandboxWorld): Reply {
  const sent = credentialOf(request)
  if (typeof sent !== 'object' || !isTaken(sent, [STS_TOKEN], world))
    return refused(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.', 'no token of the first step')
  const { service_account } = SANDBOX_IDS['google-vertex']
  if (account !== service_account && account !== encodeURIComponent(service_account))
    return refused(403, 'PERMISSION_DENIED', "Permission 'iam.serviceAccounts.getAccessToken' denied.", 'service_account is not known')
  const body = jsonOf(request)
  const scope = body.get('scope')
  if (!Array.isArray(scope) || scope.length === 0)
    return refused(400, 'INVALID_ARGUMENT', 'scope: at least one is required.', 'scope is required')
  const [, seconds] = /^(\d{1,5})(?:\.\d+)?s$/.exec(String(body.get('lifetime') ?? `${LONGEST_S}s`)) ?? []
  const lifetimeS = Number(seconds)
  if (!(lifetimeS >= 1 && lifetimeS <= LONGEST_S)) return refused(400, 'INVALID_ARGUMENT', 'Invalid lifetime.', 'lifetime is malformed')
  const style = { access: ({ id }: { readonly id: string }) => `ya29.c.sandbox-${id}`, refresh: () => null, lifetimeS }
  const { accessToken } = world.authorization.tokens.issue('', style, 'google-vertex')
  return json(200, { accessToken, ...expiryOf(lifetimeS, world) }, { note: 'granted', token: shortHash(sent.value) })
}

function expiryOf(lifetimeS: number, world: SandboxWorld): { readonly expireTime?: string } {
  const { exchange } = world.scenario
  if (exchange === 'no_expiry') return {}
  const endS = serverSeconds(world) + (exchange === 'past_expiry' ? -PAST_S : lifetimeS)
  return { expireTime: new Date(endS * 1_000).toISOString().replace('.000', '') }
}

function refused(code: number, status: string, message: string, reason: string): Reply {
  return json(code, { error: { code, message, status } }, { note: reason })
}
