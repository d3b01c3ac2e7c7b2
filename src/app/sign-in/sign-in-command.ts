import { type Kind, type Method, profileFlag } from '../../core/vocabulary.ts'
import { KIND_OF, METHOD_OF } from '../../providers/auth-kinds.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import { methodsOf } from './choose-method.ts'

/** The flag of `claw auth` by which a method works with nobody at this machine's screen. */
const UNATTENDED: Readonly<Record<Method, string>> = {
  api_key: '--api-key',
  token: '--token',
  pkce: '--paste',
  device: '--device',
  identity: '--identity',
  none: '',
}

interface SignIn {
  readonly method: Method
  /** Provider or route. */
  readonly route: string
  readonly profile: string
}

/** What to type for a sign-in by a method: a stored credential is one. A key or token is read from stdin. */
export function signInCommand({ method, route, profile }: SignIn): string {
  const words = ['claw auth', UNATTENDED[method], route, method === 'api_key' || method === 'token' ? '--stdin' : '']
  return `${words.filter(Boolean).join(' ')}${profileFlag(profile)}`
}

/** What to type to go on with a sign-in that waits: for its approval, or for what a browser ended at. */
export function goOnCommand({ method, route, profile }: SignIn): string {
  return `claw auth ${method === 'pkce' ? `complete ${route} --stdin` : `wait ${route}`}${profileFlag(profile)}`
}

type Used = Pick<ChosenCredential, 'auth' | 'kind' | 'named' | 'profile' | 'record'>

/** The same where a credential is stored that looks good from here: without `--force` a sign-in would leave it. */
export function signInAgain(signIn: SignIn): string {
  const isSkipped = signIn.method === 'device' || signIn.method === 'pkce' || signIn.method === 'identity'
  return `${signInCommand(signIn)}${isSkipped ? ' --force' : ''}`
}

/** What brings a credential that is in use back. */
export function renewalCommand(used: Used): string {
  return signInCommand(signInOf(used))
}

function signInOf({ auth, named, profile, record }: Used): SignIn {
  return { method: record?.method ?? METHOD_OF[auth.kind], route: named.name, profile }
}

/** What brings a credential of another kind: `undefined` where the provider has none of it. */
export function commandForKind({ named, profile }: Pick<Used, 'named' | 'profile'>, kind: Kind): string | undefined {
  const choice = methodsOf(named).find(({ auth }) => auth.enabled && KIND_OF[auth.kind] === kind)
  return choice && signInCommand({ method: choice.method, route: named.name, profile })
}

/** What replaces a credential that the provider refuses: a variable would win over anything stored. */
export function replacement(used: Used & Pick<ChosenCredential, 'source' | 'route'>): string {
  return used.source.startsWith('env:')
    ? `set ${used.source.slice('env:'.length)} to a key that \`${used.route.id}\` takes`
    : used.record
      ? signInAgain(signInOf(used))
      : renewalCommand(used)
}
