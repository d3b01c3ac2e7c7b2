import { SANDBOX_IDS } from '../../../src/sandbox/identity/known-ids.ts'
import type { Asked } from '../../support/loopback-client.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

interface VendorExchange {
  readonly path: string
  readonly body: 'json' | 'form'
  /** The field that the token of the job stands in. */
  readonly field: string
  readonly fields: Readonly<Record<string, string>>
}

/** The right request to each exchange of the sandbox, but for the token of the job. */
export const VENDOR_EXCHANGES = {
  anthropic: {
    path: '/api.anthropic.com/v1/oauth/token',
    body: 'json',
    field: 'assertion',
    fields: { grant_type: JWT_BEARER, ...SANDBOX_IDS.anthropic },
  },
} as const satisfies Readonly<Record<string, VendorExchange>>

export type Vendor = keyof typeof VENDOR_EXCHANGES

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
