import { configSchema } from './schema.ts'
import { isTable } from './toml-values.ts'

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  default_model: 'Short for tiers.default.model: provider/model, a provider, an alias or a bare model id',
  aliases: 'Other names for models',
  tiers: 'Named uses of models, for --tier',
  providers: 'Overrides of catalogue entries, and providers of your own',
  local_providers: 'Endpoints of your own; without api_key no Authorization header is sent',
  store: 'Where credentials are kept',
  network: 'Proxy and certificates',
  refresh: 'When a grant is renewed',
  prompt: 'Defaults of prompt runs',
}

/** The JSON Schema of the configuration file, as `claw config schema` prints it. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = configSchema.json()
  const properties = isTable(schema.properties) ? schema.properties : {}
  const described = Object.entries(properties).map(([name, property]) => [
    name,
    { description: DESCRIPTIONS[name], ...(isTable(property) ? property : {}) },
  ])
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'claw configuration',
    ...schema,
    properties: Object.fromEntries(described),
  }
}
