import type { Config, Tier } from '../../config/config.ts'
import { ClawError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { visibleLine } from '../../core/visible.ts'
import { type Catalogue, type Named, unknownProvider } from './catalogue.ts'
import { listedModel } from './route-models.ts'

/** What a model reference leads to, before a credential chooses the route. */
export interface ModelTarget {
  /** As it was written. */
  readonly reference: string
  readonly named: Named
  /** Null = the default of the route that wins. */
  readonly model: string | null
  /** The tier whose auth_mode, preference and profile apply. */
  readonly tier: Tier | undefined
}

/** What references are read with. */
export interface ReferenceReading {
  readonly config: Pick<Config, 'aliases' | 'tiers'>
  readonly catalogue: Catalogue
  /** Whether a credential for a provider can be used for a model: asked only where a bare id leaves a choice. */
  isUsable(named: Named, model: string): Promise<boolean>
}

/** The vendors' families of bare ids. */
const FAMILIES: readonly (readonly [prefix: string, provider: string])[] = [
  ['claude-', 'anthropic'],
  ['gpt-', 'openai'],
  ['grok-', 'xai'],
  ['qwen', 'dashscope'],
  ['glm-', 'zai'],
  ['kimi-', 'moonshot'],
  ['MiniMax-', 'minimax'],
  ['deepseek-', 'deepseek'],
]
/** An alias may stand for another one, but not for ever. */
const MAX_HOPS = 8

/**
 * What a reference means: an alias of the configuration, `tier:T`, `provider/model`, a provider alone, or a bare model id.
 *
 * @throws {ClawError} `CLAW_TIER_UNKNOWN`, `CLAW_PROVIDER_UNKNOWN`, `CLAW_MODEL_UNKNOWN` (66), `CLAW_AMBIGUOUS` (2),
 * `CLAW_CONFIG_INVALID` for aliases in a circle.
 */
export async function readModelReference(reference: string, reading: ReferenceReading, tier?: Tier): Promise<ModelTarget> {
  const { text, tier: from } = expand(reference, reading.config, tier)
  const slash = text.indexOf('/')
  const first = slash < 0 ? text : text.slice(0, slash)
  if (reading.catalogue.knows(first)) {
    const model = slash < 0 ? null : text.slice(slash + 1)
    if (model === '')
      throw new ClawError('CLAW_MODEL_UNKNOWN', {
        what: `\`${visibleLine(text, 128)}\` names no model`,
        fix: `write \`${first}\` alone, or \`${first}/MODEL\``,
      })
    return { reference, named: reading.catalogue.find(first), model, tier: from }
  }
  return { reference, named: await homeOf(text, reading), model: text, tier: from }
}

/** The target of a tier. @throws {ClawError} `CLAW_TIER_UNKNOWN`, and what its reference throws. */
export function readTier(name: string, reading: ReferenceReading): Promise<ModelTarget> {
  const tier = tierOf(name, reading.config)
  return readModelReference(tier.model, reading, tier)
}

/** A tier of the configuration. @throws {ClawError} `CLAW_TIER_UNKNOWN` */
export function tierOf(name: string, { tiers }: Pick<Config, 'tiers'>): Tier {
  const tier = tiers.get(name)
  if (tier) return tier
  if (name === 'default') {
    throw new ClawError('CLAW_TIER_UNKNOWN', {
      what: 'no model was named, and there is no default model',
      fix: 'name one with -m, or set it with `claw model PROVIDER/MODEL`',
    })
  }
  const near = nearest(name, tiers.keys())
  throw new ClawError('CLAW_TIER_UNKNOWN', {
    what: `there is no tier \`${visibleLine(name, 64)}\``,
    why: tiers.size > 0 ? `the tiers are ${[...tiers.keys()].map((each) => `\`${each}\``).join(', ')}` : 'the configuration has no tiers',
    fix: `set it with \`claw model PROVIDER/MODEL --tier ${visibleLine(name, 64)}\``,
    data: { nearest: near },
  })
}

/** Aliases and `tier:T`, followed to the end. A tier that is reached so brings its own settings. */
function expand(
  reference: string,
  config: ReferenceReading['config'],
  tier: Tier | undefined,
): { readonly text: string; readonly tier: Tier | undefined } {
  let text = reference
  let from = tier
  for (let hop = 0; hop <= MAX_HOPS; hop++) {
    const alias = config.aliases.get(text)
    if (alias !== undefined) text = alias
    else if (text.startsWith('tier:')) {
      from = tierOf(text.slice('tier:'.length), config)
      text = from.model
    } else return { text, tier: from }
  }
  throw new ClawError('CLAW_CONFIG_INVALID', {
    what: `the alias \`${visibleLine(reference, 64)}\` leads in a circle`,
    fix: 'correct [aliases] in the configuration',
  })
}

/** The provider of a bare id: the one with a usable credential that lists it, else the vendor's family. */
async function homeOf(model: string, reading: ReferenceReading): Promise<Named> {
  const { catalogue } = reading
  const listing = providersOf(catalogue).filter(({ routes }) => routes.some((route) => listedModel(route, model) !== undefined))
  const usable = (await Promise.all(listing.map(async (named) => ((await reading.isUsable(named, model)) ? [named] : [])))).flat()
  const [only] = usable
  if (only && usable.length === 1) return only
  if (usable.length > 1) {
    const names = usable.map(({ name }) => name)
    throw new ClawError('CLAW_AMBIGUOUS', {
      what: `the model \`${visibleLine(model, 128)}\` is listed by ${names.map((name) => `\`${name}\``).join(' and ')}`,
      why: 'there is a usable credential for each',
      fix: `write \`${names[0]}/${visibleLine(model, 128)}\``,
      data: { providers: names },
    })
  }
  const family = FAMILIES.find(([prefix]) => model.startsWith(prefix))?.[1]
  if (family !== undefined && catalogue.knows(family)) return catalogue.find(family)
  throw unknown(model, listing, catalogue)
}

/** Every provider with the routes it leads to, and every route that only its own name reaches. */
function providersOf(catalogue: Catalogue): Named[] {
  return [...catalogue.routes.values()]
    .filter((route) => route.provider === route.id || route.namedOnly)
    .map(({ id }) => catalogue.find(id))
}

function unknown(reference: string, listing: readonly Named[], catalogue: Catalogue): ClawError {
  const shown = visibleLine(reference, 128)
  const [home] = listing
  if (home) {
    return new ClawError('CLAW_MODEL_UNKNOWN', {
      what: `there is no usable credential for a provider that lists \`${shown}\``,
      why: `it is listed by ${listing.map(({ name }) => `\`${name}\``).join(', ')}`,
      fix: `claw auth ${home.name}`,
      data: { providers: listing.map(({ name }) => name) },
    })
  }
  const slash = reference.indexOf('/')
  if (slash > 0) return unknownProvider(reference.slice(0, slash), catalogue.names)
  const models = [...catalogue.routes.values()].flatMap((route) => route.entry.models.map(({ id }) => id))
  const near = nearest(reference, [...catalogue.ids, ...models])
  return new ClawError('CLAW_MODEL_UNKNOWN', {
    what: `\`${shown}\` is no provider, and no model that a provider lists`,
    why:
      near.length > 0
        ? `the nearest ${near.length === 1 ? 'name is' : 'names are'} ${near.map((each) => `\`${each}\``).join(', ')}`
        : undefined,
    fix: 'write it as `PROVIDER/MODEL`; `claw model` lists both',
    data: { nearest: near },
  })
}
