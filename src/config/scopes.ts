/**
 * Who may set a key of the configuration, beside flags and environment:
 * - `project`: any project file;
 * - `trusted`: a project file that was trusted by its content;
 * - `own`: a trusted project file, in a provider that nobody but it defines;
 * - `user`: the user's file only.
 */
export type Scope = 'project' | 'trusted' | 'own' | 'user'

/**
 * The keys that a project file may set at all; `*` is any one part, a last `**` the key and everything below. A key that is not here is
 * the user's, also one that will be added to the schema some day.
 */
const SCOPES: Readonly<Record<string, Scope>> = {
  default_model: 'project',
  'tiers.*.model': 'project',
  'prompt.timeout': 'project',
  'prompt.idle_timeout': 'project',
  'prompt.first_event_timeout': 'project',
  'prompt.retries': 'project',
  'prompt.max_tokens': 'project',
  'prompt.temperature': 'project',
  'prompt.reasoning': 'project',
  'prompt.stream': 'project',
  'prompt.system': 'project',
  'aliases.*': 'trusted',
  'tiers.*.auth_mode': 'trusted',
  'tiers.*.use_oauth': 'trusted',
  'tiers.*.prefer': 'trusted',
  'tiers.*.fallback': 'trusted',
  'providers.*.auth_mode': 'trusted',
  'providers.*.prefer': 'trusted',
  'providers.*.expect.kind': 'trusted',
  'providers.*.expect.account': 'trusted',
  'providers.*.expect.route': 'trusted',
  'providers.*.**': 'own',
  'providers.*.api_key': 'own',
  'providers.*.auth_token': 'own',
  'providers.*.auth.*.client_secret': 'own',
  'providers.*.auth.*.subject_token': 'own',
  // Within a provider of the project's own these stay the user's word: whose name claw goes by, what is sent without TLS,
  // who is fed, which methods are on, whose names and stored credentials are reached, and programs to run.
  'providers.*.aliases': 'user',
  'providers.*.routes.**': 'user',
  'providers.*.user_agent': 'user',
  'providers.*.allow_http': 'user',
  'providers.*.feed': 'user',
  'providers.*.terms': 'user',
  'providers.*.profile': 'user',
  'providers.*.auth.*.enabled': 'user',
  'providers.*.auth.*.terms': 'user',
  'providers.*.api_key.**': 'user',
  'providers.*.auth_token.**': 'user',
  'providers.*.auth.*.client_secret.**': 'user',
  'providers.*.auth.*.subject_token.**': 'user',
}

interface Rule {
  readonly parts: readonly string[]
  readonly open: boolean
  readonly scope: Scope
}

const RULES: readonly Rule[] = Object.entries(SCOPES)
  .map(([pattern, scope]) => {
    const parts = pattern.split('.')
    const open = parts.at(-1) === '**'
    return { parts: open ? parts.slice(0, -1) : parts, open, scope }
  })
  .sort((a, b) => b.parts.length - a.parts.length || Number(a.open) - Number(b.open))

/** The scope of a key; `local_providers` are providers. Indexes into lists are left out of the path. */
export function scopeOf(path: readonly string[]): Scope {
  const key = path[0] === 'local_providers' ? ['providers', ...path.slice(1)] : path
  const rule = RULES.find(
    ({ parts, open }) =>
      (open ? key.length >= parts.length : key.length === parts.length) &&
      parts.every((part, index) => part === '*' || part === key[index]),
  )
  return rule?.scope ?? 'user'
}
