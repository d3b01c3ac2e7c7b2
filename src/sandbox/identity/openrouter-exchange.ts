import type { ServedRequest } from '../../platform/served-request.ts'
import { type Dialect, json, type Reply, type SandboxWorld } from '../dialect.ts'
import { jwt } from '../sign-in/token-style.ts'
import { ACCESS_TOKEN_TYPE, exchange, type ExchangeVendor, refusedUnseen, TOKEN_EXCHANGE } from './exchange.ts'
import { SANDBOX_AUDIENCES, SANDBOX_IDS } from './known-ids.ts'
import { type SentFields, sentFields } from './sent-fields.ts'

const PATH = '/openrouter.ai/api/v1/oauth/token'
const LIMIT_S = 900
const BODY_BYTES = 32_768
const REQUIRED = ['subject_token', 'subject_token_type', 'federation_policy_id']

const OUTAGES = { 429: 'rate_limit_exceeded', 500: 'server_error', 503: 'temporarily_unavailable' } as const

const vendor: ExchangeVendor = {
  rules: { realm: 'openrouter', audiences: SANDBOX_AUDIENCES.openrouter, algorithms: ['RS256', 'ES256'] },
  lifetimeS: ({ leftS }) => Math.min(LIMIT_S, leftS),
  accessToken: ({ id, issuedAt, expiresAt }) =>
    jwt(
      {
        iss: 'https://openrouter.ai',
        sub: SANDBOX_IDS.openrouter.federation_policy_id,
        jti: id,
        iat: Math.floor(issuedAt / 1_000),
        exp: Math.floor(expiresAt / 1_000),
      },
      'ES256',
    ),
  answer: ({ accessToken, lifetimeS }) => ({
    access_token: accessToken,
    issued_token_type: ACCESS_TOKEN_TYPE,
    token_type: 'Bearer',
    expires_in: lifetimeS,
    scope: 'inference',
  }),
  refusal: () => invalidGrant(),
  outage: (status) => refused(OUTAGES[status], 'Try again later', status),
}

/** OpenRouter's exchange (Aug 2026): a small form without any credential beside it, and one text for every fault of a token. */
export const openRouterExchange: Dialect = {
  name: 'openrouter-identity',
  answer(request, world) {
    return request.method === 'POST' && request.path === PATH ? answer(request, world) : undefined
  },
}

function answer(request: ServedRequest, world: SandboxWorld): Reply {
  const fields = sentFields(request)
  const asked = { grantType: fields.text('grant_type'), subjectToken: fields.text('subject_token') }
  if (Buffer.byteLength(request.body) >= BODY_BYTES)
    return refusedUnseen(refused('invalid_request', 'Request body too large', 413), asked, 'the body is too long')
  const fault = faultOf(request, fields)
  if (fault) return refusedUnseen(refused(fault.error, fault.reason), asked, fault.reason)
  if (fields.text('federation_policy_id') !== SANDBOX_IDS.openrouter.federation_policy_id)
    return refusedUnseen(invalidGrant(), asked, 'federation_policy_id is not known')
  return exchange(vendor, asked, request, world)
}

function faultOf(request: ServedRequest, fields: SentFields): { readonly error: string; readonly reason: string } | undefined {
  const invalid = (reason: string, error = 'invalid_request') => ({ error, reason })
  if (fields.type !== 'form') return invalid('the body is no form')
  if (request.headers.authorization !== undefined) return invalid('an Authorization header is not taken')
  if (fields.text('grant_type') !== TOKEN_EXCHANGE) return invalid('grant_type is not supported', 'unsupported_grant_type')
  const missing = REQUIRED.find((name) => fields.text(name) === '')
  if (missing) return invalid(`${missing} is required`)
  if (fields.text('subject_token_type') !== 'urn:ietf:params:oauth:token-type:jwt') return invalid('subject_token_type is not supported')
  if (fields.has('requested_token_type') && fields.text('requested_token_type') !== ACCESS_TOKEN_TYPE)
    return invalid('requested_token_type is not supported')
  if (fields.has('scope') && fields.text('scope') !== 'inference') return invalid('scope is not supported', 'invalid_scope')
  return undefined
}

function invalidGrant(): Reply {
  return refused('invalid_grant', 'The subject token could not be exchanged')
}

function refused(error: string, description: string, status = 400): Reply {
  return json(status, { error, error_description: description })
}
