import { listedModel } from '../catalogue/route-models.ts'
import type { Check, Finding } from './check.ts'
import type { CredentialUse, Ground } from './ground.ts'

const QUICK_MS = 2_000

/** One check a tier and model: that the model is known where the credential leads, and that the mode can be satisfied. */
export function tierChecks(ground: Ground): Check<Ground>[] {
  return ground.uses.flatMap((use, n) => {
    if (use.tier === null) return []
    const isFallback = ground.uses.findIndex(({ tier }) => tier === use.tier) !== n
    const suffix = isFallback ? `fallback-${ground.uses.slice(0, n).filter(({ tier }) => tier === use.tier).length}` : 'model'
    return [
      {
        id: `tier.${use.tier}.${suffix}`,
        title: `tier ${use.tier}${isFallback ? ' has a fallback that' : ''} leads to a model`,
        severity: 'warn' as const,
        needs: [],
        limitMs: QUICK_MS,
        docs: 'claw help config',
        run: async () => leadsToModel(use, ground),
      },
    ]
  })
}

function leadsToModel({ chosen, model, error, tier }: CredentialUse, { session }: Ground): Finding {
  if (!chosen) {
    const isReference =
      error !== null &&
      ['CLAW_MODEL_UNKNOWN', 'CLAW_PROVIDER_UNKNOWN', 'CLAW_TIER_UNKNOWN', 'CLAW_AMBIGUOUS', 'CLAW_AUTH_MODE_UNSATISFIABLE'].includes(
        error.code,
      )
    if (!isReference) return { status: 'skip', evidence: 'resolved', detail: 'no credential, so no route' }
    return {
      status: 'fail',
      evidence: 'resolved',
      detail: [error.message, error.why].filter(Boolean).join(': '),
      fix: { command: error.fix ?? `claw model REF --tier ${tier}` },
    }
  }
  const route = session.catalogue.route(chosen.route.id)
  const entry = model === null ? undefined : listedModel(route, model)
  if (model === null)
    return {
      status: 'fail',
      evidence: 'resolved',
      detail: `\`${route.id}\` has no default model`,
      fix: { command: `claw model ${route.id}/MODEL --tier ${tier}` },
    }
  if (!entry && route.entry.models.length > 0)
    return {
      status: 'warn',
      evidence: 'resolved',
      detail: `\`${route.id}/${model}\` is not listed; it is sent as it is written`,
      fix: { command: 'claw model' },
    }
  if (entry?.retires !== undefined && Date.parse(entry.retires) < session.ports.clock.wall() + 30 * 86_400_000) {
    return {
      status: 'warn',
      evidence: 'resolved',
      detail: `\`${route.id}/${model}\` ends on ${entry.retires}`,
      fix: { command: `claw model REF --tier ${tier}` },
    }
  }
  return { status: 'pass', evidence: 'resolved', detail: `${route.id}/${model}` }
}
