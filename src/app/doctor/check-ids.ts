import { ClawError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { matchesId } from './check.ts'
import type { Ground } from './ground.ts'

/** Checks that do not depend on who is signed in. Some are made only where there is something to say. */
const GENERAL = [
  'config.valid',
  'config.notes',
  'trust.project',
  'environment.tls',
  'environment.variables',
  'environment.ci',
  'environment.bundle',
  'store.readable',
  'store.mode',
  'store.writable',
  'store.links',
  'store.copied',
  'store.leftovers',
  'store.answers',
  'store.shared',
  'store.quarantined',
  'credential.any.present',
]

/** What is looked at of an identity: each is a check of its own, `credential.ROUTE.ASPECT`. */
export const IDENTITY_ASPECTS = [
  'identity-settings',
  'identity-variables',
  'identity-first',
  'identity-source',
  'identity-shape',
  'identity-algorithm',
  'identity-claims',
  'identity-time',
  'identity-lifetime',
  'identity-audience',
  'identity-subject',
  'identity-reuse',
] as const

export type IdentityAspect = (typeof IDENTITY_ASPECTS)[number]

/**
 * Every pattern of `--only` and `--skip` means some check: a misspelt one would make the report green.
 *
 * @param planned the ids of the checks that would be made without them
 * @throws {ClawError} `CLAW_USAGE`
 */
export function refuseUnknownIds(
  { session, options, uses }: Pick<Ground, 'session' | 'options' | 'uses'>,
  planned: readonly string[],
): void {
  if (options.only.length === 0 && options.skip.length === 0) return
  const { routes } = session.catalogue
  const tiers = [...session.config.tiers.values()].flatMap(({ name, fallback }) => [
    `tier.${name}.model`,
    ...fallback.map((_, n) => `tier.${name}.fallback-${n + 1}`),
  ])
  const inUse = [
    ...new Set([
      ...GENERAL,
      ...planned,
      ...uses.flatMap(({ route, named }) => [route, ...(named?.routes ?? []).map(({ id }) => id)].flatMap((id) => idsOf(id, routes))),
      ...tiers,
    ]),
  ]
  const known = [...new Set([...inUse, ...[...routes.keys()].flatMap((id) => idsOf(id, routes))])]
  for (const pattern of options.skip) if (!means(pattern, known)) throw unknown('--skip', pattern, known)
  for (const pattern of options.only) {
    if (means(pattern, inUse)) continue
    throw means(pattern, known) ? notInUse(pattern) : unknown('--only', pattern, known)
  }
}

function idsOf(route: string, routes: Catalogue['routes']): string[] {
  const isFederated = routes.get(route)?.entry.auth.some(({ kind }) => kind === 'workload_identity') === true
  const aspects = ['present', 'fresh', 'doubt', 'kind', ...(isFederated ? IDENTITY_ASPECTS : [])]
  return [...aspects.map((aspect) => `credential.${route}.${aspect}`), `provider.${route}.accepts`]
}

/** A profile is no part of what is known: `credential.openai@work.present` is one of `openai`. */
function means(pattern: string, ids: readonly string[]): boolean {
  const plain = pattern.replace(/@[^.*]*/, '')
  return ids.some((id) => matchesId(id, [pattern, plain]))
}

function notInUse(pattern: string): ClawError {
  const name = pattern.split('.')[1] ?? ''
  return new ClawError('CLAW_USAGE', {
    what: `\`--only ${pattern}\` matches no check that would be made`,
    why: 'no credential that it speaks of is in use',
    fix: /^[\w-]+$/.test(name) ? `claw doctor --provider ${name} --only ${pattern}` : undefined,
  })
}

function unknown(flag: string, pattern: string, known: readonly string[]): ClawError {
  const near = nearestIds(pattern.replaceAll('*', ''), known)
  return new ClawError('CLAW_USAGE', {
    what: `\`${flag} ${pattern}\` matches no check`,
    why:
      near.length > 0
        ? `the nearest ids are ${near.map((id) => `\`${id}\``).join(', ')}`
        : `the ids are ${GENERAL.join(', ')}, credential.ROUTE.*, provider.ROUTE.* and tier.TIER.*`,
    fix: near[0] === undefined ? undefined : `claw doctor ${flag} ${near[0]}`,
    data: { nearest: near },
  })
}

/** Ids of which every word is near, or else those of which one word was meant. */
function nearestIds(pattern: string, known: readonly string[]): string[] {
  const words = pattern.split('.')
  const isNear = (id: string) => {
    const parts = id.split('.')
    return parts.length === words.length && parts.every((part, n) => nearest(words[n] ?? '', [part]).length > 0)
  }
  const near = nearest(pattern, known.filter(isNear))
  if (near.length > 0) return near
  const meant = nearest(
    pattern,
    known.flatMap((id) => id.split('.')),
  )
  return known.filter((id) => id.split('.').some((part) => meant.includes(part))).slice(0, 3)
}
