import type { ServedRequest } from '../../platform/served-request.ts'
import { type Dialect, json, type Reply, type SandboxWorld } from '../dialect.ts'
import { ACCESS_TOKEN_TYPE, exchange, type ExchangeVendor, refusedUnseen, SUBJECT_TOKEN_TYPES, TOKEN_EXCHANGE } from './exchange.ts'
import { SANDBOX_AUDIENCES, SANDBOX_IDS } from './known-ids.ts'
import { type SentFields, sentFields } from './sent-fields.ts'

/** Whose tokens the second step takes. */
export const GOOGLE_STS_REALM = 'google-sts'
const LIFETIME_S = 3_600
const AUDIENCE = `//iam.googleapis.com/${SANDBOX_IDS['google-vertex'].pool_provider}`
const REQUIRED = ['audience', 'scope', 'requested_token_type', 'subject_token', 'subject_token_type']

const vendor: ExchangeVendor = {
  rules: { realm: GOOGLE_STS_REALM, audiences: SANDBOX_AUDIENCES['google-vertex'] },
  lifetimeS: () => LIFETIME_S,
  accessToken: ({ id }) => `ya29.d.sandbox-${id}`,
  answer: ({ accessToken, lifetimeS }) => ({
    access_token: accessToken,
    issued_token_type: ACCESS_TOKEN_TYPE,
    token_type: 'Bearer',
    expires_in: lifetimeS,
  }),
  refusal: ({ aspect }) =>
    aspect === 'subject'
      ? refused('unauthorized_client', 'The given credential is rejected by the attribute condition.')
      : refused('invalid_grant', aspect === 'audience' ? 'The audience in ID Token does not match.' : 'The ID Token is not valid.'),
  outage: (status) => refused(status === 429 ? 'rate_limit_exceeded' : 'internal_failure', 'Try again later.', status),
}

/** Google's security token service, the first of two steps (Aug 2026): a form, or JSON with names of its own. */
export const googleExchange: Dialect = {
  name: 'google-identity',
  answer(request, world) {
    return request.method === 'POST' && request.path === '/sts.googleapis.com/v1/token' ? answer(request, world) : undefined
  },
}

function answer(request: ServedRequest, world: SandboxWorld): Reply {
  const fields = sentFields(request)
  const text = (name: string) => fields.text(fields.type === 'json' ? camelCase(name) : name)
  const asked = { grantType: text('grant_type'), subjectToken: text('subject_token') }
  const fault = faultOf(request, fields, text)
  if (fault) return refusedUnseen(refused('invalid_request', fault), asked, fault)
  if (text('audience') !== AUDIENCE)
    return refusedUnseen(refused('invalid_target', 'The target service is invalid.'), asked, 'audience is not known')
  return exchange(vendor, asked, request, world)
}

function faultOf(request: ServedRequest, { type }: SentFields, text: (name: string) => string): string | undefined {
  if (type === 'none') return 'the body is neither a form nor JSON'
  if (request.headers.authorization !== undefined) return 'an Authorization header is not taken'
  if (text('grant_type') !== TOKEN_EXCHANGE) return 'grant_type is not supported'
  const missing = REQUIRED.find((name) => text(name) === '')
  if (missing) return `${missing} is required`
  if (text('requested_token_type') !== ACCESS_TOKEN_TYPE) return 'requested_token_type is not supported'
  return SUBJECT_TOKEN_TYPES.includes(text('subject_token_type')) ? undefined : 'subject_token_type is not supported'
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function refused(error: string, description: string, status = 400): Reply {
  return json(status, { error, error_description: description })
}
