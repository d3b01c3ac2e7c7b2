import { ClawError } from '../../core/errors.ts'
import { visibleLine } from '../../core/visible.ts'
import { type ChosenCredential, findCredential, surveyCredentials } from '../credential/find-credential.ts'
import { liveModels } from './live-models.ts'
import { deploymentOf, refuseUnspoken, refuseUnspokenModel, routeForModel } from './model-route.ts'
import { type ModelTarget, readModelReference, readTier, type ReferenceReading } from './model-reference.ts'
import { type ModelInUse, modelOf } from './route-models.ts'
import type { Session } from '../session.ts'

/** A model, and the credential that would pay for it. */
export interface ModelUse {
  readonly target: ModelTarget
  readonly chosen: ChosenCredential
  readonly model: ModelInUse
}

/**
 * What a reference or a tier leads to; the tier `default` where neither is given.
 *
 * @throws {ClawError} as {@link readModelReference} and {@link findCredential}
 */
export async function findModelUse(
  session: Session,
  wanted: { readonly reference?: string | undefined; readonly tier?: string | undefined },
): Promise<ModelUse> {
  const target = await readTarget(session, wanted)
  const [first, ...others] = target.named.routes
  if (first && others.length === 0) refuseUnspoken(first)
  const chosen = await findCredential(session, { named: target.named, model: target.model, tier: target.tier })
  try {
    const model = modelOf(chosen.route, target.model)
    const route = routeForModel(chosen.route, model)
    refuseUnspokenModel(route, model)
    return { target, chosen: { ...chosen, route }, model: deploymentOf(chosen, model) }
  } catch (thrown) {
    throw thrown instanceof ClawError && thrown.code === 'CLAW_MODEL_UNKNOWN' ? await withLiveList(session, chosen, thrown) : thrown
  }
}

export async function readTarget(
  session: Session,
  { reference, tier }: { readonly reference?: string | undefined; readonly tier?: string | undefined },
): Promise<ModelTarget> {
  if (reference !== undefined && tier !== undefined)
    throw new ClawError('CLAW_USAGE', { what: '`--model` and `--tier` exclude each other' })
  const target =
    reference === undefined
      ? await readTier(tier ?? 'default', readingOf(session))
      : await readModelReference(reference, readingOf(session))
  await refuseStrangeProvider(session, target)
  return target
}

function readingOf(session: Session): ReferenceReading {
  const { config, catalogue } = session
  return { config, catalogue, isUsable: async (named, model) => (await surveyCredentials(session, { named, model })).chosen !== null }
}

/** An untrusted project file may choose among the providers that somebody else has set up already, and bring in no other. */
async function refuseStrangeProvider(session: Session, { reference, named, model }: ModelTarget): Promise<void> {
  const chosen = session.config.projectModels.find((each) => each.model === reference)
  if (!chosen || named.settings !== undefined) return
  const { chosen: credential } = await surveyCredentials(session, { named, model })
  if (credential && credential.secret !== null) return
  throw new ClawError('CLAW_CONFIG_FORBIDDEN', {
    what: `the project file chooses \`${named.name}\`, which nobody else has set up`,
    why: `${chosen.origin.name}, key \`${chosen.key}\``,
    fix: 'claw trust',
  })
}

/** A route without a model of its own is asked what it has. */
async function withLiveList(session: Session, chosen: ChosenCredential, error: ClawError): Promise<ClawError> {
  const models = await liveModels(session, chosen)
  const [first] = models ?? []
  return error.reworded({
    why:
      models === null
        ? `\`${chosen.route.id}\` could not be asked for its models`
        : `it has ${models.map((id) => `\`${visibleLine(id, 80)}\``).join(', ') || 'none'}`,
    fix: first === undefined ? error.fix : `claw prompt -m ${chosen.route.id}/${visibleLine(first, 80)} TEXT`,
    data: { ...error.data, models: models ?? [] },
  })
}
