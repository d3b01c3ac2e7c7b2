import { visibleLine } from '../../../core/visible.ts'
import type { AuthEntry } from '../../../providers/entry.ts'
import { SUBJECT_PLACES } from '../../../providers/subject-places.ts'
import { OIDC_SUBJECT_SOURCES } from '../../../providers/subject-sources.ts'
import type { Environment } from '../../../platform/environment.ts'
import type { Catalogue, Route } from '../../catalogue/catalogue.ts'
import type { Federation } from '../../identity/federation.ts'
import { rulesInForce } from '../../identity/exchange-grants.ts'
import { isHere } from '../../identity/source-row.ts'
import { methodOff } from '../../sign-in/terms.ts'
import type { Finding, Fix } from '../check.ts'
import { describe, fixFrom, told } from '../fixes.ts'
import type { Ground } from '../ground.ts'
import { foreignToken } from './foreign-variables.ts'
import type { IdentityUse, ReadMethod } from './identity-use.ts'
import { filled } from './source-check.ts'

/** Whether every identity method that anything was given for is whole, of the vendor's own ids, and on. */
export function settings(identity: IdentityUse, ground: Ground): Finding {
  const { methods, federation } = identity
  for (const method of methods) {
    const fault = faultOf(method, identity, ground)
    if (fault) return { status: stops(identity) ? 'fail' : 'warn', evidence: 'static', ...fault }
  }
  return { status: 'pass', evidence: 'static', detail: federation ? idsOf(federation) : 'complete' }
}

/** Nothing else serves in its place: what is wrong with it is what keeps the provider from being used. */
function stops({ isUsed, use }: IdentityUse): boolean {
  return isUsed && use.chosen === null
}

/** It is the reason why there is no credential, which tells it in full. */
export function isToldByPresence(identity: IdentityUse, ground: Ground): boolean {
  const { methods, use } = identity
  const first = methods.find((method) => faultOf(method, identity, ground) !== undefined)
  if (!stops(identity) || first?.reading.kind !== 'faulty') return false
  return first.reading.error.message === use.error?.message && !use.candidates.some(({ state }) => state === 'pending')
}

function faultOf({ auth, reading }: ReadMethod, { route }: IdentityUse, ground: Ground): Pick<Finding, 'detail' | 'fix'> | undefined {
  if (reading.kind === 'ready') return auth.enabled ? undefined : told(methodOff({ route, auth }))
  const { error } = reading
  const { missing, id } = error.data
  if (Array.isArray(missing)) return { detail: describe(error), ...missingFix(route, auth, missing.map(String), ground) }
  if (typeof id !== 'string') return told(error)
  const whose = whoseId(route, auth, id, ground)
  return { detail: whose === undefined ? describe(error) : `${describe(error)}; ${whose}`, fix: idFix(route, auth, id) }
}

/** The ids that are sent, which are no secrets; what else a user's file adds may be. */
function idsOf({ rules, values }: Federation): string {
  const names = [...new Set([...rules.requiredFields, ...(rules.recommendedFields ?? []), ...Object.keys(rules.idPatterns)])]
  const ids = names.flatMap((name) => (values[name] === undefined ? [] : [`${name} ${visibleLine(values[name], 100)}`]))
  const absent = (rules.recommendedFields ?? []).filter((name) => values[name] === undefined)
  return [...ids, ...absent.map((name) => `without ${name}, which the vendor advises to send`)].join(', ')
}

