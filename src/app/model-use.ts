import { ClawError } from '../core/errors.ts'
import { type ChosenCredential, findCredential, surveyCredentials } from './find-credential.ts'
import { type ModelTarget, readModelReference, readTier, type ReferenceReading } from './model-reference.ts'
import { type ModelInUse, modelOf } from './route-models.ts'
import type { Session } from './session.ts'

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
  const chosen = await findCredential(session, { named: target.named, model: target.model, tier: target.tier })
  return { target, chosen, model: modelOf(chosen.route, target.model) }
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
