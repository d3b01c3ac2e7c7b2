import type { ServedRequest } from '../../platform/served-request.ts'
import { type Dialect, json, type Reply, type SandboxWorld } from '../dialect.ts'
import { jwt } from '../sign-in/token-style.ts'
import { ACCESS_TOKEN_TYPE, exchange, type ExchangeVendor, refusedUnseen, SUBJECT_TOKEN_TYPES, TOKEN_EXCHANGE } from './exchange.ts'
import { SANDBOX_AUDIENCES, SANDBOX_IDS } from './known-ids.ts'
import { type SentFields, sentFields } from './sent-fields.ts'

/** Where codes, refresh tokens and the tokens of jobs are taken, those of Codex among them. */
export const OPENAI_TOKEN_PATH = '/auth.openai.com/oauth/token'
const LIMIT_S = 3_600

const vendor: ExchangeVendor = {
  rules: { realm: 'openai', audiences: SANDBOX_AUDIENCES.openai, claims: ['iat'], isSlashIgnored: true },
  lifetimeS: ({ leftS }) => Math.min(LIMIT_S, leftS),
  accessToken: ({ id, issuedAt, expiresAt }) =>
    jwt({
      iss: 'https://auth.openai.com',
      aud: ['https://api.openai.com/v1'],
      sub: SANDBOX_IDS.openai.service_account_id,
      jti: id,
      iat: Math.floor(issuedAt / 1_000),
      exp: Math.floor(expiresAt / 1_000),
    }),
  answer: ({ accessToken, lifetimeS, expiresAtS }) => ({
    access_token: accessToken,
    issued_token_type: ACCESS_TOKEN_TYPE,
    token_type: 'Bearer',
    expires_in: lifetimeS,
    expires_at: expiresAtS,
  }),
  // A fault of the token itself has an object, one of what it is mapped to a word: clients meet both.
  refusal: ({ aspect }) =>
    aspect === 'subject' || aspect === 'audience' || aspect === 'issuer'
      ? unmapped()
      : errorOf(401, 'invalid_subject_token', 'The subject token is invalid.'),
  outage: (status) => errorOf(status, status === 429 ? 'rate_limit_exceeded' : 'server_error', 'Try again later.'),
}

/** The exchange of the OpenAI Platform (Aug 2026): JSON, though its neighbour at the same address wants a form. */
export const openAiExchange: Dialect = {
  name: 'openai-identity',
  answer(request, world) {
    if (request.method !== 'POST' || request.path !== OPENAI_TOKEN_PATH) return undefined
    const fields = sentFields(request)
    return fields.text('grant_type') === TOKEN_EXCHANGE ? answer(request, fields, world) : undefined
  },
}

const REQUIRED = ['subject_token', 'subject_token_type', 'identity_provider_id', 'service_account_id']

function answer(request: ServedRequest, fields: SentFields, world: SandboxWorld): Reply {
  const asked = { grantType: TOKEN_EXCHANGE, subjectToken: fields.text('subject_token') }
  const fault = faultOf(fields)
  if (fault) return refusedUnseen(errorOf(400, 'invalid_request', fault), asked, fault)
  const unknown = Object.entries(SANDBOX_IDS.openai).find(([name, id]) => fields.text(name) !== id)
  return unknown ? refusedUnseen(unmapped(), asked, `${unknown[0]} is not known`) : exchange(vendor, asked, request, world)
}

function faultOf(fields: SentFields): string | undefined {
  if (fields.type !== 'json') return 'the body is no JSON'
  const missing = REQUIRED.find((name) => fields.text(name) === '')
  if (missing) return `${missing} is required`
  return SUBJECT_TOKEN_TYPES.includes(fields.text('subject_token_type')) ? undefined : 'subject_token_type is not supported'
}

function unmapped(): Reply {
  const body = { error: 'invalid_grant', error_description: 'No enabled mapping matches the request.' }
  return json(400, body, undefined, { 'x-request-id': 'req_sandbox' })
}

function errorOf(status: number, code: string, message: string): Reply {
  return json(status, { error: { code, message } }, undefined, { 'x-request-id': 'req_sandbox' })
}
