import { createHash } from 'node:crypto'
import { ClawError } from '../../core/errors.ts'
import type { Reference } from '../../core/reference.ts'
import type { Environment } from '../../platform/environment.ts'
import { filledTemplate } from '../../protocols/oauth/token-exchange.ts'
import { segmentOf } from '../../protocols/url.ts'
import type { AuthEntry, FederationEntry } from '../../providers/entry.ts'
import { isAtHost } from '../../providers/hosts.ts'
import { baseUrlOf } from '../catalogue/base-url.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { audienceOf, isAudienceField } from './audience.ts'
import { checkIds, half, noExchange } from './check-ids.ts'
import { rulesInForce } from './exchange-grants.ts'
import { type GivenToken, givenToken } from './given-token.ts'
import { isSetUp } from './identity-methods.ts'
import { freshnessOf, sourceNameOf } from './subject-tokens.ts'

/** One identity method as it is in force: everything that its exchange needs but the token itself. */
export interface Federation {
  readonly route: Route
  readonly auth: AuthEntry
  readonly rules: FederationEntry
  readonly profile: string
  /** Where the job's own token comes from. */
  readonly reference: Reference
  /** The source gives a new token each time it is asked. */
  readonly isFresh: boolean
  /** The same for tables: `github`, `file:/path`, `env:NAME`. */
  readonly source: string
  /** What the token is asked for, and what its `aud` should hold; null = nobody says. */
  readonly audience: string | null
  /** The user, and not the catalogue, says which audience. */
  readonly isAudienceChosen: boolean
  /** Null = found by discovery at the issuer of the auth entry. */
  readonly tokenUrl: string | null
  /** Ids and further fields of the request, by their wire names. */
  readonly values: Readonly<Record<string, string>>
  /** The record that its minted token lies in, and the key of the lease. */
  readonly recordId: string
}

export type FederationReading =
  | { readonly kind: 'ready'; readonly federation: Federation }
  /** Nothing of it was given here. */
  | { readonly kind: 'absent' }
  /** Half of it, or something that cannot be right: exit 78 for who would use it. */
  | {
      readonly kind: 'faulty'
      readonly source: string
      readonly error: ClawError
      /** What of it stands, where only ids of the vendor are missing: enough to show what would be presented. */
      readonly draft?: Federation
    }

/**
 * The settings of an identity method: the user's file first, the variables of the vendor's own SDK where it says nothing.
 *
 * @param isNamed the route itself was asked for, and not only its provider
 */
export function readFederation(
  { route, auth }: { readonly route: Route; readonly auth: AuthEntry },
  environment: Environment,
  { profile, isNamed }: { readonly profile: string; readonly isNamed: boolean },
): FederationReading {
  const rules = rulesInForce(auth)
  if (!rules) return { kind: 'absent' }
  const isConfigured = isSetUp(route, auth)
  const values = valuesOf(auth, rules, environment)
  const missing = rules.requiredFields.filter((name) => values[name] === undefined && name !== rules.subjectField)
  // Variables of one product must not stand in the way of another one of the same vendor.
  const isOfAnother = !isConfigured && (isShared(rules) || fillsAnother(route, auth) || (rules.envAllOrError !== undefined && !isNamed))
  try {
    const token = auth.subjectToken ? { reference: auth.subjectToken } : givenToken(rules, environment)
    const isGiven =
      isConfigured ||
      (token !== undefined && !isShared(rules)) ||
      rules.requiredFields.some((name) => fromEnvironment(rules, name, environment) !== undefined)
    const isWhole = token !== undefined && missing.length === 0
    if (!isGiven && !isWhole) return { kind: 'absent' }
    if (rules.flow !== undefined) return isConfigured ? faulty(route, auth, noExchange(route, auth)) : { kind: 'absent' }
    if (!isWhole && isOfAnother) return { kind: 'absent' }
    if (!token) return faulty(route, auth, half(route, auth, rules, { missing, token, values }))
    if (missing.length > 0) {
      const fault = faulty(route, auth, half(route, auth, rules, { missing, token, values }))
      // An id may be part of the address: without it nothing is shown.
      const isDrafted = !missing.some((name) => rules.tokenUrl.includes(`{${name}}`) || rules.defaultAudience.includes(`{${name}}`))
      return isDrafted ? { ...fault, draft: inForce(route, auth, rules, { token, values, profile, environment }) } : fault
    }
    checkIds(route, auth, rules, values)
    checkAddress(route, auth, rules)
    return { kind: 'ready', federation: inForce(route, auth, rules, { token, values, profile, environment }) }
  } catch (thrown) {
    if (!(thrown instanceof ClawError)) throw thrown
    return isOfAnother && missing.length > 0 ? { kind: 'absent' } : faulty(route, auth, thrown)
  }
}

/** Keys of `env_map` that are no ids. */
const NO_ID: readonly string[] = ['assertion', 'assertion_file', 'audience', 'authority', 'config_file']

function idNames({ envMap }: FederationEntry): string[] {
  return Object.keys(envMap).filter((name) => !NO_ID.includes(name))
}

function isShared({ envIsShared }: FederationEntry): boolean {
  return envIsShared === true
}

