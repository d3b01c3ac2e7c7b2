import type { NewCredential } from '../../credentials/record.ts'
import type { SentVerdict } from './exchange-wire.ts'
import type { Federation } from './federation.ts'

/** What an exchange brought, as it is kept: it is renewed by another exchange and by nothing else. */
export function mintedCredential(
  { auth, values }: Federation,
  { token, lifetimeMs, sentAgoMs, accountId, plan, scopes }: Extract<SentVerdict, { kind: 'granted' }>,
  tokenEndpoint: string,
): NewCredential {
  return {
    method: 'identity',
    auth: auth.id,
    secrets: { access: token },
    lifetimeMs,
    sentAgoMs,
    account: accountId === null && plan === null ? null : { id: accountId, name: null, plan },
    region: null,
    scopes,
    origins: [],
    client: { clientId: values.client_id ?? null, tokenEndpoint, revocationEndpoint: null, issuer: auth.issuer ?? null },
  }
}
