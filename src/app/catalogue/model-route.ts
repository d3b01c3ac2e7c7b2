import { ClawError } from '../../core/errors.ts'
import type { Protocol } from '../../core/vocabulary.ts'
import { SPOKEN_PROTOCOLS } from './abilities.ts'
import type { Route } from './catalogue.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import type { ModelInUse } from './route-models.ts'

/** A route as it is spoken to for one model: where the vendor has a protocol for each, that of the model. */
export function routeForModel(route: Route, { id, entry: model }: ModelInUse): Route {
  const { entry, settings } = route
  const byPrefix = Object.entries(entry.protocolByPrefix ?? {}).find(([prefix]) => id.startsWith(prefix))?.[1]
  const protocol = settings?.protocol ?? model?.protocol ?? byPrefix ?? route.protocol
  return protocol === route.protocol ? route : { ...route, protocol }
}

/** Whether this version can prompt a model of a route. */
export function isSpoken(route: Route, model: ModelInUse): boolean {
  return !hasNoProtocol(route) && SPOKEN_PROTOCOLS.includes(routeForModel(route, model).protocol)
}

/** Whether this version cannot prompt any model of a route: the sentence that says so, else null. */
export function unspokenNote(route: Route): string | null {
  try {
    refuseUnspoken(route)
    return null
  } catch (thrown) {
    if (!(thrown instanceof ClawError)) throw thrown
    return `${thrown.message}: ${thrown.why}; ${thrown.fix}`
  }
}

/**
 * Refuses a route that this version cannot prompt, whichever model is asked for: it then needs no credential to say so.
 *
 * @throws {ClawError} `CLAW_METHOD_UNSUPPORTED`
 */
export function refuseUnspoken(route: Route): void {
  const { entry } = route
  if (hasNoProtocol(route)) throw unspoken(route, entry.ownProtocol ?? 'a protocol of its own')
  const any = [route.protocol, ...entry.models.flatMap(({ protocol }) => protocol ?? []), ...Object.values(entry.protocolByPrefix ?? {})]
  if (!any.some((protocol) => SPOKEN_PROTOCOLS.includes(protocol))) throw unspoken(route, route.protocol)
}

/** The vendor's own protocol is none of those with a name here. */
function hasNoProtocol({ entry, settings }: Route): boolean {
  return settings?.protocol === undefined && entry.protocols.length === 0
}

/** @throws {ClawError} `CLAW_METHOD_UNSUPPORTED` for the protocol of one model */
export function refuseUnspokenModel(route: Route, model: ModelInUse): void {
  if (!SPOKEN_PROTOCOLS.includes(route.protocol)) throw unspoken(route, route.protocol, model)
}

function unspoken(route: Route, protocol: Protocol | string, model?: ModelInUse): ClawError {
  const { id, entry } = route
  const other = entry.models.find((each) => each.protocol !== undefined && SPOKEN_PROTOCOLS.includes(each.protocol))
  const also = entry.protocols.find((each) => SPOKEN_PROTOCOLS.includes(each))
  return new ClawError('CLAW_METHOD_UNSUPPORTED', {
    what: `this version of claw cannot prompt \`${id}${model ? `/${model.id}` : ''}\``,
    why: `it is spoken to in \`${protocol}\`, and claw speaks ${SPOKEN_PROTOCOLS.map((each) => `\`${each}\``).join(' and ')}`,
    fix:
      model && other
        ? `ask another model of it: claw prompt -m ${id}/${other.id} TEXT`
        : also
          ? `set \`protocol = "${also}"\` in [providers.${id}]`
          : `\`claw token ${id}\` hands the credential to a program that speaks it`,
    data: { protocol },
  })
}

/** What is sent in place of a model, where the user's own setting says so (`model=deployment,…`). */
export function deploymentOf({ route, settings }: Pick<ChosenCredential, 'route' | 'settings'>, model: ModelInUse): ModelInUse {
  const name = route.entry.modelMapSetting
  const map = name === undefined ? undefined : settings[name]
  const pair = (map ?? '').split(',').map((each) => each.trim().split('='))
  const deployment = pair.find(([from = '']) => from.trim() === model.id)?.[1]?.trim()
  return deployment ? { ...model, id: deployment } : model
}
