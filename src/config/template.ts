/** What `claw config init` writes: every line that sets something is commented out. */
export const CONFIG_TEMPLATE = `# Configuration of claw. \`claw config check\` validates it, \`claw config show\` prints what is in force and where it came
# from, \`claw config schema\` prints the schema for an editor. Flags and CLAW_* variables win over this file.

# The model to use where none is named: \`provider/model\`, or a provider alone for its default model.
# default_model = "moonshot"

# [aliases]
# cheap = "openai/gpt-5.4-mini"

# Named uses of models (\`--tier fast\`). The tier \`default\` is what default_model is short for.
# [tiers.fast]
# model = "openai/gpt-5.4-mini"
# auth_mode = "auto"                      # auto | api_key | oauth
# prefer = "api_key"                      # with auto: api_key | oauth
# profile = "ci"
# fallback = ["tier:local"]               # tried in order, said loudly
# [tiers.local]
# model = "ollama/llama3"

# Secrets are references: env:NAME, file:/path, cmd:["program","argument"], cred:NAME (systemd), keyring:NAME.
# [providers.openai]
# api_key = "file:/run/secrets/openai"
# expect = { kind = "api_key" }           # refuse (exit 78) if another credential would be used

# A provider of one's own (\`claw config add-provider\` writes such a table).
# [providers.acme]
# protocol = "openai-chat"                # anthropic-messages | openai-chat | openai-responses | codex-responses
# base_url = "https://llm.acme.example/v1"
# models = ["acme-large"]
# api_key = "env:ACME_API_KEY"
# [providers.acme.auth.sso]               # a sign-in at any RFC-conformant authorization server
# method = "device"                       # device | pkce
# issuer = "https://sso.acme.example/realms/main"
# client_id = "claw"
# scope = "openid offline_access"

# An endpoint on this machine; without api_key no Authorization header is sent.
# [local_providers.lab]
# protocol = "openai-chat"
# base_url = "http://127.0.0.1:8000/v1"

# Where credentials are kept.
# [store]
# backend = "file"                        # file | keyring | postgres | redis | memory
# key = "file:/run/secrets/claw-store-key"   # 32 bytes, base64: encrypts every secret

# [network]
# proxy = "http://proxy.example:3128"
# ca_file = "/etc/ssl/corp.pem"

# [refresh]
# min_remaining = "5m"                    # renew a grant that has less left, at most 20 % of its lifetime

# [prompt]
# timeout = "10m"
# retries = 3
`
