import { ClawError } from '../../core/errors.ts'
import type { Method } from '../../core/vocabulary.ts'
import { isSignIn, METHOD_OF } from '../../providers/auth-kinds.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { BUILT_METHODS } from '../catalogue/abilities.ts'
import type { Catalogue, Named, Route } from '../catalogue/catalogue.ts'
import { methodOff, methodRetired, termsOf } from './terms.ts'

/** One way to sign in, on the route that it leads to. */
export interface MethodChoice {
  readonly route: Route
  readonly auth: AuthEntry
  readonly method: Method
}

/** Every method that a name offers here, its own route first. What is minted from another credential is no way to sign in. */
export function methodsOf(named: Named): MethodChoice[] {
  return named.routes.flatMap((route) => {
    const link = named.routes[0] === route ? undefined : named.routes[0]?.entry.routes?.find(({ to }) => to === route.id)
    return route.entry.auth
      .filter((auth) => isSignIn(auth) && (link === undefined || link.auth.includes(auth.id)))
      .map((auth) => ({ route, auth, method: METHOD_OF[auth.kind] }))
      .filter(({ auth, method }) => BUILT_METHODS.includes(method) && auth.federation?.flow === undefined)
  })
}

/**
 * The entry for a method that was asked for in so many words.
 *
 * @param flag the one that was typed, where a method has two
 * @throws {ClawError} `CLAW_METHOD_UNSUPPORTED` naming the methods that there are, or that its vendor has ended it;
 * `CLAW_METHOD_OFF` with the line that switches it on.
 */
export function chooseMethod(catalogue: Catalogue, name: string, method: Method, flag = FLAG[method]): MethodChoice {
  const choices = choicesOf(catalogue, name, method)
  const choice = choices.find(({ auth }) => auth.enabled) ?? choices[0]
  if (!choice) throw unsupported(catalogue.find(name), flag)
  return allowed(choice)
}

/**
 * The entry for a value that was given by hand: the one whose prefix it has, else the first that knows no prefix.
 *
 * @throws {ClawError} as {@link chooseMethod}
 */
export function chooseByValue(catalogue: Catalogue, name: string, method: Method, value: string): MethodChoice {
  const choices = choicesOf(catalogue, name, method)
  const fits = choices
    .flatMap((choice) => (choice.auth.prefixes ?? []).filter((prefix) => value.startsWith(prefix)).map((prefix) => ({ choice, prefix })))
    .sort((a, b) => b.prefix.length - a.prefix.length)
  const open = choices.find(({ auth }) => auth.enabled && (auth.prefixes ?? []).length === 0)
  const choice = fits[0]?.choice ?? open
  return choice ? allowed(choice) : chooseMethod(catalogue, name, method)
}

function choicesOf(catalogue: Catalogue, name: string, method: Method): MethodChoice[] {
  return methodsOf(catalogue.find(name)).filter((choice) => choice.method === method)
}

function allowed(choice: MethodChoice): MethodChoice {
  if (termsOf(choice) === 'retired') throw methodRetired(choice)
  if (!choice.auth.enabled) throw methodOff(choice)
  return choice
}

function unsupported(named: Named, flag: string): ClawError {
  const enabled = inAdvisedOrder(methodsOf(named).filter(({ auth }) => auth.enabled))
  const flags = flagsOf(enabled)
  const { terms, termsNote } = named.routes[0]?.entry ?? {}
  const isBarred = (terms === 'forbidden' || terms === 'retired') && termsNote !== undefined
  const needsNone = enabled.some((each) => each.method === 'none')
  return new ClawError('CLAW_METHOD_UNSUPPORTED', {
    what: `\`${named.name}\` has no sign-in by \`${flag}\``,
    why: isBarred
      ? termsNote
      : flags.length > 0
        ? `it has ${flags.map((flag) => `\`${flag}\``).join(', ')}`
        : needsNone
          ? 'it needs no credential'
          : 'this version of claw has none for it',
    fix: flags[0]
      ? `claw auth ${flags[0]} ${named.name}${enabled.some((each) => FLAG[each.method] === flags[0] && isGiven(each.method)) ? ' --stdin' : ''}`
      : needsNone
        ? `claw prompt -m ${named.name} TEXT`
        : 'claw auth list',
  })
}

/** The best to advise first: a key is handed over, a code is approved anywhere, the rest asks for more. */
const ADVISED: readonly Method[] = ['none', 'api_key', 'device', 'token', 'pkce', 'identity']

/** Methods in the one order in which they are advised: a sign-in that the user's file adds comes before what is implied. */
export function inAdvisedOrder(choices: readonly MethodChoice[]): MethodChoice[] {
  const rank = (choice: MethodChoice) => (isAddedSignIn(choice) ? 0 : 1 + ADVISED.indexOf(choice.method))
  return [...choices].sort((a, b) => rank(a) - rank(b))
}

function isAddedSignIn({ route, auth, method }: MethodChoice): boolean {
  const isFlow = method === 'device' || method === 'pkce'
  return isFlow && route.settings?.auth[auth.id]?.method !== undefined
}

/** Every flag of some methods: where a browser is needed, it comes back to this machine or what it ends at is pasted. */
export function flagsOf(methods: readonly MethodChoice[]): string[] {
  return [...new Set(methods.flatMap(({ method }) => (method === 'pkce' ? ['--browser', '--paste'] : [FLAG[method]])))].filter(Boolean)
}

/** Whether somebody hands the credential over. */
function isGiven(method: Method): boolean {
  return method === 'api_key' || method === 'token'
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
