import { ClawError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { visibleLine } from '../../core/visible.ts'
import type { ModelEntry } from '../../providers/entry.ts'
import type { Route } from './catalogue.ts'

/** A model as a route knows it, by id or alias. */
export function listedModel(route: Route, name: string): ModelEntry | undefined {
  return route.entry.models.find(({ id, aliases }) => id === name || aliases?.includes(name) === true)
}

/** Whether a route can be asked for a model: it lists it, or no other route of the provider does. */
export function takesModel(route: Route, name: string, routesOfProvider: readonly Route[]): boolean {
  return (
    listedModel(route, name) !== undefined ||
    !routesOfProvider.some((other) => other.id !== route.id && listedModel(other, name) !== undefined)
  )
}

/** The model that a request names on a route. */
export interface ModelInUse {
  /** What is sent. */
  readonly id: string
  /** Null where the entry of the route does not know it: it is sent as it was written. */
  readonly entry: ModelEntry | null
}

/**
 * The model to send: the one that was named, else the default of the route.
 *
 * @throws {ClawError} `CLAW_MODEL_UNKNOWN` where none was named and the entry lists none; whoever has the live list adds it.
 */
export function modelOf(route: Route, name: string | null): ModelInUse {
  const wanted = name ?? route.entry.defaultModel ?? route.entry.models[0]?.id
  if (wanted === undefined) {
    throw new ClawError('CLAW_MODEL_UNKNOWN', {
      what: `\`${route.id}\` has no model of its own: name one`,
      fix: `write \`${route.id}/MODEL\`, or set \`default_model\` in [providers.${route.id}]`,
      data: { route: route.id, models: [] },
    })
  }
  const entry = listedModel(route, wanted) ?? null
  return { id: entry?.id ?? wanted, entry }
}

/** The ids that a provider may have meant when it said that there is no such model. */
export function nearestModels(route: Route, name: string, live: readonly string[] = []): string[] {
  return nearest(name, [...route.entry.models.map(({ id }) => id), ...live])
}

/** Nobody that one is signed in to has the model. */
export function modelElsewhere(name: string, signedIn: readonly Route[], routesOfProvider: readonly Route[]): ClawError {
  const homes = routesOfProvider.filter((route) => listedModel(route, name) !== undefined).map(({ id }) => id)
  const models = Object.fromEntries(signedIn.map((route) => [route.id, route.entry.models.map(({ id }) => id)]))
  const lists = Object.entries(models).map(([id, ids]) => `\`${id}\` has ${ids.join(', ') || 'none'}`)
  return new ClawError('CLAW_MODEL_UNKNOWN', {
    what: `the model \`${visibleLine(name, 128)}\` belongs to \`${homes.join('`, `')}\`, where nobody is signed in`,
    why: lists.join('; '),
    fix: `claw auth ${homes[0] ?? ''}`.trimEnd(),
    data: { model: name, models, nearest: nearest(name, Object.values(models).flat()) },
  })
}
