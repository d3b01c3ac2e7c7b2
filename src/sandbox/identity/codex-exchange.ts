import type { ServedRequest } from '../../platform/served-request.ts'
import { type Dialect, json, jsonOf, type Reply, type SandboxWorld } from '../dialect.ts'
import { jwt } from '../sign-in/token-style.ts'
import { ACCESS_TOKEN_TYPE, exchange, type ExchangeVendor, JWT_BEARER, refusedUnseen } from './exchange.ts'
import { SANDBOX_AUDIENCES, SANDBOX_IDS } from './known-ids.ts'
import { OPENAI_TOKEN_PATH } from './openai-exchange.ts'
import { type SentFields, sentFields } from './sent-fields.ts'

const RULE_S = 3_600
const CONTEXT_MAX_BYTES = 1_024

/** Whom the tokens are for. */
function principal(isOther: boolean) {
  return {
    chatgpt_account_id: isOther ? 'another-account' : 'sandbox-account',
    chatgpt_account_user_id: isOther ? 'another-account-user' : 'sandbox-account-user',
    user_id: isOther ? 'another-user' : 'sandbox-user',
  }
}

const vendor: ExchangeVendor = {
  rules: { realm: 'openai-codex', audiences: SANDBOX_AUDIENCES['openai-codex'], maxLifeS: 3_600 },
  lifetimeS: ({ leftS }) => Math.min(RULE_S, leftS),
  accessToken: ({ id, issuedAt, expiresAt }, isOther) => {
    const { chatgpt_account_id, user_id } = principal(isOther)
    return jwt({
      iss: 'https://auth.openai.com',
      aud: ['https://chatgpt.com'],
      sub: user_id,
      jti: id,
      iat: Math.floor(issuedAt / 1_000),
      exp: Math.floor(expiresAt / 1_000),
      'https://api.openai.com/auth': { chatgpt_account_id, chatgpt_plan_type: 'business', chatgpt_user_id: user_id },
    })
  },
  answer: ({ accessToken, lifetimeS, isOther }) => ({
    access_token: accessToken,
    issued_token_type: ACCESS_TOKEN_TYPE,
    token_type: 'Bearer',
    expires_in: lifetimeS,
    scope: 'codex',
    ...principal(isOther),
    chatgpt_plan_type: 'business',
  }),
  refusal: () => refused('invalid_grant'),
  outage: (status) => refused(status === 429 ? 'slow_down' : 'server_error', status),
}

/** The exchange of a ChatGPT workspace for Codex (beta, Aug 2026): a form. */
export const codexExchange: Dialect = {
  name: 'codex-identity',
  answer(request, world) {
    if (request.method !== 'POST' || request.path !== OPENAI_TOKEN_PATH) return undefined
    const fields = sentFields(request)
    return fields.text('grant_type') === JWT_BEARER ? answer(request, fields, world) : undefined
  },
}

function answer(request: ServedRequest, fields: SentFields, world: SandboxWorld): Reply {
  const asked = { grantType: JWT_BEARER, subjectToken: fields.text('assertion') }
  const fault = fields.type !== 'form' ? 'the body is no form' : missing(fields)
  if (fault) return refusedUnseen(refused('invalid_request', 400, fault), asked, fault)
  if (fields.text('federation_rule_id') !== SANDBOX_IDS['openai-codex'].federation_rule_id)
    return refusedUnseen(refused('invalid_grant'), asked, 'federation_rule_id is not known')
  if (fields.has('workload_identity_context') && !isContext(fields.text('workload_identity_context')))
    return refusedUnseen(refused('invalid_grant'), asked, 'workload_identity_context is malformed')
  return exchange(vendor, asked, request, world)
}

function missing(fields: SentFields): string | undefined {
  const name = ['assertion', 'federation_rule_id'].find((each) => fields.text(each) === '')
  return name && `${name} is required`
}

/** What is noted of the machine that asks. */
function isContext(text: string): boolean {
  return Buffer.byteLength(text) <= CONTEXT_MAX_BYTES && typeof jsonOf({ body: text }).get('instance_id') === 'string'
}

function refused(error: string, status = 400, description = 'The assertion was not accepted.'): Reply {
  return json(status, { error, error_description: description }, undefined, { 'x-request-id': 'req_sandbox' })
}
