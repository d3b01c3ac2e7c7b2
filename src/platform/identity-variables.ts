/**
 * Variables by which a program could get the identity of this job or machine, or that are it: those of CI systems and
 * clouds that lead to a token, and those of vendors that hold one or name its file.
 */
const IDENTITY_VARIABLE =
  /^(?:ACTIONS_ID_TOKEN_REQUEST_(?:URL|TOKEN)|SYSTEM_ACCESSTOKEN|SYSTEM_OIDCREQUESTURI|IDENTITY_(?:ENDPOINT|HEADER)|MSI_(?:ENDPOINT|SECRET)|AZURE_FEDERATED_TOKEN(?:_FILE)?|BUILDKITE_AGENT_ACCESS_TOKEN|CI_JOB_JWT(?:_V\d+)?|(?:\w+_)?(?:IDENTITY|OIDC|ID)_TOKEN(?:_V\d+)?(?:_FILE)?)$/i

/** Whether no child of claw inherits a variable unless it was named for it (S-56). */
export function isIdentityVariable(name: string): boolean {
  return IDENTITY_VARIABLE.test(name)
}
