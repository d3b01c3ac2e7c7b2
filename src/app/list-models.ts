import type { Kind } from '../core/vocabulary.ts'
import { surveyCredentials } from './find-credential.ts'
import { readTarget } from './model-use.ts'
import { modelOf } from './route-models.ts'
import type { Session } from './session.ts'

export interface ModelRow {
  readonly ref: string
  readonly provider: string
  readonly route: string
  readonly id: string
  readonly name: string | null
  readonly contextTokens: number | null
  readonly outputTokens: number | null
  readonly input: readonly string[]
  readonly tools: boolean
  readonly reasoning: boolean
  readonly listed: boolean
  readonly credential: { readonly source: string; readonly kind: Kind; readonly state: string } | null
}

export interface ModelList {
  readonly models: readonly ModelRow[]
  /** What a prompt without a model would use; null where nothing is set. */
  readonly default: string | null
}

/** The models of the catalogue and the configuration, each with the credential that it would be asked with. */
export async function listModels(session: Session, onlyUsable: boolean): Promise<ModelList> {
  const { catalogue } = session
  const snapshot = await session.ports.store.read()
  const rows = await Promise.all(
    [...catalogue.routes.values()].map(async (route): Promise<ModelRow[]> => {
      const { chosen } = await surveyCredentials(session, {
        named: { ...catalogue.find(route.id), routes: [route] },
        model: null,
        snapshot,
      })
      const credential = chosen ? { source: chosen.source, kind: chosen.kind, state: chosen.state } : null
      return route.entry.models.map((model) => ({
        ref: `${route.id}/${model.id}`,
        provider: route.provider,
        route: route.id,
        id: model.id,
        name: model.name ?? null,
        contextTokens: model.contextTokens || null,
        outputTokens: model.outputTokens || null,
        input: model.input,
        tools: model.tools,
        reasoning: model.reasoning,
        listed: true,
        credential,
      }))
    }),
  )
  const models = rows.flat().filter(({ credential }) => !onlyUsable || credential !== null)
  const tier = session.config.tiers.get('default')
  return { models, default: tier ? tier.model : null }
}

export interface ChosenDefault {
  readonly ref: string
  readonly provider: string
  /** The entry of the provider knows the model. */
  readonly listed: boolean
}

/** What a reference means, so that no default is written which means nothing. @throws {ClawError} as for a prompt. */
export async function checkDefault(session: Session, reference: string): Promise<ChosenDefault> {
  const target = await readTarget(session, { reference })
  const [route] = target.named.routes
  if (!route) return { ref: reference, provider: target.named.provider, listed: false }
  const known = target.named.routes.some((each) => target.model === null || modelOf(each, target.model).entry !== null)
  return { ref: reference, provider: target.named.provider, listed: known }
}
