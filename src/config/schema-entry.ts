import * as v from './schema-values.ts'
import { anything, choice, either, flag, list, number, record, table } from './shape.ts'

const baseUrls = record(v.protocol, v.serviceUrl)

const dialect = table({
  max_tokens_field: choice('max_completion_tokens', 'max_tokens'),
  stream_usage: flag,
  system_role: choice('system', 'developer'),
  effort: choice('reasoning_effort', 'thinking', 'reasoning', 'none'),
  effort_map: v.texts,
  sampling: flag,
  tool_choice: choice('full', 'autoOnly'),
  echo_reasoning: choice('none', 'reasoning_content', 'reasoning_details', 'required'),
  empty_content: choice('omit', 'null', ''),
  think_tags: flag,
  output_excludes_reasoning: flag,
  eof_ok: flag,
  extra_body: record(v.line, anything),
})

/** `context` and `output` are short for the names that the catalogue has. */
const modelKeys = {
  id: v.line,
  name: v.line,
  aliases: v.lines,
  context_tokens: v.amount,
  context: v.amount,
  output_tokens: v.amount,
  output: v.amount,
  input: list(choice('text', 'image', 'pdf')),
  tools: flag,
  reasoning: flag,
  sampling: flag,
  protocol: v.protocol,
  dialect,
  retires: v.day,
  retires_not_before: v.day,
}
export const modelSchema = either(v.line, table(modelKeys, 'id'))

const region = either(
  v.serviceUrl,
  table({
    base_url: v.serviceUrl,
    base_urls: baseUrls,
    anthropic_base_url: v.serviceUrl,
    openai_base_url: v.serviceUrl,
    oauth_host: v.endpoint,
  }),
)

const limits = table({
  max_concurrent: v.positive,
  request_max_bytes: v.positive,
  requests_per_5h: list(v.amount, 2),
  quota_windows: v.lines,
  api_keys_max: v.amount,
  device_idle_days: v.amount,
})

const errorKind = choice(
  'auth',
  'forbidden',
  'client_not_allowed',
  'terminated',
  'quota',
  'rate_limit',
  'overloaded',
  'context_overflow',
  'content_filter',
  'not_found',
  'invalid_request',
  'server',
)

/** A value of a listed model. */
const listed = v.lineOrFlag
const modelCondition = table({ path: v.line, is: listed, is_not: listed }, 'path')

/** The fields of a catalogue entry, by the names of the configuration; `auth` has a schema of its own. */
export const entryKeys = {
  name: v.line,
  aliases: v.names,
  terms: v.terms,
  terms_note: v.line,
  terms_note_on: list(choice('auth', 'batch', 'ci')),
  default_model: v.line,
  key_url: v.line,
  routes: list(table({ to: v.name, auth: v.lines, key_prefixes: v.lines, named_only: flag, note: v.line }, 'to', 'auth')),
  protocols: list(v.protocol),
  protocol_by_prefix: record(v.line, v.protocol),
  own_protocol: v.line,
  base_url: v.serviceUrl,
  base_urls: baseUrls,
  anthropic_base_url: v.serviceUrl,
  openai_base_url: v.serviceUrl,
  base_url_env: v.variable,
  base_url_env_strip: v.line,
  env_settings: record(v.line, v.variables),
  settings: v.texts,
  query: v.texts,
  model_map_setting: v.line,
  hosts_of_customers: flag,
  domain: v.line,
  domain_env: v.variable,
  allowed_domains: v.hosts,
  regions: record(v.name, region),
  default_region: v.name,
  models_endpoint: v.line,
  models_list: table({
    items: v.line,
    id: v.line,
    name: v.line,
    context: v.line,
    where: list(modelCondition),
    or_else: list(modelCondition),
  }),
  models_id_prefix: v.line,
  models_shutdown_field: v.line,
  usage_endpoint: v.line,
  models_endpoint_public: flag,
  probe: v.line,
  probe_note: v.line,
  probe_funds: table({ path: v.line, above: number(-1e12, 1e12, false) }, 'path', 'above'),
  trusted_hosts: v.hosts,
  auth_hosts: v.hosts,
  verification_hosts: v.hosts,
  headers: v.headers,
  device_headers: v.headers,
  credential_headers: v.headers,
  prompt_headers: v.headers,
  vision_headers: v.headers,
  models_headers: v.headers,
  account_id: table(
    {
      jwt_sources: list(choice('id_token', 'access_token')),
      claim_namespace: v.line,
      claim: v.line,
      fallback_claims: v.lines,
      name_claims: v.lines,
      plan_claim: v.line,
      fedramp_claim: v.line,
    },
    'jwt_sources',
    'claim',
  ),
  optional_headers: v.headers,
  user_agent: v.line,
  local: flag,
  allow_http: flag,
  dialect,
  client_not_allowed: table({ status: v.statusCode, type: v.line, contains: v.line }, 'status', 'contains'),
  client_not_allowed_fix: record(v.protocol, v.protocol),
  error_rules: list(table({ kind: errorKind, status: list(v.statusCode), codes: v.lines, contains: v.line, hint: v.line }, 'kind')),
  limits,
  models: list(modelSchema),
}
