import { flagClaim, idClaim, jwtClaims, shownClaim } from './jwt-claims.ts'

/** Where the tokens of a provider say whose they are. */
export interface AccountRules {
  /** The tokens of an answer that are looked into, in this order. */
  readonly jwtSources: readonly ('id_token' | 'access_token')[]
  /** The claim that holds the vendor's own claims as an object. */
  readonly claimNamespace?: string | undefined
  /** Within the namespace. */
  readonly claim: string
  /** From the root, where no token has `claim`; dots lead into objects and lists. */
  readonly fallbackClaims?: readonly string[] | undefined
  /** From the root: what a person knows the account by. */
  readonly nameClaims?: readonly string[] | undefined
  /** Within the namespace. */
  readonly planClaim?: string | undefined
  /** Within the namespace: true for an account that is served apart from others, for the government of the United States. */
  readonly fedrampClaim?: string | undefined
}

/** What tokens say of their account. Nobody vouches for it: for display and the account headers only (S-48). */
export interface AccountClaims {
  /** Letters, digits, dash and underscore: may stand in a header. */
  readonly id: string | null
  /** Made visible and cut. */
  readonly name: string | null
  /** Made visible and cut. */
  readonly plan: string | null
  readonly fedramp: boolean
}

/** The claims that OpenID Connect Core 1.0 section 5.1 has for every provider. */
const OPENID: AccountRules = { jwtSources: ['id_token'], claim: 'sub', nameClaims: ['email'] }

/** The account of a token answer, as its JWTs name it. The first token that has a claim is believed. */
export function accountClaims(
  tokens: { readonly idToken?: string | undefined; readonly accessToken?: string | undefined },
  rules: AccountRules = OPENID,
): AccountClaims {
  const { claimNamespace, claim, fallbackClaims = [], nameClaims = [], planClaim, fedrampClaim } = rules
  const values = { id_token: tokens.idToken, access_token: tokens.accessToken }
  const payloads = rules.jwtSources.flatMap((source) => jwtClaims(values[source] ?? '') ?? [])
  const own = (name: string | undefined) => (name === undefined ? [] : [claimNamespace === undefined ? [name] : [claimNamespace, name]])
  const first = <Value>(paths: readonly (readonly string[])[], read: (claims: Claims, path: readonly string[]) => Value | null) => {
    for (const path of paths)
      for (const claims of payloads) {
        const value = read(claims, path)
        if (value !== null) return value
      }
    return null
  }
  return {
    id: first([...own(claim), ...fallbackClaims.map(pathOf)], idClaim),
    name: first(nameClaims.map(pathOf), shownClaim),
    plan: first(own(planClaim), shownClaim),
    fedramp: first(own(fedrampClaim), flagClaim) ?? false,
  }
}

type Claims = NonNullable<ReturnType<typeof jwtClaims>>

/** The path that a name like `organizations.0.id` is; the dots of a claim that is named by an address (RFC 7519 section 4.2) belong to it. */
export function pathOf(name: string): string[] {
  const [, address = '', rest = ''] = /^(.*\/)?([^/]*)$/s.exec(name) ?? []
  const [head = '', ...inner] = rest.split('.')
  return [`${address}${head}`, ...inner]
}
