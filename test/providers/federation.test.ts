import { describe, expect, expectTypeOf, it } from 'vitest'
import type { SecondStepRules } from '../../src/protocols/oauth/second-step.ts'
import type { SubjectRules } from '../../src/protocols/oauth/subject-token.ts'
import type { ExchangeRules } from '../../src/protocols/oauth/token-exchange.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import type { FederationEntry } from '../../src/providers/entry.ts'
import { isAtHost } from '../../src/providers/hosts.ts'

const federations = [...CATALOGUE.values()].flatMap(({ id, auth }) =>
  auth.flatMap(({ federation }) => (federation ? [[id, federation] as const] : [])),
)
/** What of the variables is no field of the body and no part of an address: how the subject token is found, and other facts. */
const OTHER_VARIABLES = ['assertion', 'assertion_file', 'audience', 'config_file', 'authority']

const named = (template: string) => [...template.matchAll(/\{([a-z_]+)\}/g)].map(([, name = '']) => name)
/** The names that an exchange has a use for. */
const used = ({ bodyFields, tokenUrl, defaultAudience, fieldTemplates = {}, secondStep }: FederationEntry) => [
  ...bodyFields,
  ...[tokenUrl, defaultAudience, ...Object.values(fieldTemplates), secondStep?.url ?? ''].flatMap(named),
]

it('is what the exchange and the judge of a subject token read', () => {
  expectTypeOf<FederationEntry>().toExtend<ExchangeRules>()
  expectTypeOf<FederationEntry>().toExtend<SubjectRules>()
  expectTypeOf<NonNullable<FederationEntry['secondStep']>>().toExtend<SecondStepRules>()
  expect(federations.map(([id]) => id)).toEqual([
    'anthropic',
    'openai',
    'openai-codex',
    'google-vertex',
    'openrouter',
    'azure-openai',
    'bedrock',
  ])
})

describe.each(federations)('the exchange of %s', (_id, entry) => {
  const { idPatterns, envMap, responseRequired, secondStep } = entry

  it('has a use for every id that it asks for', () => {
    const asked = [...entry.requiredFields, ...Object.keys(idPatterns), ...Object.keys(envMap)]
    expect(asked.filter((name) => !used(entry).includes(name) && !OTHER_VARIABLES.includes(name) && name !== 'region')).toEqual([])
  })

  it('says what every field of its body holds', () => {
    const { bodyFields, grantType, subjectField, subjectTokenType, fixedFields = {}, fieldTemplates = {} } = entry
    expect(bodyFields).toContain(subjectField)
    expect(bodyFields.includes('grant_type')).toBe(grantType !== undefined)
    expect(bodyFields.includes('subject_token_type')).toBe(subjectTokenType !== undefined)
    expect(Object.keys({ ...fixedFields, ...fieldTemplates }).filter((name) => !bodyFields.includes(name))).toEqual([])
    expect(new Set(bodyFields).size).toBe(bodyFields.length)
  })

  it('has patterns that are patterns, and classes of errors that claw knows', () => {
    for (const pattern of Object.values(idPatterns)) expect(() => new RegExp(pattern)).not.toThrow()
    expect(Object.keys(entry.errorMap).filter((key) => !/^[45](?:xx|\d\d(?: [a-z_]+)?)$/.test(key))).toEqual([])
    expect(
      Object.values(entry.errorMap).filter((kind) => !['config', 'refused', 'forbidden', 'rate_limit', 'transient'].includes(kind)),
    ).toEqual([])
  })

  it('asks an answer for the token, and for whom it names where that may not change', () => {
    expect((entry.principalFields ?? []).filter((name) => !responseRequired.includes(name))).toEqual([])
    if (entry.flow === undefined) expect(responseRequired).toContain('access_token')
  })

  it('S-19 sends the token of its second step to hosts of its list only, with everything that it needs', () => {
    if (!secondStep) return
    expect(isAtHost(secondStep.url.replaceAll(/\{[a-z_]+\}/g, 'own'), secondStep.hosts)).toBe(true)
    expect(named(secondStep.url)).toEqual([secondStep.when])
    expect(secondStep.fields.filter((name) => secondStep.fixedFields?.[name] === undefined)).toEqual([])
    expect((secondStep.listFields ?? []).filter((name) => !secondStep.fields.includes(name))).toEqual([])
  })
})