/** The variables of this method are those of another one too, which the user's file sets up: half a set is what that one lacked. */
function fillsAnother(route: Route, { id }: AuthEntry): boolean {
  return route.entry.auth.some((other) => other.id !== id && isSetUp(route, other))
}

function fromEnvironment(rules: FederationEntry, name: string, environment: Environment): string | undefined {
  const variable = rules.envMap[name]
  return variable === undefined ? undefined : environment.get(variable)
}

function valuesOf(auth: AuthEntry, rules: FederationEntry, environment: Environment): Record<string, string> {
  const given: Readonly<Record<string, string | undefined>> = {
    ...Object.fromEntries(idNames(rules).map((name) => [name, fromEnvironment(rules, name, environment)])),
    client_id: auth.clientId ?? fromEnvironment(rules, 'client_id', environment),
    scope: auth.scopes && auth.scopes.length > 0 ? auth.scopes.join(' ') : undefined,
    resource: auth.resource,
    audience: isAudienceField(rules) ? auth.audience : undefined,
    ...auth.ids,
    ...auth.extraParams,
  }
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''))
}

interface Given {
  readonly token: GivenToken
  readonly values: Readonly<Record<string, string>>
  readonly profile: string
  readonly environment: Environment
}

function inForce(route: Route, auth: AuthEntry, rules: FederationEntry, { token, values, profile, environment }: Given): Federation {
  const { reference } = token
  const tokenUrl = tokenUrlOf(route, auth, rules, values, environment)
  const { audience, isChosen } = audienceOf(auth, rules, { reference, values, tokenUrl, environment })
  const source = token.source ?? sourceNameOf(reference)
  const key = JSON.stringify([tokenUrl ?? auth.issuer ?? '', Object.entries(values).sort(), source, audience, route.id, profile])
  const recordId = `identity-${createHash('sha256').update(key).digest('hex')}`
  const isFresh = freshnessOf(reference) === 'fresh'
  return { route, auth, rules, profile, reference, source, isFresh, audience, isAudienceChosen: isChosen, tokenUrl, values, recordId }
}

/**
 * Where the exchange is sent. Never from a variable: who may set one must not have the token of the job sent elsewhere.
 *
 * @throws {ClawError} `CLAW_CONFIG_INVALID`
 */
function tokenUrlOf(
  route: Route,
  auth: AuthEntry,
  rules: FederationEntry,
  values: Readonly<Record<string, string>>,
  environment: Environment,
): string | null {
  const own = route.settings?.auth[auth.id]?.federation
  const isOwn = typeof own === 'object' && own !== null && 'tokenUrl' in own
  const baseUrl = route.settings?.baseUrl
  if (rules.tokenUrl === '') return auth.issuer === undefined ? refuseNoEndpoint(route, auth) : null
  if (rules.tokenUrlFollowsBaseUrl === true && !isOwn && baseUrl !== undefined)
    return `${baseUrlOf(route)}${new URL(rules.tokenUrl).pathname}`
  const url = filledTemplate(rules.tokenUrl, values, segmentOf)
  const authority = fromEnvironment(rules, 'authority', environment)
  if (authority !== undefined && !isOwn && !isAtHost(authority, rules.exchangeHosts))
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `\`${rules.envMap.authority}\` names another authority than the one that \`${route.id}\` is exchanged at`,
      why: 'an address that a token is sent to is never taken from a variable',
      fix: `set \`token_url\` in [providers.${route.id}.auth.${auth.id}], or unset ${rules.envMap.authority}`,
    })
  if (!isAtHost(url, rules.exchangeHosts))
    throw new ClawError('CLAW_CONFIG_INVALID', {
      what: `the token endpoint of \`${route.id}\` is at a host that it does not know`,
      fix: `set \`exchange_hosts\` in [providers.${route.id}.auth.${auth.id}]`,
    })
  return url
}

/** What is minted is good at some addresses only; whoever moves the address by the user's file knows what they do. */
function checkAddress(route: Route, auth: AuthEntry, { baseUrlMustBe }: FederationEntry): void {
  if (!baseUrlMustBe || route.settings?.baseUrl !== undefined || baseUrlMustBe.includes(baseUrlOf(route))) return
  throw new ClawError('CLAW_CONFIG_INVALID', {
    what: `what is exchanged for \`${route.id}\` is good at ${baseUrlMustBe.map((url) => `\`${url}\``).join(', ')} only`,
    why: `its address is \`${baseUrlOf(route)}\``,
    fix: `remove what moves it, or set \`base_url\` in [providers.${route.id}] and leave out [providers.${route.id}.auth.${auth.id}]`,
  })
}

function refuseNoEndpoint(route: Route, auth: AuthEntry): never {
  throw new ClawError('CLAW_CONFIG_INVALID', {
    what: `nobody says where \`${route.id}\` exchanges identity tokens`,
    fix: `set \`token_endpoint\` or \`issuer\` in [providers.${route.id}.auth.${auth.id}]`,
  })
}

function faulty(route: Route, auth: AuthEntry, error: ClawError): Extract<FederationReading, { kind: 'faulty' }> {
  return { kind: 'faulty', source: auth.subjectToken ? sourceNameOf(auth.subjectToken) : `${route.id}/${auth.id}`, error }
}
