import type { AuthEntry } from './entry.ts'

/** What every bearer token of Anthropic's own needs beside it. */
export const OAUTH_BETA = { 'anthropic-beta': 'oauth-2025-04-20' }

/** A CI job's own token for a short-lived one: no key is stored. */
export const federation: AuthEntry = {
  id: 'federation',
  kind: 'workload_identity',
  headless: true,
  enabled: true,
  terms: 'ok',
  status: 'verified',
  header: 'authorization',
  scheme: 'Bearer',
  prefixes: ['sk-ant-oat01-'],
  extraHeaders: OAUTH_BETA,
  bufferS: 30,
  federation: {
    tokenUrl: 'https://api.anthropic.com/v1/oauth/token',
    tokenUrlFollowsBaseUrl: true,
    exchangeHosts: ['api.anthropic.com'],
    tokenBody: 'json',
    grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    subjectField: 'assertion',
    bodyFields: ['grant_type', 'assertion', 'federation_rule_id', 'organization_id', 'service_account_id', 'workspace_id'],
    requiredFields: ['assertion', 'federation_rule_id', 'organization_id'],
    recommendedFields: ['service_account_id'],
    idPatterns: {
      federation_rule_id: '^fdrl_',
      organization_id: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$',
      service_account_id: '^svac_',
      workspace_id: '^(wrkspc_|default$)',
    },
    defaultAudience: 'https://api.anthropic.com',
    assertionMaxBytes: 16_384,
    subjectRequiredClaims: ['sub', 'iat', 'exp'],
    subjectRequiredHeader: ['kid', 'alg'],
    subjectAlgs: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
    subjectMaxLifeS: 3_600,
    jtiSingleUse: 'default-on',
    outlivesSubject: 'twice',
    accessTtlS: 3_600,
    accessMaxS: 86_400,
    tokenHeaders: { 'anthropic-beta': 'oauth-2025-04-20,oidc-federation-2026-04-01' },
    responseRequired: ['access_token', 'expires_in'],
    envMap: {
      federation_rule_id: 'ANTHROPIC_FEDERATION_RULE_ID',
      organization_id: 'ANTHROPIC_ORGANIZATION_ID',
      assertion: 'ANTHROPIC_IDENTITY_TOKEN',
      assertion_file: 'ANTHROPIC_IDENTITY_TOKEN_FILE',
      service_account_id: 'ANTHROPIC_SERVICE_ACCOUNT_ID',
      workspace_id: 'ANTHROPIC_WORKSPACE_ID',
    },
    claimRules: {
      iss: 'the issuer, letter by letter',
      sub: 'this subject, or a prefix of it',
      aud: 'this audience',
    },
    errorMap: {
      '400 invalid_request_error': 'config',
      '401 authentication_error': 'refused',
      '403': 'forbidden',
      '429': 'rate_limit',
      '5xx': 'transient',
    },
    refusedHint:
      'Claude Console > Settings > Workload identity > history names the reason (match_subject_prefix, workspace_id_required, jti_reused); no entry means the rule id was not recognised',
  },
  quirks: [
    'every refusal is the same 401, a reused jti included',
    'the workspace is fixed in the token: no anthropic-workspace-id header with it',
    'service_account_id: required by the reference, optional in the SDK, reported to work without',
    "the beta header is sent by the SDK and absent from the reference's curl; reported to work without",
    'archiving a rule does not end minted tokens',
  ],
}
