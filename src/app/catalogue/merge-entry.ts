import type { ProviderSettings } from '../../config/config.ts'
import type { Protocol } from '../../core/vocabulary.ts'
import type { ModelEntry, ProviderEntry, Region } from '../../providers/entry.ts'
import { hostOf } from '../../providers/hosts.ts'
import { hostsOfAuth, isTable, mergeAuth, plainAuth } from './merge-auth.ts'

/** Tables that the user's file adds to instead of replacing them. */
const ADDED_TO = [
  'headers',
  'deviceHeaders',
  'optionalHeaders',
  'dialect',
  'limits',
  'baseUrls',
  'regions',
  'clientNotAllowedFix',
  'accountId',
  'envSettings',
  'settings',
  'query',
  'credentialHeaders',
  'promptHeaders',
  'visionHeaders',
  'modelsHeaders',
] as const

/**
 * An entry of the catalogue with what the user's file changes of it; or, for a provider of one's own, the whole of it.
 * Hosts that the file sets count as pinned: they are trusted from then on.
 */
export function mergeEntry(known: ProviderEntry | undefined, settings: ProviderSettings): ProviderEntry {
  const base = known ?? ownEntry(settings)
  const { models, ...overrides } = settings.overrides
  const tables = ADDED_TO.flatMap((name) => {
    const written = overrides[name]
    return isTable(written) ? [[name, { ...base[name], ...written }] as const] : []
  })
  const merged: ProviderEntry = { ...base, ...overrides, ...Object.fromEntries(tables), id: base.id, sources: base.sources }
  const protocol = settings.protocol ?? merged.protocols[0] ?? 'openai-chat'
  return {
    ...merged,
    ...(settings.allowHttp !== undefined && { allowHttp: settings.allowHttp }),
    trustedHosts: unique([...merged.trustedHosts, ...addressesOf(settings)]),
    authHosts: unique([...(merged.authHosts ?? []), ...hostsOfAuth(settings.auth), ...regionHosts(settings)]),
    auth: mergeAuth(base.auth, settings.auth, protocol),
    models: Array.isArray(models) ? models.filter(isTable).map((model) => toModel(model, base.models)) : base.models,
  }
}

function ownEntry(settings: ProviderSettings): ProviderEntry {
  const listed = settings.overrides.protocols
  const first: unknown = Array.isArray(listed) ? listed[0] : undefined
  const protocol: Protocol = settings.protocol ?? (isProtocol(first) ? first : 'openai-chat')
  return {
    id: settings.id,
    name: settings.id,
    terms: 'ok',
    protocols: [protocol],
    baseUrl: settings.baseUrl ?? '',
    modelsEndpoint: protocol === 'anthropic-messages' ? '/v1/models' : '/models',
    probe: protocol === 'anthropic-messages' ? 'GET /v1/models' : 'GET /models',
    trustedHosts: [],
    auth: [
      plainAuth('api-key', 'api_key', protocol),
      plainAuth('token', 'bearer', protocol),
      ...(settings.local ? [plainAuth('none', 'none', protocol)] : []),
    ],
    models: [],
    sources: { '*': settings.origin.name },
    ...(settings.local && { local: true }),
  }
}

function toModel(written: Readonly<Record<string, unknown>>, known: readonly ModelEntry[]): ModelEntry {
  const id = String(written.id)
  const plain: ModelEntry = { id, contextTokens: 0, outputTokens: 0, input: ['text'], tools: true, reasoning: false }
  return { ...(known.find((model) => model.id === id) ?? plain), ...written, id }
}

function addressesOf(settings: ProviderSettings): string[] {
  const { baseUrls } = settings.overrides
  const byProtocol = isTable(baseUrls) ? Object.values(baseUrls) : []
  const byRegion = regionsOf(settings).flatMap((region) => [
    region.baseUrl,
    ...(isTable(region.baseUrls) ? Object.values(region.baseUrls) : []),
  ])
  return hosts([settings.baseUrl, ...byProtocol, ...byRegion])
}

function regionHosts(settings: ProviderSettings): string[] {
  return hosts(regionsOf(settings).map((region) => region.oauthHost))
}

function regionsOf({ overrides }: ProviderSettings): Readonly<Record<string, unknown>>[] {
  return isTable(overrides.regions) ? Object.values(overrides.regions).filter(isTable) : []
}

function hosts(addresses: readonly unknown[]): string[] {
  return addresses.flatMap((address) => (typeof address === 'string' ? (hostOf(address) ?? []) : []))
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}

const PROTOCOLS: readonly unknown[] = ['anthropic-messages', 'openai-chat', 'openai-responses', 'codex-responses'] satisfies Protocol[]

function isProtocol(value: unknown): value is Protocol {
  return PROTOCOLS.includes(value)
}

/** The region in force, by name. */
export function regionOf(entry: ProviderEntry, name: string | null): Region | undefined {
  return name !== null && entry.regions && Object.hasOwn(entry.regions, name) ? entry.regions[name] : undefined
}
