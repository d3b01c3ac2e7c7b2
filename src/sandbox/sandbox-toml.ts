import { SANDBOX_IDS } from './identity/known-ids.ts'
import type { SandboxIdentity } from './identity/sandbox-identity.ts'
import type { Mirror } from './mirror.ts'
import { ISSUER_PATH } from './sign-in/issuer-path.ts'

/** By route, what its identity method would be set to. */
const JOBS = Object.fromEntries(Object.entries(SANDBOX_IDS).map(([route, ids]) => [route, { subject_token: 'oidc:github', ...ids }]))

/** The configuration that points every provider of claw at a sandbox, and a provider of one's own with sign-in by discovery. */
export function sandboxToml(origin: string, mirror: Mirror, identity: SandboxIdentity): string {
  return `# Points claw at the sandbox on ${origin}. Keys are made of the vendor's own prefix and the word sandbox.
# Programs that read variables find it by these:
${variables(mirror.environment(origin))}
#
# A job without any key: lines such as \`# subject_token\` below hold ids that the sandbox knows; take the sign away from those
# of one provider. With these variables \`oidc:github\` asks the sandbox:
${variables(identity.githubEnvironment())}
# \`claw sandbox -- CMD\` sets them for CMD, and a token that stays the same for an hour: CLAW_SANDBOX_ID_TOKEN for \`env:\`, and
# the path in CLAW_SANDBOX_ID_TOKEN_FILE for \`file:\`.

${mirror.toml(origin, JOBS)}
# A provider of one's own: sk-sandbox…, a sign-in that discovery finds, or a job without any key.
[providers.acme]
protocol = "openai-chat"
base_url = "${origin}/v1"
models = ["m"]

[providers.acme.auth.sso]
method = "device"
issuer = "${origin}${ISSUER_PATH}"
client_id = "claw"
scope = "openid offline_access"

[providers.acme.auth.web]
method = "pkce"
issuer = "${origin}${ISSUER_PATH}"
client_id = "claw"
scope = "openid offline_access"

# [providers.acme.auth.job]
# method = "identity"
# grant = "token-exchange"
# subject_token = "oidc:github"
# token_endpoint = "${origin}${ISSUER_PATH}/token"
`
}

function variables(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `# ${name}=${value}`)
    .join('\n')
}
