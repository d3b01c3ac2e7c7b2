import { expect, it } from 'vitest'
import { effectiveValues } from '../../src/config/effective-values.ts'
import { arrange } from './arrange.ts'

it('shows what is in force and where it came from, with every secret masked', async () => {
  const { read, userFile, repository } = await arrange()
  const { config, error } = await read({
    user: `
[tiers.fast]
model = "openai"
[providers.openai]
api_key = "canary-literal-1"
auth_token = "cmd:[\\"op\\",\\"canary-argument\\"]"
headers = { "X-Team" = "ci", "X-Gateway-Key" = "canary-header" }
[providers.acme]
protocol = "openai-chat"
base_url = "https://llm.acme.example/v1"
[providers.acme.auth.sso]
method = "device"
issuer = "https://sso.acme.example"
client_id = "claw"
client_secret = "canary-literal-2"
extra_params = { token = "canary-param", resource = "r" }
[store]
backend = "postgres"
url = "postgres://claw:canary-pass@db.example/claw"
key = "file:/run/secrets/key"
[network]
proxy = "http://me:canary-proxy@proxy.example:3128"
`,
    project: 'default_model = "moonshot"\ntiers.fast.model = "openrouter"\n',
    variables: { CLAW_AUTH_MODE: 'oauth', CLAW_ENABLE: 'anthropic/oauth', CLAW_TIMEOUT: '90' },
    flags: { profile: 'ci' },
  })
  const values = effectiveValues(config)
  expect(error).toBe(undefined)
  expect(JSON.stringify(values)).not.toContain('canary')
  expect(values.map(({ key, value, source }) => [key, value, source.replace(userFile, 'user').replace(repository, 'project')])).toEqual([
    ['auth_mode', 'oauth', 'CLAW_AUTH_MODE'],
    ['network.proxy', 'http://(masked)@proxy.example:3128', 'user:22'],
    ['profile', 'ci', '--profile'],
    ['prompt.first_event_timeout', '300s', 'built-in'],
    ['prompt.idle_timeout', '60s', 'built-in'],
    ['prompt.timeout', '10m', 'built-in'],
    ['providers.acme.auth.sso.client_id', 'claw', 'user:14'],
    ['providers.acme.auth.sso.client_secret', '(literal, masked)', 'user:15'],
    ['providers.acme.auth.sso.extra_params.resource', 'r', 'user:16'],
    ['providers.acme.auth.sso.extra_params.token', '(masked)', 'user:16'],
    ['providers.acme.auth.sso.issuer', 'https://sso.acme.example', 'user:13'],
    ['providers.acme.auth.sso.method', 'device', 'user:12'],
    ['providers.acme.base_url', 'https://llm.acme.example/v1', 'user:10'],
    ['providers.acme.protocol', 'openai-chat', 'user:9'],
    ['providers.anthropic.auth.oauth.enabled', true, 'CLAW_ENABLE'],
    ['providers.openai.api_key', '(literal, masked)', 'user:5'],
    ['providers.openai.auth_token', 'cmd:["op",…]', 'user:6'],
    ['providers.openai.headers.X-Gateway-Key', '(masked)', 'user:7'],
    ['providers.openai.headers.X-Team', 'ci', 'user:7'],
    ['store.backend', 'postgres', 'user:18'],
    ['store.bound_to_machine', false, 'built-in'],
    ['store.follow_symlink', false, 'built-in'],
    ['store.key', 'file:/run/secrets/key', 'user:20'],
    ['store.lease', '40s', 'built-in'],
    ['store.request_timeout', '15s', 'built-in'],
    ['store.url', '(literal, masked)', 'user:19'],
    ['store.wait', '60s', 'built-in'],
    ['tiers.default.model', 'moonshot', 'project/claw.toml:1'],
    ['tiers.fast.model', 'openai', 'user:3'],
    ['timeout', '1m 30s', 'CLAW_TIMEOUT'],
  ])
})
