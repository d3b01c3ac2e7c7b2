import { dottedKey, type Place, type Problem } from './problem.ts'
import type { RawDocument } from './read-document.ts'
import type { Document, TierDocument } from './schema.ts'
import { leavesOf, type KeyPath } from './toml-values.ts'

/** One file, validated, with its short forms written out. */
export interface Layer {
  readonly from: 'user' | 'project'
  readonly file: string
  readonly document: Document
  /** Whether nobody but its owner can read it: only then may it hold a secret. */
  readonly isPrivate: boolean
  readonly isTrusted: boolean
  /** Where a key stands, also one that was written in its short form. */
  place(path: KeyPath): Place
  /** The keys that it sets. */
  readonly leaves: readonly (readonly [path: readonly string[], value: unknown])[]
}

type Facts = Pick<Layer, 'from' | 'isPrivate' | 'isTrusted'>

/** `default_model` becomes `tiers.default.model`, `use_oauth = true` becomes `auth_mode` where there is none. */
export function toLayer(
  facts: Facts,
  raw: RawDocument,
  written: Document,
): { readonly layer: Layer; readonly problems: readonly Problem[] } {
  const { default_model: defaultModel, tiers: writtenTiers, ...rest } = written
  const problems: Problem[] = []
  const short = new Map<string, KeyPath>()
  const tiers = new Map<string, TierDocument>()
  for (const [name, { use_oauth: useOauth, ...tier }] of Object.entries(writtenTiers ?? {})) {
    if (useOauth === true && tier.auth_mode === undefined) {
      tier.auth_mode = 'oauth'
      short.set(dottedKey(['tiers', name, 'auth_mode']), ['tiers', name, 'use_oauth'])
    }
    tiers.set(name, tier)
  }
  if (defaultModel !== undefined) {
    const tier = tiers.get('default')
    if (tier?.model !== undefined) {
      const path = ['default_model']
      const message = 'is short for `tiers.default.model`, and both are set'
      problems.push({
        file: raw.file,
        ...raw.locate(path),
        key: 'default_model',
        message,
        nearest: null,
        kind: 'invalid',
        fix: 'remove one of the two lines',
      })
    }
    tiers.set('default', { ...tier, model: defaultModel })
    short.set('tiers.default.model', ['default_model'])
  }
  const document: Document = tiers.size > 0 ? { ...rest, tiers: Object.fromEntries(tiers) } : rest
  const layer: Layer = {
    ...facts,
    file: raw.file,
    document,
    place: (path) => raw.locate(short.get(dottedKey(path)) ?? path),
    leaves: leavesOf(document),
  }
  return { layer, problems }
}

/**
 * One document of both, leaf by leaf, the user's winning. Only the sections that a project file may say anything about are
 * looked at in it; providers of the same name meet only in `auth_mode`, `prefer` and `expect`.
 */
export function mergeDocuments(project: Document, user: Document): Document {
  return {
    ...user,
    aliases: { ...project.aliases, ...user.aliases },
    tiers: mergeTables(project.tiers, user.tiers, (low, high) => ({ ...low, ...high })),
    prompt: { ...project.prompt, ...user.prompt },
    providers: mergeTables(project.providers, user.providers, mergeProviders),
    local_providers: mergeTables(project.local_providers, user.local_providers, mergeProviders),
  }
}

type Providers = NonNullable<Document['providers']>

function mergeProviders(low: Providers[string], high: Providers[string]): Providers[string] {
  const expect = low.expect || high.expect ? { expect: { ...low.expect, ...high.expect } } : {}
  return { ...low, ...high, ...expect }
}

function mergeTables<Value>(
  low: Record<string, Value> | undefined,
  high: Record<string, Value> | undefined,
  merge: (low: Value, high: Value) => Value,
): Record<string, Value> {
  const merged = new Map(Object.entries(low ?? {}))
  for (const [key, value] of Object.entries(high ?? {})) {
    const below = merged.get(key)
    merged.set(key, below === undefined ? value : merge(below, value))
  }
  return Object.fromEntries(merged)
}
