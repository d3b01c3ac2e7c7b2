import { rememberSecret } from '../core/redaction.ts'
import type { Reference } from '../core/reference.ts'
import { passwordOf } from './addresses.ts'
import type { Reading } from './auth-settings.ts'
import type { Note, Origin, ProviderSettings } from './config.ts'
import type { CatalogueNames } from './config-request.ts'
import { mergeDocuments, type Layer } from './layers.ts'
import { dottedKey, type Problem } from './problem.ts'
import { toProviderSettings } from './provider-settings.ts'
import { parseReference, parseStoreUrl } from './reference.ts'
import type { Document, ProviderDocument } from './schema.ts'

/** What the files say together. */
export interface Layers {
  /** The user's first. */
  readonly layers: readonly Layer[]
  readonly document: Document
  readonly providers: ReadonlyMap<string, ProviderSettings>
  readonly storeUrl: Reference | undefined
  readonly storeKey: Reference | undefined
  readonly problems: readonly Problem[]
  readonly notes: readonly Note[]
}

/** Merges checked files and judges what takes several keys, or knowledge of the file, to judge. */
export function joinLayers(layers: readonly Layer[], found: readonly Problem[], catalogue: CatalogueNames): Layers {
  const problems = [...found]
  const notes: Note[] = []
  const userLayer = layers.find(({ from }) => from === 'user')
  const projectLayer = layers.find(({ from }) => from === 'project')
  const document = mergeDocuments(projectLayer?.document ?? {}, userLayer?.document ?? {})

  const layerOf = (path: readonly string[]): Layer | undefined => {
    const sets = (layer: Layer): boolean => layer.leaves.some(([leaf]) => path.every((part, index) => leaf[index] === part))
    return layers.find(sets) ?? layers[0]
  }
  const fault = (path: readonly string[], message: string, meant?: string, fix?: string): void => {
    const layer = layerOf(path)
    const place = layer?.place(path) ?? { line: null, column: null }
    problems.push({
      file: layer?.file ?? '',
      ...place,
      key: dottedKey(path),
      message,
      nearest: meant ?? null,
      kind: 'invalid',
      ...(fix === undefined ? {} : { fix }),
    })
  }
  /** A secret that is written out: good only in a file that nobody else can read. */
  const literal = (path: readonly string[]): void => {
    const layer = layerOf(path)
    if (layer?.isPrivate)
      notes.push({ code: 'literal-secret', message: `\`${dottedKey(path)}\` holds a secret written out in ${layer.file}` })
    else
      fault(
        path,
        'is a secret written out, in a file that others can read (its mode must be 0600)',
        undefined,
        `chmod 600 ${layer?.file ?? ''}`,
      )
  }
  const readingAt = (above: readonly string[]): Reading => ({
    fault: (path, message, meant) => fault([...above, ...path], message, meant),
    secret: (path, written, kind) => {
      const parsed = parseReference(written, kind)
      if (!('reference' in parsed)) return undefined
      if (parsed.reference.scheme === 'literal') literal([...above, ...path])
      return parsed.reference
    },
  })

  const providers = new Map<string, ProviderSettings>()
  for (const section of ['providers', 'local_providers'] as const) {
    for (const [id, written] of Object.entries<ProviderDocument>(document[section] ?? {})) {
      const path = [section, id]
      if (providers.has(id)) fault(path, `is defined under \`providers\` too`)
      else
        providers.set(
          id,
          toProviderSettings(id, written, {
            local: section === 'local_providers',
            origin: originOf(layerOf(path), path),
            catalogue,
            reading: readingAt(path),
          }),
        )
    }
  }
  const { store, network } = document
  const storeUrl = store?.url === undefined ? undefined : parseStoreUrl(store.url)
  if (storeUrl && 'reference' in storeUrl && storeUrl.reference.scheme === 'literal' && passwordOf(storeUrl.reference.secret.reveal()))
    literal(['store', 'url'])
  const proxyPassword = network?.proxy === undefined ? undefined : passwordOf(network.proxy)
  if (proxyPassword !== undefined) {
    rememberSecret(proxyPassword, 'proxy-password')
    literal(['network', 'proxy'])
  }
  checkNames(document, providers, catalogue, fault)
  return {
    layers,
    document,
    providers,
    storeUrl: storeUrl && 'reference' in storeUrl ? storeUrl.reference : undefined,
    storeKey: store?.key === undefined ? undefined : readingAt(['store']).secret(['key'], store.key, 'store-key'),
    problems,
    notes,
  }
}

function originOf(layer: Layer | undefined, path: readonly string[]): Origin {
  if (!layer) return { from: 'built-in', name: 'built-in' }
  const { from, file: name } = layer
  return {
    from,
    name,
    // Finding a line reads the whole text again: only for those who ask.
    get line() {
      return layer.place(path).line
    },
  }
}

function checkNames(
  document: Document,
  providers: ReadonlyMap<string, ProviderSettings>,
  catalogue: CatalogueNames,
  fault: (path: readonly string[], message: string) => void,
): void {
  for (const alias of Object.keys(document.aliases ?? {})) {
    if (providers.has(alias) || catalogue.ids.includes(alias) || catalogue.aliases.has(alias))
      fault(['aliases', alias], 'is the name of a provider')
  }
  const tiers = document.tiers ?? {}
  for (const [name, tier] of Object.entries(tiers)) {
    const missing = tier.fallback?.find((reference) => reference.startsWith('tier:') && !Object.hasOwn(tiers, reference.slice(5)))
    if (missing !== undefined) fault(['tiers', name, 'fallback'], 'names a tier that does not exist')
  }
}
