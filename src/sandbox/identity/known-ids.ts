/**
 * The ids that the sandbox knows, by the route whose identity method wants them, under the names of the configuration. Every
 * other one is refused.
 */
export const SANDBOX_IDS = {
  anthropic: {
    federation_rule_id: 'fdrl_sandbox',
    organization_id: '5a5db000-0000-4000-8000-000000000001',
    service_account_id: 'svac_sandbox',
    workspace_id: 'wrkspc_sandbox',
  },
  openai: { identity_provider_id: 'idp_sandbox', service_account_id: 'svc_acct_sandbox' },
  'openai-codex': { federation_rule_id: 'idpm_sandbox' },
  openrouter: { federation_policy_id: '5a5db000-0000-4000-8000-000000000002' },
  'google-vertex': {
    pool_provider: 'projects/1001/locations/global/workloadIdentityPools/sandbox/providers/sandbox',
    service_account: 'sandbox@sandbox-project.iam.gserviceaccount.com',
  },
  'azure-openai': { tenant_id: '5a5db000-0000-4000-8000-000000000003', client_id: '5a5db000-0000-4000-8000-000000000004' },
} as const

/** What tokens are asked for where nobody says another audience. */
export const OWNER_URL = 'https://github.com/claw-sandbox'

/** The audience that each route's rule wants; any of them. */
export const SANDBOX_AUDIENCES = {
  anthropic: ['https://api.anthropic.com'],
  openai: ['https://api.openai.com/v1'],
  'openai-codex': [OWNER_URL, 'https://chatgpt.com/backend-api/codex'],
  openrouter: ['https://openrouter.ai/api/v1'],
  'google-vertex': [`https://iam.googleapis.com/${SANDBOX_IDS['google-vertex'].pool_provider}`],
  'azure-openai': ['api://AzureADTokenExchange'],
} as const

/** The repository whose jobs the sandbox knows. It is young enough to be told by its numbers in every `sub`. */
export const REPOSITORY = { owner: 'claw-sandbox', ownerId: '1001', name: 'app', id: '2002' } as const

const { owner, ownerId, name, id } = REPOSITORY

/** How the `sub` of a job begins that every rule takes: a branch or environment, and the jobs of other CI systems. */
export const SANDBOX_SUBJECTS: readonly string[] = [
  `repo:${owner}@${ownerId}/${name}@${id}:ref:`,
  `repo:${owner}@${ownerId}/${name}@${id}:environment:`,
  `project_path:${owner}/${name}:`,
  `organization:${owner}:`,
  `org/${owner}/`,
  `system:serviceaccount:${owner}:`,
  `spiffe://${owner}/`,
]
