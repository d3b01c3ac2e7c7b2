import { authSchema } from './schema-auth.ts'
import { entryKeys } from './schema-entry.ts'
import * as v from './schema-values.ts'
import { choice, flag, list, number, record, table, type ValueOf } from './shape.ts'

const tier = table({
  model: v.modelReference,
  auth_mode: v.authMode,
  use_oauth: flag,
  prefer: v.preference,
  profile: v.name,
  fallback: list(v.modelReference),
})

export const providerSchema = table({
  ...entryKeys,
  api_key: v.reference,
  auth_token: v.reference,
  auth_mode: v.authMode,
  prefer: v.preference,
  profile: v.name,
  region: v.name,
  protocol: v.protocol,
  expect: table({ kind: choice('api_key', 'token', 'oauth', 'identity', 'none'), account: v.line, route: v.name }),
  feed: choice('any'),
  auth: record(v.name, authSchema),
})

const store = table({
  backend: choice('file', 'keyring', 'postgres', 'redis', 'memory'),
  url: v.storeUrl,
  key: v.reference,
  lease: v.duration,
  wait: v.duration,
  request_timeout: v.duration,
  bound_to_machine: flag,
  follow_symlink: flag,
})

const prompt = table({
  timeout: v.duration,
  retries: number(0, 100),
  max_tokens: v.positive,
  temperature: number(0, 2, false),
  reasoning: choice('low', 'medium', 'high'),
  stream: flag,
  idle_timeout: v.duration,
  first_event_timeout: v.duration,
  system: v.prose,
})

/** The whole configuration file. Unknown keys are faults; what needs several keys at once is judged in `join-layers.ts`. */
export const configSchema = table({
  default_model: v.modelReference,
  aliases: record(v.name, v.modelReference),
  tiers: record(v.name, tier),
  providers: record(v.name, providerSchema),
  local_providers: record(v.name, providerSchema),
  store,
  network: table({ proxy: v.proxy, ca_file: v.path }),
  refresh: table({ min_remaining: v.duration }),
  prompt,
})

/** A file as the schema leaves it: names as written, nothing merged. */
export type Document = ValueOf<typeof configSchema>
export type ProviderDocument = ValueOf<typeof providerSchema>
export type AuthDocument = ValueOf<typeof authSchema>
export type TierDocument = ValueOf<typeof tier>
