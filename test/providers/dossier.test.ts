import { existsSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { camelCase } from '../../src/config/shape-walk.ts'
import { CATALOGUE, WITHDRAWN } from '../../src/providers/catalogue.ts'
import { DECIDED } from './decided-differences.ts'

/** The table of facts that the catalogue was made from lies beside the project, and is no part of it. */
const DOSSIER = new URL('../../../shared/providers.toml', import.meta.url)
const entries = new Map<string, Table>([...CATALOGUE, ...WITHDRAWN].map(([id, entry]) => [id, { ...entry }]))

type Table = Readonly<Record<string, unknown>>

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function tables(value: unknown): Table[] {
  return Array.isArray(value) ? value.filter(isTable) : []
}

/** Names of the dossier that the catalogue has under another one. */
const RENAMED: Readonly<Record<string, string>> = {
  context: 'contextTokens',
  output: 'outputTokens',
  accept_prefixes: 'prefixes',
  revoke_url: 'revocationUrl',
  expires_s: 'expiresS',
}

/** A fact of the dossier as the catalogue may have it: as it stands, or a table with the fields of an interface. */
function forms(value: unknown): unknown[] {
  if (value === 'maybe') return ['sometimes']
  if (value === 0 || value === '') return [value, undefined]
  return [plain(value), inCamelCase(value)]
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}

function inCamelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inCamelCase)
  if (!isTable(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [camelCase(key), inCamelCase(member)]))
}

/** Keys of a table of the dossier against the fields of an entry, by the path of each key. */
function differences(path: string, written: Table, field: (name: string, key: string) => unknown, skip: readonly string[]): string[] {
  return Object.entries(written).flatMap(([key, value]) => {
    if (skip.includes(key)) return []
    const found = field(RENAMED[key] ?? camelCase(key), key)
    const isSame = forms(value).some((form) => isDeepStrictEqual(form, plain(found)))
    return isSame ? [] : [`${path}.${key}`]
  })
}

function providerDifferences(id: string, written: Table): string[] {
  const entry = entries.get(id)
  if (!entry) return [id]
  const auth = tables(entry.auth)
  const models = tables(entry.models)
  const rename = (name: string) => entry[name]
  return [
    ...differences(id, written, rename, [
      'auth',
      'models',
      'protocol',
      'protocols',
      'anthropic_base_url',
      'openai_base_url',
      'regions',
      'error_codes',
      'models_from',
      'error_codes_from',
    ]),
    ...addressDifferences(id, written, entry),
    ...codeDifferences(id, written, entry),
    ...tables(written.auth).flatMap((method) => {
      const own = auth.find((each) => each.id === method.id)
      const path = `${id}.auth.${String(method.id)}`
      if (!own) return [path]
      const exchange = isTable(own.federation) ? own.federation : {}
      return differences(path, method, (name) => own[name] ?? exchange[name], ['quirks'])
    }),
    ...tables(written.models).flatMap((model) => {
      const own = models.find((each) => each.id === model.id)
      return own ? differences(`${id}.models.${String(model.id)}`, model, (name) => own[name], []) : [`${id}.models.${String(model.id)}`]
    }),
    ...(written.models_from ? [] : models)
      .filter(({ id: model }) => !tables(written.models).some((each) => each.id === model))
      .map((model) => `${id}.models.+${String(model.id)}`),
    ...auth
      .filter(({ id: method }) => !tables(written.auth).some((each) => each.id === method))
      .map((method) => `${id}.auth.+${String(method.id)}`),
  ]
}

