import type { AuthEntry, FederationEntry } from '../../providers/entry.ts'

type Shape = Pick<FederationEntry, 'grantType' | 'subjectField' | 'subjectTokenType' | 'fixedFields' | 'bodyFields' | 'requiredFields'>

const COMMON = ['client_id', 'scope', 'audience', 'resource']
const JWT = 'urn:ietf:params:oauth:token-type:jwt'

/** The grants that an authorization server of one's own may ask for, by the word of the configuration. */
const GRANTS: Readonly<Record<NonNullable<AuthEntry['grant']>, Shape>> = {
  // RFC 8693 section 2.1
  'token-exchange': {
    grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subjectField: 'subject_token',
    subjectTokenType: JWT,
    bodyFields: ['grant_type', 'subject_token', 'subject_token_type', 'requested_token_type', ...COMMON],
    requiredFields: ['subject_token'],
  },
  // RFC 7523 section 2.1
  'jwt-bearer': {
    grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    subjectField: 'assertion',
    bodyFields: ['grant_type', 'assertion', ...COMMON],
    requiredFields: ['assertion'],
  },
  // RFC 7523 section 2.2
  'client-assertion': {
    grantType: 'client_credentials',
    subjectField: 'client_assertion',
    fixedFields: { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' },
    bodyFields: ['grant_type', 'client_assertion_type', 'client_assertion', ...COMMON],
    requiredFields: ['client_assertion', 'client_id'],
  },
}

/** How an exchange is made: as the entry has it, or by the grant that the user's file names, with the fields that it adds. */
export function rulesInForce({ federation, grant, extraParams = {} }: AuthEntry): FederationEntry | undefined {
  if (!federation) return undefined
  const shaped = grant === undefined ? federation : { ...federation, ...GRANTS[grant] }
  const added = Object.keys(extraParams).filter((name) => !shaped.bodyFields.includes(name))
  return added.length === 0 ? shaped : { ...shaped, bodyFields: [...shaped.bodyFields, ...added] }
}
