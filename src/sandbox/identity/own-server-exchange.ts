import type { ServedRequest } from '../../platform/served-request.ts'
import { type Dialect, json, type Reply, type SandboxWorld } from '../dialect.ts'
import { ISSUER_PATH } from '../sign-in/issuer-path.ts'
import {
  ACCESS_TOKEN_TYPE,
  CLIENT_CREDENTIALS,
  exchange,
  type ExchangeVendor,
  JWT_BEARER,
  refusedUnseen,
  SUBJECT_TOKEN_TYPES,
  TOKEN_EXCHANGE,
} from './exchange.ts'
import { OWNER_URL } from './known-ids.ts'
import { type SentFields, sentFields } from './sent-fields.ts'

const LIMIT_S = 900
const CLIENT = 'claw'
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Where the token of a job stands, by grant. */
const SUBJECT_FIELDS: ReadonlyMap<string, string> = new Map([
  [TOKEN_EXCHANGE, 'subject_token'],
  [JWT_BEARER, 'assertion'],
  [CLIENT_CREDENTIALS, 'client_assertion'],
])

/** The exchanges of a server of one's own: RFC 8693, RFC 7523 section 2.1, and a client that says who it is by RFC 7523 section 2.2. */
export const ownServerExchange: Dialect = {
  name: 'own-identity',
  answer(request, world) {
    if (request.method !== 'POST' || request.path !== `${ISSUER_PATH}/token`) return undefined
    const fields = sentFields(request)
    const grantType = fields.text('grant_type')
    const subjectField = SUBJECT_FIELDS.get(grantType)
    return subjectField === undefined ? undefined : answer(request, fields, { grantType, subjectField }, world)
  },
}

interface Grant {
  readonly grantType: string
  readonly subjectField: string
}

function answer(request: ServedRequest, fields: SentFields, { grantType, subjectField }: Grant, world: SandboxWorld): Reply {
  const asked = { grantType, subjectToken: fields.text(subjectField) }
  const fault = faultOf(fields, grantType, subjectField)
  if (fault) return refusedUnseen(refused('invalid_request', fault), asked, fault)
  if (fields.has('client_id') && fields.text('client_id') !== CLIENT)
    return refusedUnseen(refused('invalid_client', 'unknown client', 401), asked, 'client_id is not known')
  return exchange(vendorOf(grantType, fields, world), asked, request, world)
}

function faultOf(fields: SentFields, grantType: string, subjectField: string): string | undefined {
  if (fields.type !== 'form') return 'the body is no form'
  if (fields.text(subjectField) === '') return `${subjectField} is required`
  if (grantType === CLIENT_CREDENTIALS)
    return fields.text('client_assertion_type') === ASSERTION_TYPE ? undefined : 'client_assertion_type is not supported'
  if (grantType === JWT_BEARER) return undefined
  if (!SUBJECT_TOKEN_TYPES.includes(fields.text('subject_token_type'))) return 'subject_token_type is not supported'
  return fields.has('requested_token_type') && fields.text('requested_token_type') !== ACCESS_TOKEN_TYPE
    ? 'requested_token_type is not supported'
    : undefined
}

function vendorOf(grantType: string, fields: SentFields, { origin }: SandboxWorld): ExchangeVendor {
  const issuer = `${origin}${ISSUER_PATH}`
  return {
    rules: { realm: 'acme', audiences: [issuer, `${issuer}/token`, OWNER_URL] },
    lifetimeS: ({ leftS }) => Math.min(LIMIT_S, leftS),
    accessToken: ({ id }) => `sandbox-at-${id}`,
    answer: ({ accessToken, lifetimeS }) => ({
      access_token: accessToken,
      ...(grantType === TOKEN_EXCHANGE ? { issued_token_type: ACCESS_TOKEN_TYPE } : {}),
      token_type: 'Bearer',
      expires_in: lifetimeS,
      ...(fields.has('scope') ? { scope: fields.text('scope') } : {}),
    }),
    refusal: () =>
      grantType === CLIENT_CREDENTIALS ? refused('invalid_client', 'not accepted', 401) : refused('invalid_grant', 'not accepted'),
    outage: (status) => refused(status === 503 ? 'temporarily_unavailable' : 'server_error', 'try again later', status),
  }
}

function refused(error: string, description: string, status = 400): Reply {
  return json(status, { error, error_description: description })
}
