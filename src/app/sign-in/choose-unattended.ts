import { ClawError } from '../../core/errors.ts'
import { type Method, profileFlag } from '../../core/vocabulary.ts'
import { METHOD_OF } from '../../providers/auth-kinds.ts'
import { FLAG, flagsOf, inAdvisedOrder, type MethodChoice, methodsOf } from './choose-method.ts'
import { goOnCommand, signInCommand } from './sign-in-command.ts'
import { type ChosenCredential, surveyCredentials } from '../credential/find-credential.ts'
import type { Session } from '../session.ts'
import { termsOf } from './terms.ts'

/** Where a sign-in would take place. */
export interface Here {
  readonly isCi: boolean
  /** Somebody sits at a terminal. */
  readonly mayAsk: boolean
}

/** What `claw auth PROVIDER` comes to, with no method named. */
export type Unattended =
  /** A credential is there already: nothing is to be done. */
  | { readonly kind: 'present'; readonly chosen: ChosenCredential; readonly method: Method }
  | { readonly kind: 'none'; readonly choice: MethodChoice }
  | { readonly kind: 'device'; readonly why: string }

/**
 * The method that works here with nobody at the keyboard: none where no credential is needed, a device code where somebody
 * reads the terminal. In CI a code is never chosen: its log is read by others, who could approve it with their account (S-45).
 *
 * @throws {ClawError} `CLAW_USAGE` with the flags that choose one, and why none was chosen.
 */
export async function chooseUnattended(session: Session, name: string, here: Here & { readonly again: boolean }): Promise<Unattended> {
  const named = session.catalogue.find(name)
  const methods = offered(methodsOf(named))
  const none = methods.find(({ method }) => method === 'none')
  const { chosen, rows, wanted } = await surveyCredentials(session, { named, model: null })
  if (chosen && chosen.kind !== 'none' && !here.again) {
    return { kind: 'present', chosen, method: chosen.record?.method ?? METHOD_OF[chosen.auth.kind] }
  }
  if (none) return { kind: 'none', choice: none }
  const device = methods.find(({ method }) => method === 'device')
  if (device && here.mayAsk && !here.isCi) return { kind: 'device', why: whyDevice(methods) }
  const { flows, now } = await session.ports.store.read()
  const waiting = rows.some(({ state }) => state === 'pending')
    ? flows.find(
        (flow) =>
          flow.profile === wanted.profile &&
          flow.expiresAt > now &&
          methods.some(({ route, method }) => route.id === flow.route && method === flow.method),
      )
    : undefined
  throw unchosen(named.name, methods, here, waiting?.method, wanted.profile)
}

/** What a value that is handed over without a word is: a key where the provider takes keys, else a token. */
export function methodOfValue({ catalogue }: Session, name: string): 'api_key' | 'token' {
  const methods = offered(methodsOf(catalogue.find(name))).map(({ method }) => method)
  return methods.includes('token') && !methods.includes('api_key') ? 'token' : 'api_key'
}

/** The method that is marked in a list: the one that would be chosen here, else the one to advise. */
export function recommended(methods: readonly MethodChoice[], { isCi, mayAsk }: Here): MethodChoice | undefined {
  const usable = offered(methods)
  const first = (method: Method) => usable.find((choice) => choice.method === method)
  return first('none') ?? (mayAsk && !isCi ? first('device') : undefined) ?? inAdvisedOrder(usable)[0]
}

function offered(methods: readonly MethodChoice[]): MethodChoice[] {
  return methods.filter((choice) => choice.auth.enabled && termsOf(choice) !== 'retired')
}

function whyDevice(methods: readonly MethodChoice[]): string {
  const others = flagsOf(methods.filter(({ method }) => method !== 'device'))
  const instead = others.length > 0 ? `; ${others.join(' or ')} chooses another method` : ''
  return `no method was named: a device code, which can be approved on any other machine${instead}`
}

function unchosen(
  name: string,
  methods: readonly MethodChoice[],
  here: Here,
  waiting: 'device' | 'pkce' | undefined,
  profile: string,
): ClawError {
  const flags = flagsOf(methods)
  const best = recommended(methods, here)
  const variables = [...new Set(methods.flatMap(({ auth }) => auth.env?.slice(0, 1) ?? []))]
  const reasons = [
    flags.length > 0 ? `it has ${flags.map((flag) => `\`${flag}\``).join(', ')}` : 'it has no method that is on',
    ...whyUnchosen(methods, here),
    ...(variables.length > 0 ? [`${variables.join(' or ')} in the environment needs no sign-in`] : []),
  ]
  return new ClawError('CLAW_USAGE', {
    what: `say how to sign in to \`${name}\``,
    why: reasons.join('; '),
    fix: waiting ? goOnCommand({ method: waiting, route: name, profile }) : fixOf(name, best, here, profile),
    data: { methods: flags },
  })
}

/** What stands in the way of each way in that there is. */
function whyUnchosen(methods: readonly MethodChoice[], here: Here): string[] {
  const has = (method: Method) => methods.some((each) => each.method === method)
  const given = [...(has('api_key') ? ['key'] : []), ...(has('token') ? ['token'] : [])].join(' or ')
  return [
    ...(has('device') ? [whyNoDevice(here)] : given === '' ? [] : [`a ${given} is handed over by somebody`]),
    ...(has('pkce') ? ['`--browser` and `--paste` need somebody at a browser'] : []),
    ...(has('identity') ? ['no identity is set up here for `--identity`'] : []),
  ]
}

function whyNoDevice({ isCi }: Here): string {
  return isCi ? 'claw chooses no device code in CI, where others read the log' : 'claw chooses no device code where nobody reads a terminal'
}

function fixOf(name: string, best: MethodChoice | undefined, { mayAsk }: Here, profile: string): string {
  if (!best) return 'claw auth list'
  if (!mayAsk) return signInCommand({ method: best.method, route: name, profile })
  return `claw auth ${FLAG[best.method]} ${name}${profileFlag(profile)}`
}
