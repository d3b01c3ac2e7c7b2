import { formatInstant } from '../core/duration.ts'
import { unspokenNote } from '../app/catalogue/model-route.ts'
import { accountWords } from '../app/sign-in/account.ts'
import { accountChange } from '../app/sign-in/account-change.ts'
import { checkPresent, checkSignIn, type CheckedSignIn } from '../app/sign-in/check-sign-in.ts'
import { storedCredential } from '../app/credential/stored-credential.ts'
import type { Session } from '../app/session.ts'
import type { SignedIn } from '../app/sign-in/signed-in.ts'
import { keepOnLine } from '../app/sign-in/switched-on.ts'
import type { DeviceSignInOutput, KeyOutput } from './auth-output.ts'
import { authResult } from './auth-result.ts'

/**
 * Says what a sign-in has brought, after the cheap request that shows whether it works.
 *
 * @param more further fields of the result
 * @param wanted `true`: a failed check is exit 1, also of what was there already; `false`: none is made; `undefined`: it is a warning
 */
export async function finishSignIn(
  session: Session,
  { route, record: stored, changed, before }: SignedIn,
  output: DeviceSignInOutput,
  wanted: boolean | undefined,
  more: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  const isAsked = wanted ?? changed
  const check = isAsked ? await checked(session, { route, record: stored, changed }) : null
  // Some providers say only when they are asked whose credential it is.
  const record = check === null ? stored : ((await session.ports.store.read()).records.find(({ id }) => id === stored.id) ?? stored)
  const account = accountWords(record.account)
  if (output.json) {
    await output.print({ ...authResult(record, { store: session.ports.store.backend, changed, check }), ...more })
  } else {
    await output.say(outcomeLine(record, changed, account))
    if (check) await sayCheck(output, check, changed ? 'stored' : 'kept')
  }
  const unspoken = unspokenNote(route)
  if (unspoken !== null) await output.note(unspoken)
  const otherAccount = changed ? accountChange(before, record) : null
  if (otherAccount !== null) await output.say(`warning: ${otherAccount}`)
  const keepOn = changed ? keepOnLine(route, record.auth) : null
  if (keepOn !== null) await output.say(keepOn)
  return wanted === true && check?.status === 'fail' ? 1 : 0
}

type Stored = Pick<SignedIn['record'], 'provider' | 'route' | 'kind' | 'expiresAt'>

function outcomeLine({ provider, route, kind, expiresAt }: Stored, changed: boolean, account: string): string {
  const at = `${provider} (route ${route})`
  const as = account === '' ? '' : ` as ${account}`
  const until = expiresAt === null ? '' : ` until ${formatInstant(expiresAt)}`
  if (kind === 'identity')
    return changed
      ? `exchanged for a token of ${at}${as}, good${until}; nothing that lasts longer is stored`
      : `the token of the last exchange with ${at} is good${until}; --force exchanges again`
  return changed ? `signed in to ${at}${as}` : `already signed in to ${at}; --force signs in again`
}

function checked(session: Session, { route, record, changed }: Pick<SignedIn, 'route' | 'record' | 'changed'>): Promise<CheckedSignIn> {
  return changed ? checkSignIn(session, route, record) : checkPresent(session, storedCredential(session, route, record))
}

/** What a check found, in words. */
export async function sayCheck(output: KeyOutput, check: CheckedSignIn, is: 'stored' | 'kept' = 'stored'): Promise<void> {
  if (check.status === 'pass') return output.note(check.detail)
  await output.say(`warning: the credential is ${is}, but ${check.detail}`)
}
