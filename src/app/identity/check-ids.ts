import { ClawError } from '../../core/errors.ts'
import { visibleLine } from '../../core/visible.ts'
import { jsonFields } from '../../protocols/answer.ts'
import type { AuthEntry, FederationEntry } from '../../providers/entry.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { rulesInForce } from './exchange-grants.ts'
import type { GivenToken } from './given-token.ts'

/**
 * Ids that have another shape than the vendor's are those of another vendor, or of another field.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID`
 */
export function checkIds(route: Route, auth: AuthEntry, rules: FederationEntry, values: Readonly<Record<string, string>>): void {
  for (const [name, pattern] of Object.entries(rules.idPatterns)) {
    const value = values[name]
    if (value === undefined || new RegExp(pattern).test(value)) continue
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `\`${name}\` is no id of \`${route.id}\``,
      why: `it is \`${visibleLine(value, 64)}\`, and one matches \`${pattern}\``,
      fix: `correct ${placesOf(route, auth, rules, name)}`,
      data: { id: name },
    })
  }
  const { workload_identity_context: context } = values
  const { contextMaxBytes } = rules
  if (context === undefined || contextMaxBytes === undefined) return
  if (jsonFields(context) && Buffer.byteLength(context) <= contextMaxBytes) return
  throw new ClawError('CLAW_CONFIG_INVALID', {
    what: `\`workload_identity_context\` of \`${route.id}\` is no JSON object of at most ${contextMaxBytes} bytes`,
    fix: `correct ${placesOf(route, auth, rules, 'workload_identity_context')}`,
  })
}

/** Half a set of settings: what there is, and what is missing. */
export function half(
  route: Route,
  auth: AuthEntry,
  rules: FederationEntry,
  found: { readonly missing: readonly string[]; readonly token: GivenToken | undefined; readonly values: Readonly<Record<string, string>> },
): ClawError {
  const { missing, token, values } = found
  const ids = Object.keys(values).filter((name) => rules.requiredFields.includes(name))
  const named = (names: readonly string[], hasToken: boolean) =>
    [...names.map((name) => `\`${name}\``), ...(hasToken ? ['the identity token'] : [])].join(', ')
  const lacking = [...missing, ...(token ? [] : [rules.subjectField])]
  const keys = lacking.map((name) => `\`${name === rules.subjectField ? 'subject_token' : name}\``)
  const variables = lacking.map((name) => variableOf(rules, name))
  const inVariables = variables.every((name) => name !== undefined) ? `, or ${inWords(variables)}` : ''
  return new ClawError('CLAW_CONFIG_INVALID', {
    what: `the identity of \`${route.id}\` is not complete`,
    why: `there is ${named(ids, token !== undefined) || 'nothing of it'}; missing: ${named(missing, token === undefined)}`,
    fix: `set ${inWords(keys)} in [providers.${route.id}.auth.${auth.id}]${inVariables}`,
    data: { missing: lacking },
  })
}

function inWords(names: readonly (string | undefined)[]): string {
  return names.length < 2 ? `${names[0]}` : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** The variable of the vendor's own SDK, where it has one. */
function variableOf({ envMap, subjectField }: FederationEntry, name: string): string | undefined {
  return name === subjectField ? (envMap.assertion ?? envMap.assertion_file) : envMap[name]
}

/** Nothing of an identity was given: what it takes. */
export function nothingGiven({ route, auth }: { readonly route: Route; readonly auth: AuthEntry }): ClawError {
  const rules = rulesInForce(auth)
  return rules
    ? half(route, auth, rules, {
        missing: rules.requiredFields.filter((name) => name !== rules.subjectField),
        token: undefined,
        values: {},
      })
    : noExchange(route, auth)
}

/** A vendor whose tokens are minted by its own tools. */
export function noExchange(route: Route, auth: AuthEntry): ClawError {
  return new ClawError('CLAW_CONFIG_INVALID', {
    what: `this version of claw exchanges no identity tokens for \`${route.id}\``,
    why: "the vendor's own tools mint them",
    fix: `set \`auth_token = "cmd:[…]"\` in [providers.${route.id}] to a program that prints a token, and remove [providers.${route.id}.auth.${auth.id}]`,
  })
}

/** Where an id may stand: the vendor's variable, where it has one, and the user's file. */
function placesOf(route: Route, auth: AuthEntry, rules: FederationEntry, name: string): string {
  const variable = variableOf(rules, name)
  const inFile = `\`${name}\` in [providers.${route.id}.auth.${auth.id}]`
  return variable === undefined ? inFile : `${variable} or ${inFile}`
}
