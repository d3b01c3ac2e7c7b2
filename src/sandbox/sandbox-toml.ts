import { ISSUER_PATH } from './rfc8628.ts'

/** The variables that lead programs to a sandbox which read no configuration of claw: the base URLs of vendors' libraries. */
export function sandboxEnvironment(origin: string): Readonly<Record<string, string>> {
  return {
    OPENAI_BASE_URL: `${origin}/v1`,
    ANTHROPIC_BASE_URL: `${origin}/anthropic`,
    KIMI_CODE_BASE_URL: `${origin}/coding/v1`,
  }
}

/** The configuration that points every provider of claw at a sandbox, and a provider of one's own with sign-in by discovery. */
export function sandboxToml(origin: string): string {
  const variables = Object.entries(sandboxEnvironment(origin)).map(([name, value]) => `# ${name}=${value}`)
  return `# Points claw at the sandbox on ${origin}. It takes keys that begin sk-sandbox, sk-ant-sandbox or sk-kimi-sandbox.
# Programs that read variables find it by these:
${variables.join('\n')}

[providers.moonshot]
base_url = "${origin}/moonshot/v1"

[providers.kimi-code]
base_url = "${origin}/coding"

[providers.kimi-code.auth.device]
oauth_host = "${origin}"

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
