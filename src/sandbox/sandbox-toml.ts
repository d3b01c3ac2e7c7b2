import { ISSUER_PATH } from './rfc8628.ts'

/** The configuration that points every provider of claw at a sandbox, and a provider of one's own with sign-in by discovery. */
export function sandboxToml(origin: string): string {
  return `# Points claw at the sandbox on ${origin}. Keys that begin sk-sandbox, sk-ant-sandbox or sk-kimi-sandbox are taken.

[providers.moonshot]
base_url = "${origin}/moonshot/v1"

[providers.kimi-code]
base_url = "${origin}/coding"

[providers.kimi-code.auth.device]
oauth_host = "${origin}/kimi"
device_url = "${origin}/kimi/api/oauth/device_authorization"
token_url = "${origin}/kimi/api/oauth/token"

[providers.openai]
base_url = "${origin}/v1"

[providers.anthropic]
base_url = "${origin}/anthropic"

[providers.openrouter]
base_url = "${origin}/openrouter/api/v1"

[providers.ollama]
base_url = "${origin}/ollama/v1"
probe = "GET ${origin}/ollama/api/version"

[providers.acme]
protocol = "openai-chat"
base_url = "${origin}/v1"
models = ["m"]

[providers.acme.auth.sso]
method = "device"
issuer = "${origin}${ISSUER_PATH}"
client_id = "claw"
scope = "openid offline_access"
`
}
