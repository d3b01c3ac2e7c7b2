import { ClawError } from '../../core/errors.ts'
import type { Kind } from '../../core/vocabulary.ts'
import type { ModelEntry } from '../../providers/entry.ts'
import type { Route } from './catalogue.ts'
import { type ChosenCredential, findCredential, surveyCredentials } from '../credential/find-credential.ts'
import type { ListedModel } from './listed-models.ts'
import { askForModels, canListModels } from './live-models.ts'
import { isSpoken } from './model-route.ts'
import { readTarget } from './model-use.ts'
import { modelOf } from './route-models.ts'
import type { Session } from '../session.ts'
import { usableCredential } from '../credential/usable-credential.ts'

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
  /** The catalogue or the configuration knows it. */
  readonly listed: boolean
  /** Its last day, as the vendor announced it. */
  readonly retires: string | null
  readonly credential: { readonly source: string; readonly kind: Kind; readonly state: string } | null
}

export interface ModelList {
  readonly models: readonly ModelRow[]
  /** What a prompt without a model would use; null where nothing is set. */
  readonly default: string | null
  /** Routes that could not be asked, and why. */
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

export interface ListOptions {
  /** Only those with a credential, in a protocol that is spoken here. */
  readonly onlyUsable: boolean
  /** Ask each route with a credential that can list. */
  readonly live: boolean
}

/** The models of the catalogue and the configuration, each with the credential that it would be asked with. */
export async function listModels(session: Session, options: ListOptions): Promise<ModelList> {
  const { catalogue } = session
  const snapshot = await session.ports.store.read()
  const warnings: { code: string; message: string }[] = []
  const rows = await Promise.all(
    [...catalogue.routes.values()].map(async (route): Promise<ModelRow[]> => {
      const named = { ...catalogue.find(route.id), routes: [route] }
      const { chosen } = await surveyCredentials(session, { named, model: null, snapshot })
      const live = options.live && chosen && canListModels(chosen) ? await liveList(session, chosen, warnings) : null
      const listed = live
        ? live.map((model) => rowOf(route, chosen, known(route, model.id), model))
        : route.entry.models.map((model) => rowOf(route, chosen, model))
      if (!options.onlyUsable) return listed
      return chosen ? listed.filter(({ id }) => isSpoken(route, { id, entry: known(route, id) ?? null })) : []
    }),
  )
  const tier = session.config.tiers.get('default')
  return { models: rows.flat(), default: tier ? tier.model : null, warnings }
}

/** What a provider lists now, by way of a refresh where the grant needs one; null where it cannot be asked. */
async function liveList(
  session: Session,
  chosen: ChosenCredential,
  warnings: { code: string; message: string }[],
): Promise<readonly ListedModel[] | null> {
  try {
    const { credential } = await usableCredential(session, chosen)
    return await askForModels(session, credential)
  } catch (thrown) {
    session.signal.throwIfAborted()
    if (!(thrown instanceof ClawError)) throw thrown
    const why = thrown.why === undefined ? '' : `: ${thrown.why}`
    // A local server that nobody runs is nothing to warn of.
    if (chosen.kind !== 'none')
      warnings.push({ code: 'list_failed', message: `\`${chosen.route.id}\` is shown as it was known: ${thrown.message}${why}` })
    return null
  }
}

function known(route: Route, id: string): ModelEntry | undefined {
  return route.entry.models.find((model) => model.id === id || model.aliases?.includes(id) === true)
}

function rowOf(route: Route, chosen: ChosenCredential | null, model: ModelEntry | undefined, live?: ListedModel): ModelRow {
  const id = live?.id ?? model?.id ?? ''
  return {
    ref: `${route.id}/${id}`,
    provider: route.provider,
    route: route.id,
    id,
    name: live?.name ?? model?.name ?? null,
    contextTokens: live?.contextTokens ?? (model?.contextTokens || null),
    outputTokens: model?.outputTokens || null,
    input: model?.input ?? ['text'],
    tools: model?.tools ?? false,
    reasoning: model?.reasoning ?? false,
    listed: model !== undefined,
    retires: live?.retires ?? model?.retires ?? null,
    credential: chosen ? { source: chosen.source, kind: chosen.kind, state: chosen.state } : null,
  }
}

export interface ModelDifference {
  readonly route: string
  /** Listed by the account and unknown to the catalogue. */
  readonly added: readonly string[]
  /** Known to the catalogue and not listed by the account. */
  readonly removed: readonly string[]
}

/** What the account of a provider lists beside what is known. @throws {ClawError} what finding a credential and asking throw */
export async function compareModels(session: Session, provider: string): Promise<ModelDifference> {
  const chosen = await findCredential(session, { named: session.catalogue.find(provider), model: null })
  const { credential } = await usableCredential(session, chosen)
  const live = (await askForModels(session, credential)).map(({ id }) => id)
  const { route } = credential
  return {
    route: route.id,
    added: live.filter((id) => known(route, id) === undefined),
    removed: route.entry.models.filter(({ id, aliases = [] }) => ![id, ...aliases].some((name) => live.includes(name))).map(({ id }) => id),
  }
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
  const isKnown = target.named.routes.some((each) => target.model === null || modelOf(each, target.model).entry !== null)
  return { ref: reference, provider: target.named.provider, listed: isKnown }
}
