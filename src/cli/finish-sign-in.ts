import { accountWords } from '../app/sign-in/account.ts'
import { accountChange } from '../app/sign-in/account-change.ts'
import { checkSignIn, type CheckedSignIn } from '../app/sign-in/check-sign-in.ts'
import type { Session } from '../app/session.ts'
import type { SignedIn } from '../app/sign-in/signed-in.ts'
import type { DeviceSignInOutput } from './auth-output.ts'
import { authResult } from './auth-result.ts'

/**
 * Says what a sign-in has brought, after the cheap request that shows whether it works.
 *
 * @param wanted `true`: a failed check is exit 1; `false`: none is made; `undefined`: it is a warning
 */
export async function finishSignIn(
  session: Session,
  { route, record: stored, changed, before }: SignedIn,
  output: DeviceSignInOutput,
  wanted: boolean | undefined,
): Promise<number> {
  const check = wanted === false || !changed ? null : await checkSignIn(session, route, stored)
  // Some providers say only when they are asked whose credential it is.
  const record = check === null ? stored : ((await session.ports.store.read()).records.find(({ id }) => id === stored.id) ?? stored)
  const account = accountWords(record.account)
  if (output.json) {
    await output.print(authResult(record, { store: session.ports.store.backend, changed, check }))
  } else {
    await output.say(
      changed
        ? `signed in to ${route.provider} (route ${route.id})${account === '' ? '' : ` as ${account}`}`
        : `already signed in to ${route.provider} (route ${route.id}); --force signs in again`,
    )
    if (check) await sayCheck(output, check)
  }
  const otherAccount = changed ? accountChange(before, record) : null
  if (otherAccount !== null) await output.say(`warning: ${otherAccount}`)
  return wanted === true && check?.status === 'fail' ? 1 : 0
}

async function sayCheck(output: DeviceSignInOutput, check: CheckedSignIn): Promise<void> {
  if (check.status === 'pass') return output.note(check.detail)
  await output.say(`warning: the credential is stored, but ${check.detail}`)
}
