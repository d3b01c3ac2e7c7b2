/** How a vendor exchanges the token of a CI job or machine for one of its own (RFC 8693, RFC 7523, or a way of its own). */
export interface FederationEntry {
  readonly tokenUrl: string
  readonly tokenUrlFollowsBaseUrl?: boolean
  readonly exchangeHosts: readonly string[]
  readonly tokenBody: 'json' | 'form'
  readonly bodyMaxBytes?: number
  readonly grantType: string
  readonly subjectField: string
  readonly subjectTokenType?: string
  readonly subjectTokenTypes?: readonly string[]
  readonly bodyFields: readonly string[]
  readonly requiredFields: readonly string[]
  readonly recommendedFields?: readonly string[]
  readonly idPatterns: Readonly<Record<string, string>>
  readonly defaultAudience: string
  readonly assertionMaxBytes: number
  readonly subjectRequiredClaims: readonly string[]
  readonly subjectRequiredHeader?: readonly string[]
  readonly subjectAlgs: readonly string[]
  readonly subjectMaxLifeS: number
  readonly jtiSingleUse: 'default-on' | 'default-off' | 'unknown'
  readonly outlivesSubject: 'never' | 'twice' | 'unknown'
  readonly accessTtlS?: number
  readonly accessMaxS: number
  readonly accessMinS?: number
  readonly expiryField?: string
  readonly tokenHeaders?: Readonly<Record<string, string>>
  readonly apiHeaders?: Readonly<Record<string, string>>
  readonly responseRequired: readonly string[]
  readonly responseOptional?: readonly string[]
  /** What `issued_token_type` of the answer must be. */
  readonly issuedTokenType?: string
  /** Fields of the answer that must not change from one exchange to the next. */
  readonly principalFields?: readonly string[]
  /** Field of the answer that names the account of later requests. */
  readonly accountIdField?: string
  /** The only addresses that the minted token is good for. */
  readonly baseUrlMustBe?: readonly string[]
  readonly contextMaxBytes?: number
  readonly expiresInDefaultS?: number
  readonly envMap: Readonly<Record<string, string>>
  /** Variables of which one without the others is an error. */
  readonly envAllOrError?: readonly string[]
  readonly envPathAbsolute?: readonly string[]
  readonly advisoryBufferS?: number
  readonly errorMap: Readonly<Record<string, string>>
  readonly refusedHint?: string
}
