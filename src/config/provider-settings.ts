import { nearest } from '../core/nearest.ts'
import { RESERVED_IDS } from '../core/vocabulary.ts'
import { isPlainText } from './addresses.ts'
import { toAuthSettings, type Reading } from './auth-settings.ts'
import type { CatalogueNames } from './config-request.ts'
import type { Origin, ProviderSettings } from './config.ts'
import { providerSchema, type ProviderDocument } from './schema.ts'
import { modelSchema } from './schema-entry.ts'
import { inCamelCase } from './shape-walk.ts'
import { isTable } from './toml-values.ts'

/** `[providers.ID]` or `[local_providers.ID]` in the words of the catalogue, with what takes several keys to judge. */
export function toProviderSettings(
  id: string,
  written: ProviderDocument,
  facts: { readonly local: boolean; readonly origin: Origin; readonly catalogue: CatalogueNames; readonly reading: Reading },
): ProviderSettings {
  const { local, origin, catalogue, reading } = facts
  const { api_key, auth_token, auth_mode, prefer, profile, region, protocol, expect, feed, auth, base_url, allow_http, ...entry } = written
  checkIdentity(id, written, catalogue, reading)
  const hasCredential = api_key !== undefined || auth_token !== undefined || auth !== undefined
  if (base_url !== undefined && isPlainText(base_url) && hasCredential && allow_http !== true) {
    reading.fault(['base_url'], 'would carry the credential over the network without TLS: use `https://`, or say `allow_http = true`')
  }
  const apiKey = api_key === undefined ? undefined : reading.secret(['api_key'], api_key, 'api-key')
  const authToken = auth_token === undefined ? undefined : reading.secret(['auth_token'], auth_token, 'token')
  return {
    id,
    local,
    ...(apiKey && { apiKey }),
    ...(authToken && { authToken }),
    ...(auth_mode && { authMode: auth_mode }),
    ...(prefer && { prefer }),
    ...(profile !== undefined && { profile }),
    ...(region !== undefined && { region }),
    ...(protocol && { protocol }),
    ...(base_url !== undefined && { baseUrl: base_url }),
    ...(expect && {
      expect: {
        ...(expect.kind && { kind: expect.kind }),
        ...(expect.account && { account: expect.account }),
        ...(expect.route && { route: expect.route }),
      },
    }),
    ...(allow_http !== undefined && { allowHttp: allow_http }),
    ...(feed && { feed }),
    overrides: toOverrides(entry),
    auth: Object.fromEntries(
      Object.entries(auth ?? {}).map(([name, settings]) => [
        name,
        toAuthSettings(name, settings, catalogue.authIds(id), below(reading, ['auth', name])),
      ]),
    ),
    origin,
  }
}

function checkIdentity(id: string, written: ProviderDocument, catalogue: CatalogueNames, { fault }: Reading): void {
  const real = catalogue.aliases.get(id)
  if (RESERVED_IDS.includes(id)) fault([], 'is a word of `claw auth` and no name for a provider')
  else if (real !== undefined) fault([], `is another name of \`${real}\`: set the keys there`, real)
  else if (!catalogue.ids.includes(id)) {
    const hasProtocol = written.protocol !== undefined || (written.protocols?.length ?? 0) > 0
    const hasAddress = [written.base_url, written.base_urls, written.anthropic_base_url, written.openai_base_url, written.regions].some(
      (value) => value !== undefined,
    )
    if (!hasProtocol || !hasAddress)
      fault([], 'is no provider of the catalogue, and one of your own needs `protocol` and `base_url`', nearest(id, catalogue.ids, 1)[0])
  }
}

function toOverrides(entry: Omit<ProviderDocument, 'base_url'>): Readonly<Record<string, unknown>> {
  const { anthropic_base_url: anthropic, openai_base_url: openai, models, regions, ...rest } = entry
  const fields = inCamelCase(providerSchema, rest)
  const baseUrls = baseUrlsOf({ anthropic_base_url: anthropic, openai_base_url: openai, base_urls: rest.base_urls })
  return {
    ...(isTable(fields) ? fields : {}),
    ...(baseUrls && { baseUrls }),
    ...(models && { models: models.map(toModel) }),
    ...(regions && { regions: Object.fromEntries(Object.entries(regions).map(([name, region]) => [name, toRegion(region)])) }),
  }
}

type Model = NonNullable<ProviderDocument['models']>[number]
type Region = NonNullable<ProviderDocument['regions']>[string]

function toModel(model: Model): unknown {
  if (typeof model === 'string') return { id: model }
  const { context, output, ...rest } = model
  return inCamelCase(modelSchema, {
    ...(context !== undefined && { context_tokens: context }),
    ...(output !== undefined && { output_tokens: output }),
    ...rest,
  })
}

function toRegion(region: Region): unknown {
  if (typeof region === 'string') return { baseUrl: region }
  const baseUrls = baseUrlsOf(region)
  return {
    ...(region.base_url !== undefined && { baseUrl: region.base_url }),
    ...(baseUrls && { baseUrls }),
    ...(region.oauth_host !== undefined && { oauthHost: region.oauth_host }),
  }
}

/** `anthropic_base_url` and `openai_base_url` are short for two keys of `base_urls`. */
function baseUrlsOf(written: {
  base_urls?: Readonly<Record<string, string | undefined>> | undefined
  anthropic_base_url?: string | undefined
  openai_base_url?: string | undefined
}): Readonly<Record<string, string>> | undefined {
  const pairs = Object.entries({
    'anthropic-messages': written.anthropic_base_url,
    'openai-chat': written.openai_base_url,
    ...written.base_urls,
  })
  const known = pairs.flatMap(([protocol, url]) => (url === undefined ? [] : [[protocol, url] as const]))
  return known.length > 0 ? Object.fromEntries(known) : undefined
}

function below(reading: Reading, above: readonly string[]): Reading {
  return {
    fault: (path, message, meant) => reading.fault([...above, ...path], message, meant),
    secret: (path, written, kind) => reading.secret([...above, ...path], written, kind),
  }
}
