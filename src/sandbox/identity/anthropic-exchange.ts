import { type Dialect, type Reply, type SandboxWorld, json } from '../dialect.ts'
import type { ServedRequest } from '../../platform/served-request.ts'
import { type Asked, exchange, type ExchangeVendor, JWT_BEARER, refusedUnseen } from './exchange.ts'
import { SANDBOX_AUDIENCES, SANDBOX_IDS } from './known-ids.ts'
import { type SentFields, sentFields } from './sent-fields.ts'

/** Life of the rule, s; the least that a token lives. */
const RULE_S = 3_600
const LEAST_S = 60
const MAX_ASSERTION_BYTES = 16_384

/** What an id looks like; one that does not is told so, one that is only unknown is not. */
const PATTERNS: Readonly<Record<keyof typeof SANDBOX_IDS.anthropic, RegExp>> = {
  federation_rule_id: /^fdrl_/,
  organization_id: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  service_account_id: /^svac_/,
  workspace_id: /^(?:wrkspc_|default$)/,
}
const REQUIRED = ['assertion', 'federation_rule_id', 'organization_id']

const OUTAGES = { 429: 'rate_limit_error', 500: 'api_error', 503: 'overloaded_error' } as const

const vendor: ExchangeVendor = {
  rules: { realm: 'anthropic', audiences: SANDBOX_AUDIENCES.anthropic, claims: ['iat'], maxLifeS: 3_600, isSingleUse: true },
  lifetimeS: ({ leftS }) => Math.max(LEAST_S, Math.min(RULE_S, 2 * leftS)),
  accessToken: ({ id }) => `sk-ant-oat01-sandbox-${id}`,
  answer: ({ accessToken, lifetimeS }) => ({
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: lifetimeS,
    scope: 'workspace:developer',
  }),
  refusal: () => failed(),
  outage: (status) => errorOf(status, OUTAGES[status], 'try again later'),
}

/** Anthropic's exchange (Aug 2026): every refusal of a token is the same 401. */
export const anthropicExchange: Dialect = {
  name: 'anthropic-identity',
  answer(request, world) {
    return request.method === 'POST' && request.path === '/api.anthropic.com/v1/oauth/token' ? answer(request, world) : undefined
  },
}

function answer(request: ServedRequest, world: SandboxWorld): Reply {
  const fields = sentFields(request)
  const asked = { grantType: fields.text('grant_type'), subjectToken: fields.text('assertion') }
  const fault = faultOf(fields, asked)
  if (fault) return refusedUnseen(errorOf(400, 'invalid_request_error', fault), asked, fault)
  const unknown = Object.entries(SANDBOX_IDS.anthropic).find(([name, id]) => fields.has(name) && fields.text(name) !== id)
  return unknown ? refusedUnseen(failed(), asked, `${unknown[0]} is not known`) : exchange(vendor, asked, request, world)
}

/** What the vendor says openly. */
function faultOf(fields: SentFields, { grantType, subjectToken }: Asked): string | undefined {
  if (fields.type !== 'json') return 'the body is no JSON'
  if (grantType !== JWT_BEARER) return 'grant_type is not supported'
  const missing = REQUIRED.find((name) => fields.text(name) === '')
  if (missing) return `${missing} is required`
  if (Buffer.byteLength(subjectToken) > MAX_ASSERTION_BYTES) return 'assertion is too long'
  const odd = Object.entries(PATTERNS).find(([name, pattern]) => fields.has(name) && !pattern.test(fields.text(name)))
  return odd && `${odd[0]} is malformed`
}

function failed(): Reply {
  return errorOf(401, 'authentication_error', 'Authentication failed')
}

function errorOf(status: number, type: string, message: string): Reply {
  const body = { type: 'error', error: { type, message }, request_id: 'req_sandbox' }
  return json(status, body, undefined, { 'request-id': 'req_sandbox' })
}
