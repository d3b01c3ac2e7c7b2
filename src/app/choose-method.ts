import { ClawError } from '../core/errors.ts'
import type { Method } from '../core/vocabulary.ts'
import { METHOD_OF } from '../providers/auth-kinds.ts'
import type { AuthEntry } from '../providers/entry.ts'
import { BUILT_METHODS } from './abilities.ts'
import type { Catalogue, Named, Route } from './catalogue.ts'

/** One way to sign in, on the route that it leads to. */
export interface MethodChoice {
  readonly route: Route
  readonly auth: AuthEntry
  readonly method: Method
}

/** Every method that a name offers here, its own route first. */
export function methodsOf(named: Named): MethodChoice[] {
  return named.routes.flatMap((route) => {
    const link = named.routes[0] === route ? undefined : named.routes[0]?.entry.routes?.find(({ to }) => to === route.id)
    return route.entry.auth
      .filter((auth) => link === undefined || link.auth.includes(auth.id))
      .map((auth) => ({ route, auth, method: METHOD_OF[auth.kind] }))
      .filter(({ method }) => BUILT_METHODS.includes(method))
  })
}

/**
 * The entry for a method that was asked for in so many words.
 *
 * @throws {ClawError} `CLAW_METHOD_UNSUPPORTED` naming the methods that there are, `CLAW_METHOD_OFF` with the line that switches it on.
 */
export function chooseMethod(catalogue: Catalogue, name: string, method: Method): MethodChoice {
  const named = catalogue.find(name)
  const all = methodsOf(named)
  const wanted = all.filter((choice) => choice.method === method)
  const choice = wanted.find(({ auth }) => auth.enabled) ?? wanted[0]
  if (!choice) {
    const flags = [...new Set(all.filter(({ auth }) => auth.enabled).map((each) => FLAG[each.method]))].filter((flag) => flag !== '')
    throw new ClawError('CLAW_METHOD_UNSUPPORTED', {
      what: `\`${named.name}\` has no sign-in by \`${FLAG[method]}\``,
      why: flags.length > 0 ? `it has ${flags.map((flag) => `\`${flag}\``).join(', ')}` : 'it needs no credential',
      fix: flags[0]
        ? `claw auth ${flags[0]} ${named.name}${flags[0] === '--device' ? '' : ' --stdin'}`
        : `claw prompt -m ${named.name} TEXT`,
    })
  }
  if (!choice.auth.enabled) throw switchedOff(choice)
  return choice
}

/** A sign-in that its vendor does not allow other tools: off until the user's own file says otherwise. */
function switchedOff({ route, auth }: MethodChoice): ClawError {
  return new ClawError('CLAW_METHOD_OFF', {
    what: `the method \`${auth.id}\` of \`${route.id}\` is off`,
    why: auth.terms === 'forbidden' ? 'its vendor does not allow it for other tools' : 'it is not offered by default',
    fix: `set \`enabled = true\` in [providers.${route.id}.auth.${auth.id}] of your own file`,
  })
}

/** The flag of `claw auth` that means a method. */
export const FLAG: Readonly<Record<Method, string>> = {
  api_key: '--api-key',
  token: '--token',
  pkce: '--browser',
  device: '--device',
  identity: '--identity',
  none: '',
}
