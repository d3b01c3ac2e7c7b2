/** What an access token is made of; instants in ms since 1970. */
export interface TokenFacts {
  /** Chance, base64url. */
  readonly id: string
  readonly clientId: string
  readonly issuedAt: number
  readonly expiresAt: number
}

/** What the tokens of a vendor look like. */
export interface TokenStyle {
  access(facts: TokenFacts): string
  /** `null` = there is none: the token cannot be refreshed. */
  refresh(id: string): string | null
  /** How long an access token lives, s; absent = as the sandbox was told. `null` = it has no end. */
  readonly lifetimeS?: number | null
  /** Whether a refresh replaces the refresh token; absent = it does. */
  readonly rotates?: boolean
}

export const OPAQUE: TokenStyle = { access: ({ id }) => `sandbox-at-${id}`, refresh: (id) => `sandbox-rt-${id}` }

/** A token that says whose it is and when it ends. It is signed by nobody: whoever trusts a signature must not take it. */
export function jwt(claims: Readonly<Record<string, unknown>>, alg = 'RS256'): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg, typ: 'JWT', kid: 'sandbox' })}.${part(claims)}.${Buffer.from('sandbox').toString('base64url')}`
}
