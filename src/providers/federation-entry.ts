/** How a vendor exchanges the token of a CI job or machine for one of its own (RFC 8693, RFC 7523, or a way of its own). */
export interface FederationEntry {
  /** A way of its own, in steps that no field describes; absent = one request as below. */
  readonly flow?: 'aws-web-identity-then-presign'
  /** May hold `{name}` of an id or setting. */
  readonly tokenUrl: string
  readonly tokenUrlFollowsBaseUrl?: boolean
  readonly exchangeHosts: readonly string[]
  readonly tokenBody: 'json' | 'form'
  readonly bodyMaxBytes?: number
  readonly grantType?: string
  readonly subjectField: string
  readonly subjectTokenType?: string
  /** Sent as they stand. */
  readonly fixedFields?: Readonly<Record<string, string>>
  /** Sent with `{name}` of an id filled in. */
  readonly fieldTemplates?: Readonly<Record<string, string>>
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
  readonly expiryField?: string
  readonly tokenHeaders?: Readonly<Record<string, string>>
  readonly responseRequired: readonly string[]
  /** What `issued_token_type` of the answer must be. */
  readonly issuedTokenType?: string
  /** Fields of the answer that must not change from one exchange to the next. */
  readonly principalFields?: readonly string[]
  /** Field of the answer that names the account of later requests. */
  readonly accountIdField?: string
  /** Field of the answer that names the plan of the account, for people. */
  readonly planField?: string
  /** The only addresses that the minted token is good for. */
  readonly baseUrlMustBe?: readonly string[]
  readonly contextMaxBytes?: number
  readonly expiresInDefaultS?: number
  readonly envMap: Readonly<Record<string, string>>
  /** Other programs of the vendor's platform have the same variables: half of them means nothing. */
  readonly envIsShared?: boolean
  /** Variables of which one without the others is an error. */
  readonly envAllOrError?: readonly string[]
  readonly errorMap: Readonly<Record<string, string>>
  readonly refusedHint?: string
  /** What the vendor's rule says of a claim, for people who compare the two. */
  readonly claimRules?: Readonly<Record<string, string>>
  /** A second request, with the minted token, where the id of that name is set. */
  readonly secondStep?: SecondStep
  /** `type` of a file of the vendor's that holds the same facts. */
  readonly configFileType?: string
}

interface SecondStep {
  readonly url: string
  readonly body: 'json' | 'form'
  readonly fields: readonly string[]
  /** Sent as they stand. */
  readonly fixedFields?: Readonly<Record<string, string>>
  /** Those of the fields that are lists on the wire: their words. */
  readonly listFields?: readonly string[]
  readonly when: string
  readonly accessField: string
  /** RFC 3339 */
  readonly expiryField: string
  readonly hosts: readonly string[]
}
