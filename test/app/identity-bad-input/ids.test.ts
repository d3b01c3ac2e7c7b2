import { describe, expect, it } from 'vitest'
import type { JobSetting } from '../../support/rehearsed.ts'
import { complaintOf } from './job.ts'

type Settings = Readonly<Record<string, JobSetting>>

/** Ids that are those of another vendor, or of another field. */
const FOREIGN: readonly [provider: string, id: string, value: string, pattern: string, variable: string | null][] = [
  ['anthropic', 'federation_rule_id', 'idpm_sandbox', '^fdrl_', 'ANTHROPIC_FEDERATION_RULE_ID'],
  ['anthropic', 'organization_id', 'org-sandbox', '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', 'ANTHROPIC_ORGANIZATION_ID'],
  ['anthropic', 'service_account_id', 'svc_acct_sandbox', '^svac_', 'ANTHROPIC_SERVICE_ACCOUNT_ID'],
  ['anthropic', 'workspace_id', 'ws-sandbox', '^(wrkspc_|default$)', 'ANTHROPIC_WORKSPACE_ID'],
  ['openai', 'identity_provider_id', 'fdrl_sandbox', '^idp_', 'OPENAI_IDENTITY_PROVIDER_ID'],
  ['openai', 'service_account_id', 'svac_sandbox', '^(user-|svc_acct_)', 'OPENAI_SERVICE_ACCOUNT_ID'],
  ['openai-codex', 'federation_rule_id', 'fdrl_sandbox', '^idpm_', 'OPENAI_FEDERATION_RULE_ID'],
  ['openrouter', 'federation_policy_id', 'idp_sandbox', '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', null],
  [
    'google-vertex',
    'pool_provider',
    'projects/sandbox',
    '^projects/[0-9]+/locations/global/workloadIdentityPools/[^/]+/providers/[^/]+$',
    null,
  ],
  ['google-vertex', 'service_account', 'sandbox', '@', null],
]

/** Ids that look right, and that nobody knows. */
const UNKNOWN: readonly [provider: string, settings: Settings, note: string][] = [
  ['anthropic', { federation_rule_id: 'fdrl_other' }, 'federation_rule_id is not known'],
  ['openai', { service_account_id: 'svc_acct_other' }, 'service_account_id is not known'],
  ['openai-codex', { federation_rule_id: 'idpm_other' }, 'federation_rule_id is not known'],
  ['openrouter', { federation_policy_id: '00000000-0000-4000-8000-000000000000' }, 'federation_policy_id is not known'],
  ['azure-openai', { tenant_id: '00000000-0000-4000-8000-000000000000' }, 'tenant_id is not known'],
  ['azure-openai', { client_id: '00000000-0000-4000-8000-000000000000' }, 'client_id is not known'],
]

/** Half of what an exchange needs. */
const HALF: readonly [provider: string, missing: string, there: string, place: string][] = [
  ['anthropic', 'organization_id', '`federation_rule_id`, the identity token', ', or ANTHROPIC_ORGANIZATION_ID'],
  ['openai', 'identity_provider_id', '`service_account_id`, the identity token', ', or OPENAI_IDENTITY_PROVIDER_ID'],
  ['openai-codex', 'federation_rule_id', 'the identity token', ', or OPENAI_FEDERATION_RULE_ID'],
  ['openrouter', 'federation_policy_id', 'the identity token', ''],
  ['google-vertex', 'pool_provider', 'the identity token', ''],
  ['azure-openai', 'tenant_id', '`client_id`, the identity token', ', or AZURE_TENANT_ID'],
]

const lines = (provider: string) => [
  ['token', provider],
  ['auth', '--identity', provider],
]

describe('the ids of an exchange', () => {
  it.each(FOREIGN)('of another vendor are told before anything is sent: %s, %s = %s', async (provider, id, value, pattern, variable) => {
    const place = `\`${id}\` in [providers.${provider}.auth.federation]`
    for (const line of lines(provider))
      expect(await complaintOf({ provider, settings: { [id]: value } }, ...line)).toEqual({
        exit: 78,
        error: {
          code: 'CLAW_CONFIG_INVALID',
          message: `\`${id}\` is no id of \`${provider}\``,
          why: `it is \`${value}\`, and one matches \`${pattern}\``,
          fix: `correct ${variable === null ? '' : `${variable} or `}${place}`,
          id,
        },
        asked: [],
      })
  })

  it.each(UNKNOWN)('that nobody knows are refused by the vendor: %s, %j', async (provider, settings, note) => {
    expect(await complaintOf({ provider, settings }, 'token', provider)).toMatchObject({
      exit: 77,
      error: {
        code: 'CLAW_CREDENTIAL_REJECTED',
        message: '`ORIGIN` refused the identity token',
        why: expect.any(String),
        fix: expect.any(String),
      },
      asked: [expect.stringMatching(new RegExp(`^POST 40[01] ${note}$`))],
    })
  })

  it.each(HALF)('that are half a set are told whole: %s without %s', async (provider, missing, there, place) => {
    expect(await complaintOf({ provider, settings: { [missing]: null } }, 'token', provider)).toEqual({
      exit: 78,
      error: {
        code: 'CLAW_CONFIG_INVALID',
        message: `the identity of \`${provider}\` is not complete`,
        why: `there is ${there}; missing: \`${missing}\``,
        fix: `set \`${missing}\` in [providers.${provider}.auth.federation]${place}`,
        missing: [missing],
      },
      asked: [],
    })
  })
})
