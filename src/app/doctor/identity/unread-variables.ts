import type { Environment } from '../../../platform/environment.ts'
import type { AuthEntry } from '../../../providers/entry.ts'
import type { Route } from '../../catalogue/catalogue.ts'
import { rulesInForce } from '../../identity/exchange-grants.ts'
import { identityMethods } from '../../identity/identity-methods.ts'
import type { Ground } from '../ground.ts'

/** A variable of a route's own identity that holds another value than the user's file, which comes first. */
export interface UnreadVariable {
  readonly variable: string
  /** What the file has in its place. */
  readonly key: string
}

/** Those that are set here, and that no method of the route reads. */
export function unreadVariables(route: Route, { session }: Pick<Ground, 'session'>): UnreadVariable[] {
  const { environment } = session.ports
  const methods = identityMethods(route, environment)
  const read = methods.flatMap(readBy)
  const found = methods.flatMap((auth) => [...ids(auth, environment), ...tokens(auth, environment)])
  return found.filter(({ variable }, n) => !read.includes(variable) && found.findIndex((each) => each.variable === variable) === n)
}

/** What they are told as, one after another. */
export function unreadTold(unread: readonly UnreadVariable[]): string {
  return unread.map(({ variable, key }) => `${variable} holds another value and is not read: the user file has \`${key}\``).join('; ')
}

/** Variables that fill what the file leaves open. */
function readBy(auth: AuthEntry): string[] {
  const own = Object.entries(variablesOf(auth)).flatMap(([name, variable]) => (isInFile(auth, name) ? [] : [variable]))
  return auth.subjectToken?.scheme === 'env' ? [...own, auth.subjectToken.name] : own
}

function isInFile({ ids: own, subjectToken }: AuthEntry, name: string): boolean {
  return TOKENS.includes(name) ? subjectToken !== undefined : own?.[name] !== undefined
}

const TOKENS: readonly string[] = ['assertion', 'assertion_file']

function ids(auth: AuthEntry, environment: Environment): UnreadVariable[] {
  return Object.entries(variablesOf(auth)).flatMap(([key, variable]) => {
    const [inFile, value] = [auth.ids?.[key], environment.get(variable)]
    return inFile === undefined || value === undefined || inFile === value ? [] : [{ variable, key }]
  })
}

function tokens(auth: AuthEntry, environment: Environment): UnreadVariable[] {
  return TOKENS.flatMap((name) => {
    const variable = variablesOf(auth)[name]
    const value = variable === undefined ? undefined : environment.get(variable)
    if (variable === undefined || value === undefined || !auth.subjectToken || isSame(auth.subjectToken, value, environment)) return []
    return [{ variable, key: 'subject_token' }]
  })
}

/** The same token, or the same path of one. What stands in a file is not read for this. */
function isSame(reference: NonNullable<AuthEntry['subjectToken']>, value: string, environment: Environment): boolean {
  if (reference.scheme === 'env') return environment.get(reference.name) === value
  return reference.scheme === 'file' && reference.path === value
}

/** What other programs of a platform share says nothing. */
function variablesOf(auth: AuthEntry): Readonly<Record<string, string>> {
  const rules = rulesInForce(auth)
  return rules === undefined || rules.envIsShared === true ? {} : rules.envMap
}
