import type { Mirror } from './mirror.ts'
import { ISSUER_PATH } from './sign-in/issuer-path.ts'

/** The configuration that points every provider of claw at a sandbox, and a provider of one's own with sign-in by discovery. */
export function sandboxToml(origin: string, mirror: Mirror): string {
  const variables = Object.entries(mirror.environment(origin)).map(([name, value]) => `# ${name}=${value}`)
  return `# Points claw at the sandbox on ${origin}. Keys are made of the vendor's own prefix and the word sandbox.
# Programs that read variables find it by these:
${variables.join('\n')}

${mirror.toml(origin)}
# A provider of one's own: sk-sandbox…, or a sign-in that discovery finds.
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
`
}