/** The lines for everything that is missing, and its variables where each has one. */
function missingFix(route: Route, auth: AuthEntry, missing: readonly string[], ground: Ground): { readonly fix?: Fix } {
  const rules = rulesInForce(auth)
  if (!rules) return {}
  const isToken = (name: string) => name === rules.subjectField
  if (missing.every(isToken)) {
    const line = jobLine(auth, ground)
    if (line) return { fix: line }
  }
  const reference = tokenReference(route, ground)
  const lines = missing.map((name) =>
    isToken(name) ? `\`subject_token = "${reference}"\`` : `\`${name} = "${exampleOf(rules.idPatterns[name])}"\``,
  )
  const variables = missing.map((name) => (isToken(name) ? (rules.envMap.assertion_file ?? rules.envMap.assertion) : rules.envMap[name]))
  // What a CI system gives on request stands in no file.
  const isAsked = missing.some(isToken) && reference.startsWith('oidc:')
  const isAllVariables = !isAsked && variables.every((each) => each !== undefined)
  return { fix: { config: `${lines.join(', ')} in ${tableOf(route, auth)}`, ...(isAllVariables && { env: variables.join(' and ') }) } }
}

/** Where the CI system puts the token into a variable that the vendor's own SDK reads, its line is all that it takes. */
function jobLine(auth: AuthEntry, { session }: Ground): Fix | undefined {
  const { environment } = session.ports
  const rules = rulesInForce(auth)
  const variable = rules?.envMap.assertion
  const place = SUBJECT_PLACES.find((row) => row.reference === 'env:NAME' && isHere(row, environment))
  if (!rules || variable === undefined || !place) return undefined
  return fixFrom(filled(place.enable, { audience: rules.defaultAudience }).replace('NAME', variable))
}

/** The source of the system that this is; three dots where nobody knows. */
function tokenReference(route: Route, ground: Ground): string {
  const { environment } = ground.session.ports
  const foreign = foreignToken(route, ground)
  if (foreign !== undefined) return `file:${foreign}`
  return (oidcHere(environment) ?? placeHere(environment) ?? '…').replace('NAME', 'ID_TOKEN').replace('PATH', '/…')
}

function oidcHere(environment: Environment): string | undefined {
  return [...OIDC_SUBJECT_SOURCES.values()].find((row) => isHere(row, environment))?.reference
}

function placeHere(environment: Environment): string | undefined {
  return SUBJECT_PLACES.find((row) => isHere(row, environment))?.reference
}

/** An id is corrected where it stands. */
function idFix(route: Route, auth: AuthEntry, id: string): Fix {
  const rules = rulesInForce(auth)
  const variable = rules?.envMap[id]
  if (auth.ids?.[id] === undefined && variable !== undefined) return { env: variable }
  return { config: `\`${id} = "${exampleOf(rules?.idPatterns[id])}"\` in ${tableOf(route, auth)}` }
}

function tableOf(route: Route, auth: AuthEntry): string {
  return `[providers.${route.id}.auth.${auth.id}]`
}

/** `^fdrl_` as `fdrl_…`. */
function exampleOf(pattern = ''): string {
  return `${/^\^\(?([a-z_]+[_-])/.exec(pattern)?.[1] ?? ''}…`
}

/** Whose an id is that has another shape: of another field, or of another route. */
function whoseId(route: Route, auth: AuthEntry, id: string, { session }: Ground): string | undefined {
  const { environment } = session.ports
  const rules = rulesInForce(auth)
  const value = auth.ids?.[id] ?? environment.get(rules?.envMap[id] ?? '')
  if (value === undefined || !rules) return undefined
  const field = fieldOf(rules.idPatterns, value)
  if (field !== undefined) return `it has the shape of \`${field}\``
  const owner = ownerOf(session.catalogue, route, value)
  return owner === undefined ? undefined : `it has the shape of an id of \`${owner}\``
}

function ownerOf({ routes }: Catalogue, route: Route, value: string): string | undefined {
  const others = [...routes.values()].filter(({ id }) => id !== route.id)
  return others.find(({ entry }) => entry.auth.some((auth) => fieldOf(rulesInForce(auth)?.idPatterns ?? {}, value) !== undefined))?.id
}

/** Only a pattern that says how an id begins can tell whose it is. */
function fieldOf(patterns: Readonly<Record<string, string>>, value: string): string | undefined {
  return Object.entries(patterns).find(([, pattern]) => pattern.startsWith('^') && new RegExp(pattern).test(value))?.[0]
}
