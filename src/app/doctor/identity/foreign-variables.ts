import type { FederationEntry } from '../../../providers/entry.ts'
import type { Route } from '../../catalogue/catalogue.ts'
import { rulesInForce } from '../../identity/exchange-grants.ts'
import { readFederation } from '../../identity/federation.ts'
import type { Ground } from '../ground.ts'

/** A variable of the identity of another route of the provider, whose set is not whole: whoever set it meant this one. */
export interface ForeignVariable {
  readonly variable: string
  /** What it is there: the wire name of an id, `assertion_file` and the like. */
  readonly name: string
  readonly owner: Route
  /** What that one lacks. */
  readonly missing: readonly string[]
}

/** Those that are set here, of routes that no use names. */
export function foreignVariables(route: Route, { session, uses }: Pick<Ground, 'session' | 'uses'>): ForeignVariable[] {
  const { catalogue, ports } = session
  const own = variablesOf(route).map(([, variable]) => variable)
  const isNamed = ({ id }: Route) => uses.some(({ named }) => named?.name === id)
  const others = catalogue.find(route.provider).routes.filter((other) => other.id !== route.id && !isNamed(other))
  return others.flatMap((owner) => {
    const set = variablesOf(owner).filter(([, variable]) => !own.includes(variable) && ports.environment.get(variable) !== undefined)
    if (set.length === 0) return []
    const missing = lacking(owner, session)
    return missing === undefined ? [] : set.map(([name, variable]) => ({ variable, name, owner, missing }))
  })
}

/** The path of a token that was meant for a route, and stands in the variable of another one. */
export function foreignToken(route: Route, ground: Pick<Ground, 'session' | 'uses'>): string | undefined {
  const variable = foreignVariables(route, ground).find(({ name }) => name === 'assertion_file')?.variable
  return variable === undefined ? undefined : ground.session.ports.environment.get(variable)
}

/** Variables that mean this product alone: what other programs of a platform share says nothing. */
function variablesOf({ entry }: Route): [string, string][] {
  return identitiesOf(entry.auth).flatMap(({ envMap, envIsShared }) => (envIsShared ? [] : Object.entries(envMap)))
}

function identitiesOf(auth: Route['entry']['auth']): FederationEntry[] {
  return auth.flatMap((each) => rulesInForce(each) ?? [])
}

/** What the identity of a route lacks; `undefined` where it is whole. */
function lacking(route: Route, { ports }: Ground['session']): readonly string[] | undefined {
  for (const auth of route.entry.auth) {
    const reading = readFederation({ route, auth }, ports.environment, { profile: 'default', isNamed: true })
    if (reading.kind === 'ready') return undefined
    if (reading.kind === 'faulty' && Array.isArray(reading.error.data.missing)) return reading.error.data.missing.map(String)
  }
  return []
}
