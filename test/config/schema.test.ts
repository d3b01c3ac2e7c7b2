import { readFile } from 'node:fs/promises'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import type { AuthDocument, ProviderDocument } from '../../src/config/schema.ts'
import { CONFIG_TEMPLATE } from '../../src/config/template.ts'
import type { AuthEntry, FederationEntry, ModelEntry, ProviderEntry } from '../../src/providers/entry.ts'
import { arrange } from './arrange.ts'

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name
type Keys<Value> = Camel<Extract<keyof Value, string>>
type Model = Exclude<NonNullable<ProviderDocument['models']>[number], string>

describe('every field of a catalogue entry has a key', () => {
  it('of a provider, an auth entry, a federation and a model', () => {
    expectTypeOf<Exclude<keyof ProviderEntry, Keys<ProviderDocument>>>().toEqualTypeOf<'id' | 'sources' | 'withdrawn'>()
    expectTypeOf<Exclude<keyof AuthEntry | keyof FederationEntry, Keys<AuthDocument>>>().toEqualTypeOf<
      'id' | 'kind' | 'federation' | 'ids'
    >()
    expectTypeOf<Exclude<keyof ModelEntry, Keys<Model>>>().toEqualTypeOf<never>()
  })

  it('and every key is a field, or one of the words of the configuration', () => {
    expectTypeOf<Exclude<Keys<ProviderDocument>, keyof ProviderEntry>>().toEqualTypeOf<
      | 'apiKey'
      | 'authToken'
      | 'authMode'
      | 'prefer'
      | 'profile'
      | 'region'
      | 'protocol'
      | 'expect'
      | 'feed'
      | 'anthropicBaseUrl'
      | 'openaiBaseUrl'
    >()
    expectTypeOf<Exclude<Keys<AuthDocument>, keyof AuthEntry | keyof FederationEntry>>().toEqualTypeOf<
      | 'method'
      | 'deviceAuthorizationEndpoint'
      | 'authorizationEndpoint'
      | 'tokenEndpoint'
      | 'revocationEndpoint'
      | 'scope'
      | 'federationRuleId'
      | 'organizationId'
      | 'serviceAccountId'
      | 'workspaceId'
      | 'identityProviderId'
      | 'federationPolicyId'
      | 'workloadIdentityContext'
      | 'poolProvider'
      | 'serviceAccount'
      | 'tenantId'
    >()
    expectTypeOf<Exclude<Keys<Model>, keyof ModelEntry>>().toEqualTypeOf<'context' | 'output'>()
  })
})

describe('what the documentation shows is valid', () => {
  it('the template with every line uncommented', async () => {
    const { read } = await arrange()
    const uncommented = CONFIG_TEMPLATE.split('\n')
      .map((line) => line.replace(/^# (?=\[|[a-z_]+ = )/, ''))
      .join('\n')
    const { error, config } = await read({ user: uncommented })
    expect([error, config.tiers.size, config.providers.size]).toEqual([undefined, 3, 3])
  })

  it('the example file', async () => {
    const { read } = await arrange()
    const { error, config } = await read({ user: await readFile(new URL('../../examples/claw.toml', import.meta.url), 'utf8') })
    expect([error, config.defaultModel]).toEqual([undefined, 'moonshot'])
  })
})

describe('the JSON Schema', () => {
  it('knows the tables of the file and refuses unknown keys', () => {
    const schema = configJsonSchema()
    expect({ ...schema, properties: Object.keys(Object(schema.properties)) }).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'claw configuration',
      type: 'object',
      additionalProperties: false,
      properties: ['default_model', 'aliases', 'tiers', 'providers', 'local_providers', 'store', 'network', 'refresh', 'prompt'],
    })
  })
})
