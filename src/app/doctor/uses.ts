import { ClawError, toClawError } from '../../core/errors.ts'
import type { Snapshot } from '../../credentials/store.ts'
import { type Named, ownNames } from '../catalogue/catalogue.ts'
import { type Survey, surveyCredentials } from '../credential/find-credential.ts'
import { readModelReference, type ModelTarget } from '../catalogue/model-reference.ts'
import { modelOf } from '../catalogue/route-models.ts'
import { isInDoubt } from '../refresh/refresh-doubt.ts'
import type { Session } from '../session.ts'
import type { CredentialUse, DoctorOptions } from './ground.ts'

/**
 * The credentials that are in use: what tiers and their fallbacks would take; without tiers, every provider that has a
 * candidate. `--provider` and `--tier` narrow that, and a provider that is named is looked at whatever is there.
 */
export async function credentialUses(
  session: Session,
  options: Pick<DoctorOptions, 'provider' | 'tier' | 'offline'>,
  snapshot: Snapshot | undefined,
): Promise<CredentialUse[]> {
  const { config, catalogue } = session
  const looking: Looking = { session, snapshot, isOffline: options.offline }
  if (options.provider !== undefined) return [await useOf(looking, null, named(catalogue.find(options.provider)))]
  const tiers = [...config.tiers.values()].filter(({ name }) => options.tier === undefined || name === options.tier)
  if (options.tier !== undefined && tiers.length === 0) {
    throw new ClawError('CLAW_TIER_UNKNOWN', {
      what: `there is no tier \`${options.tier}\``,
      why: `the tiers are ${[...config.tiers.keys()].join(', ') || 'none'}`,
    })
  }
  if (tiers.length > 0) {
    const wanted = tiers.flatMap((tier) => [
      { tier: tier.name, reference: tier.model, of: tier },
      ...tier.fallback.map((reference) => ({ tier: tier.name, reference, of: undefined })),
    ])
    const uses = await Promise.all(wanted.map(({ tier, reference, of }) => useOfReference(looking, tier, reference, of)))
    return uses.filter(
      (use, n) => uses.findIndex((other) => other.tier === use.tier && other.route === use.route && other.model === use.model) === n,
    )
  }
  const uses = await Promise.all(ownNames(catalogue).map(async (own) => ({ own, use: await useOf(looking, null, named(own)) })))
  return uses.filter(({ own, use }) => isInUse(use, session) && isOf(own, use)).map(({ use }) => use)
}

interface Looking {
  readonly session: Session
  readonly snapshot: Snapshot | undefined
  readonly isOffline: boolean
}

/** A route that only its own name reaches shares variables with its provider: only what it alone has is there for it. */
function isOf({ routes }: Named, { candidates }: CredentialUse): boolean {
  return routes[0]?.namedOnly !== true || candidates.some(({ source, state }) => state !== 'missing' && !source.startsWith('env:'))
}

/** A provider with a candidate, or for which something was configured that cannot be used. */
function isInUse({ candidates, chosen, error }: CredentialUse, { config }: Session): boolean {
  // A local server needs no credential: without a tier that names it, nobody knows whether it is meant to run.
  if (chosen?.kind === 'none') return false
  if (candidates.some(({ state, kind, source }) => kind !== 'none' && (state !== 'missing' || isGiven(source)))) return true
  if (candidates.length > 0 || error === null) return false
  // Without tiers and `CLAW_AUTH_MODE`, the mode is one that the provider was given.
  if (error.code === 'CLAW_AUTH_MODE_UNSATISFIABLE') return config.authMode === undefined
  return error.code !== 'CLAW_NO_CREDENTIAL' && error.code !== 'CLAW_PROFILE_UNKNOWN'
}

/** Whether a source was named for this provider; a store and a bundle are there for all of them. */
function isGiven(source: string): boolean {
  return source !== 'bundle' && !source.startsWith('store:')
}

function named(target: Named): Pick<ModelTarget, 'named' | 'model' | 'tier'> {
  return { named: target, model: null, tier: undefined }
}

async function useOfReference(looking: Looking, tier: string, reference: string, of: ModelTarget['tier']): Promise<CredentialUse> {
  const { session, ...how } = looking
  const { config, catalogue } = session
  try {
    const target = await readModelReference(
      reference,
      {
        config,
        catalogue,
        isUsable: async (each, model) => (await surveyCredentials(session, { named: each, model, ...how })).chosen !== null,
      },
      of,
    )
    return await useOf(looking, tier, target)
  } catch (thrown) {
    const error = toClawError(thrown)
    return {
      tier,
      provider: reference,
      route: reference,
      profile: config.profile ?? 'default',
      model: null,
      authMode: of?.authMode ?? 'auto',
      authModeBy: of?.authMode === undefined ? 'the default' : `tiers.${tier}.auth_mode`,
      candidates: [],
      named: null,
      chosen: null,
      record: null,
      isInDoubt: false,
      error,
    }
  }
}

async function useOf(
  { session, ...how }: Looking,
  tier: string | null,
  target: Pick<ModelTarget, 'named' | 'model' | 'tier'>,
): Promise<CredentialUse> {
  const survey = await surveyCredentials(session, { named: target.named, model: target.model, tier: target.tier, ...how })
  const { chosen, wanted, rows, error } = survey
  const route = chosen?.route ?? target.named.routes[0]
  return {
    tier,
    provider: target.named.provider,
    route: route?.id ?? target.named.name,
    profile: chosen?.profile ?? wanted.profile,
    model: chosen ? modelName(chosen.route, target.model) : target.model,
    authMode: wanted.authMode,
    authModeBy: wanted.authModeBy,
    candidates: candidateRows(rows),
    named: target.named,
    chosen,
    record: chosen?.record ?? null,
    isInDoubt: chosen?.record ? await isInDoubt(session.ports, chosen.record, how.snapshot?.now ?? session.ports.clock.wall()) : false,
    error,
  }
}

function modelName(route: Parameters<typeof modelOf>[0], model: string | null): string | null {
  try {
    return modelOf(route, model).id
  } catch {
    return model
  }
}

function candidateRows(rows: Survey['rows']): CredentialUse['candidates'] {
  return rows.filter(({ source }) => source !== 'none').map(({ route: _, profile: __, isExchangedAnew: ___, ...row }) => row)
}