function addressDifferences(id: string, written: Table, entry: Table): string[] {
  const byProtocol = isTable(entry.baseUrls) ? entry.baseUrls : {}
  const regions = isTable(entry.regions) ? entry.regions : {}
  const one = (key: string, expectedUrl: unknown, found: unknown) =>
    expectedUrl === undefined || expectedUrl === found ? [] : [`${id}.${key}`]
  return [
    ...one('anthropic_base_url', written.anthropic_base_url, byProtocol['anthropic-messages']),
    ...one('openai_base_url', written.openai_base_url, byProtocol['openai-chat']),
    ...Object.entries(isTable(written.regions) ? written.regions : {}).flatMap(([name, region]) => {
      const found = isTable(regions[name]) ? regions[name] : {}
      const urls = isTable(found.baseUrls) ? found.baseUrls : {}
      if (typeof region === 'string') return one(`regions.${name}`, region, found.baseUrl)
      if (!isTable(region)) return []
      return [
        ...one(`regions.${name}.base_url`, region.base_url, found.baseUrl),
        ...one(`regions.${name}.openai_base_url`, region.openai_base_url, urls['openai-chat']),
        ...one(`regions.${name}.oauth_host`, region.oauth_host, found.oauthHost),
      ]
    }),
    ...(Array.isArray(written.protocols)
      ? one('protocols', written.protocols.join(), Array.isArray(entry.protocols) && entry.protocols.join())
      : []),
    ...one('protocol', written.protocol, Array.isArray(entry.protocols) ? entry.protocols[0] : undefined),
  ]
}

const KINDS: Readonly<Record<string, readonly string[]>> = {
  auth: ['auth'],
  billing: ['quota'],
  quota: ['quota'],
  rate_limit: ['rate_limit'],
  transient: ['overloaded', 'server'],
  no_subscription: ['forbidden'],
  forbidden: ['forbidden'],
  terminated: ['terminated'],
  wrong_audience: ['auth', 'forbidden'],
  client_not_allowed: ['client_not_allowed'],
  bad_header: ['auth'],
}

function codeDifferences(id: string, written: Table, entry: Table): string[] {
  const rules = tables(entry.errorRules)
  return Object.entries(isTable(written.error_codes) ? written.error_codes : {}).flatMap(([code, kind]) => {
    const rule = rules.find(({ codes }) => Array.isArray(codes) && codes.includes(code))
    return KINDS[String(kind)]?.includes(String(rule?.kind)) === true ? [] : [`${id}.error_codes.${code}`]
  })
}

/** The dossier's own rules, but for those of a single step of a sign-in. */
function ruleDifferences(rules: readonly Table[]): string[] {
  return rules.flatMap((rule, index) => {
    const { provider, phase, codes, contains } = rule
    if (provider === '*' || phase !== undefined) return []
    const own = tables(entries.get(String(provider))?.errorRules)
    const isThere = own.some(
      (each) =>
        KINDS[String(rule.class)]?.includes(String(each.kind)) === true &&
        (contains === undefined || each.contains === contains) &&
        (!Array.isArray(codes) || codes.some((code) => Array.isArray(each.codes) && each.codes.includes(code))),
    )
    return isThere ? [] : [`error_rules.${index}.${String(provider)}.${String(rule.class)}`]
  })
}

describe.skipIf(!existsSync(DOSSIER))('the catalogue against the table of facts (skipped where shared/providers.toml is not there)', () => {
  it('differs only where that was decided', () => {
    const dossier = parse(readFileSync(DOSSIER, 'utf8'))
    const providers = isTable(dossier.providers) ? dossier.providers : {}
    const found = [
      ...Object.entries(providers).flatMap(([id, written]) => (isTable(written) ? providerDifferences(id, written) : [])),
      ...[...entries.keys()].filter((id) => !Object.hasOwn(providers, id)).map((id) => `+${id}`),
      ...ruleDifferences(tables(dossier.error_rules)),
    ]
    const isOf = (pattern: string, path: string) => new RegExp(`^${pattern.replace(/[.+]/g, '\\$&').replaceAll('*', '[^.]+')}$`).test(path)
    const patterns = Object.keys(DECIDED)
    expect(found.filter((path) => !patterns.some((pattern) => isOf(pattern, path)))).toEqual([])
    expect(patterns.filter((pattern) => !found.some((path) => isOf(pattern, path)))).toEqual([])
  })
})
