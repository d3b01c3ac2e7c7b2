import type { ServedRequest } from '../../platform/served-request.ts'
import { type Dialect, json, type Reply, type SandboxWorld } from '../dialect.ts'
import { jwt } from '../sign-in/token-style.ts'
import { CLIENT_CREDENTIALS, exchange, type ExchangeVendor, refusedUnseen } from './exchange.ts'
import { SANDBOX_AUDIENCES, SANDBOX_IDS } from './known-ids.ts'
import { type SentFields, sentFields } from './sent-fields.ts'
import type { SubjectFault } from './subject-judge.ts'

const PATH = /^\/login\.microsoftonline\.com\/([^/]+)\/oauth2\/v2\.0\/token$/
const LIFETIME_S = 3_599
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const SCOPE = 'https://cognitiveservices.azure.com/.default'
const { tenant_id: TENANT, client_id: CLIENT } = SANDBOX_IDS['azure-openai']

/** What the vendor says of each fault, by its numbers (Microsoft Entra error codes, Aug 2026). */
const FAULTS: Readonly<Partial<Record<SubjectFault['aspect'], readonly [number: number, text: string]>>> = {
  issuer: [700_211, 'No matching federated identity record found for presented assertion issuer.'],
  audience: [700_212, 'No matching federated identity record found for presented assertion audience.'],
  subject: [700_213, 'No matching federated identity record found for presented assertion subject.'],
  time: [700_024, 'Client assertion is not within its valid time range.'],
}
const OTHER_FAULT = [700_027, 'Client assertion failed signature validation.'] as const

const vendor: ExchangeVendor = {
  rules: { realm: 'azure-openai', audiences: SANDBOX_AUDIENCES['azure-openai'] },
  lifetimeS: () => LIFETIME_S,
  accessToken: ({ id, issuedAt, expiresAt }) =>
    jwt({
      iss: `https://sts.windows.net/${TENANT}/`,
      aud: 'https://cognitiveservices.azure.com',
      appid: CLIENT,
      uti: id,
      iat: Math.floor(issuedAt / 1_000),
      exp: Math.floor(expiresAt / 1_000),
    }),
  answer: ({ accessToken, lifetimeS }) => ({
    token_type: 'Bearer',
    expires_in: lifetimeS,
    ext_expires_in: lifetimeS,
    access_token: accessToken,
  }),
  refusal: ({ aspect }) => refused(401, 'invalid_client', ...(FAULTS[aspect] ?? OTHER_FAULT)),
  outage: (status) => refused(status, 'temporarily_unavailable', 90_033, 'A transient error has occurred. Please try again.'),
}

/** Microsoft's token endpoint for an application whose assertion is the token of a job (Aug 2026). */
export const azureExchange: Dialect = {
  name: 'azure-identity',
  answer(request, world) {
    const [, tenant] = PATH.exec(request.path) ?? []
    return request.method === 'POST' && tenant !== undefined ? answer(request, tenant, world) : undefined
  },
}

function answer(request: ServedRequest, tenant: string, world: SandboxWorld): Reply {
  const fields = sentFields(request)
  const asked = { grantType: fields.text('grant_type'), subjectToken: fields.text('client_assertion') }
  if (tenant !== TENANT) return refusedUnseen(refused(400, 'invalid_request', 90_002, 'Tenant not found.'), asked, 'tenant_id is not known')
  const fault = faultOf(fields)
  if (fault) return refusedUnseen(refused(400, fault.error, fault.number, fault.text), asked, fault.reason)
  if (fields.text('client_id') !== CLIENT)
    return refusedUnseen(refused(400, 'unauthorized_client', 700_016, 'Application was not found.'), asked, 'client_id is not known')
  return exchange(vendor, asked, request, world)
}

interface Fault {
  readonly error: string
  readonly number: number
  readonly text: string
  readonly reason: string
}

function faultOf(fields: SentFields): Fault | undefined {
  const invalid = (number: number, text: string, reason: string, error = 'invalid_request') => ({ error, number, text, reason })
  if (fields.type !== 'form') return invalid(900_144, 'The request body must be a form.', 'the body is no form')
  const missing = ['grant_type', 'client_id', 'client_assertion', 'scope'].find((name) => fields.text(name) === '')
  if (missing) return invalid(900_144, `The request body must contain the following parameter: '${missing}'.`, `${missing} is required`)
  if (fields.text('grant_type') !== CLIENT_CREDENTIALS)
    return invalid(70_003, 'The app requested an unsupported grant type.', 'grant_type is not supported', 'unsupported_grant_type')
  if (fields.text('client_assertion_type') !== ASSERTION_TYPE)
    return invalid(50_027, 'Invalid client assertion type.', 'client_assertion_type is not supported')
  return fields.text('scope') === SCOPE ? undefined : invalid(70_011, 'The scope is not valid.', 'scope is not supported', 'invalid_scope')
}

function refused(status: number, error: string, number: number, text: string): Reply {
  const ids = { trace_id: '5a5db000-0000-4000-8000-000000000005', correlation_id: '5a5db000-0000-4000-8000-000000000006' }
  return json(status, { error, error_description: `AADSTS${number}: ${text}`, error_codes: [number], ...ids })
}
