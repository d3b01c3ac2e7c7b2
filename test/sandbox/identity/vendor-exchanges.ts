import { SANDBOX_IDS } from '../../../src/sandbox/identity/known-ids.ts'
import type { Asked } from '../../support/loopback-client.ts'

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const JWT = 'urn:ietf:params:oauth:token-type:jwt'
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

interface VendorExchange {
  readonly path: string
  readonly body: 'json' | 'form'
  /** The field that the token of the job stands in. */
  readonly field: string
  readonly fields: Readonly<Record<string, string>>
}

/** The right request to each exchange of the sandbox, but for the token of the job. */
const VENDOR_EXCHANGES = {
  anthropic: {
    path: '/api.anthropic.com/v1/oauth/token',
    body: 'json',
    field: 'assertion',
    fields: { grant_type: JWT_BEARER, ...SANDBOX_IDS.anthropic },
  },
  openai: {
    path: '/auth.openai.com/oauth/token',
    body: 'json',
    field: 'subject_token',
    fields: { grant_type: TOKEN_EXCHANGE, subject_token_type: JWT, ...SANDBOX_IDS.openai },
  },
  'openai-codex': {
    path: '/auth.openai.com/oauth/token',
    body: 'form',
    field: 'assertion',
    fields: { grant_type: JWT_BEARER, ...SANDBOX_IDS['openai-codex'] },
  },
  openrouter: {
    path: '/openrouter.ai/api/v1/oauth/token',
    body: 'form',
    field: 'subject_token',
    fields: { grant_type: TOKEN_EXCHANGE, subject_token_type: JWT, ...SANDBOX_IDS.openrouter },
  },
  'google-vertex': {
    path: '/sts.googleapis.com/v1/token',
    body: 'form',
    field: 'subject_token',
    fields: {
      grant_type: TOKEN_EXCHANGE,
      subject_token_type: JWT,
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      audience: `//iam.googleapis.com/${SANDBOX_IDS['google-vertex'].pool_provider}`,
    },
  },
  'azure-openai': {
    path: `/login.microsoftonline.com/${SANDBOX_IDS['azure-openai'].tenant_id}/oauth2/v2.0/token`,
    body: 'form',
    field: 'client_assertion',
    fields: {
      grant_type: 'client_credentials',
      client_id: SANDBOX_IDS['azure-openai'].client_id,
      client_assertion_type: ASSERTION,
      scope: 'https://cognitiveservices.azure.com/.default',
    },
  },
  'own server, RFC 8693': {
    path: '/issuer/token',
    body: 'form',
    field: 'subject_token',
    fields: { grant_type: TOKEN_EXCHANGE, subject_token_type: JWT, client_id: 'claw' },
  },
  'own server, RFC 7523': { path: '/issuer/token', body: 'form', field: 'assertion', fields: { grant_type: JWT_BEARER } },
  'own server, client assertion': {
    path: '/issuer/token',
    body: 'form',
    field: 'client_assertion',
    fields: { grant_type: 'client_credentials', client_assertion_type: ASSERTION, client_id: 'claw' },
  },
} as const satisfies Readonly<Record<string, VendorExchange>>

export type Vendor = keyof typeof VENDOR_EXCHANGES
export const VENDORS = Object.keys(VENDOR_EXCHANGES) as Vendor[]

/** How a request differs from the right one; `null` leaves a field out. */
export interface Changes {
  readonly fields?: Readonly<Record<string, string | null>>
  readonly body?: 'json' | 'form'
  readonly headers?: Readonly<Record<string, string>>
}

/** The path and the request of an exchange. */
export function askExchange(vendor: Vendor, token: string, changes: Changes = {}): [path: string, asked: Asked] {
  const { path, body, field, fields }: VendorExchange = VENDOR_EXCHANGES[vendor]
  const sent = Object.fromEntries(
    Object.entries({ ...fields, [field]: token, ...changes.fields }).filter((entry): entry is [string, string] => entry[1] !== null),
  )
  const asked = (changes.body ?? body) === 'json' ? { json: sent } : { form: sent }
  return [path, { ...asked, ...(changes.headers && { headers: changes.headers }) }]
}

export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}
