import { chooseUnattended, type Here, type Unattended } from '../app/sign-in/choose-unattended.ts'
import type { Session } from '../app/session.ts'
import { profileOf } from '../app/credential/wanted-credential.ts'
import { formatInstant } from '../core/duration.ts'
import { slotName } from '../core/vocabulary.ts'
import { checkPresent, type CheckedSignIn } from '../app/sign-in/check-sign-in.ts'
import { sayCheck } from './finish-sign-in.ts'
import type { DeviceSignInOutput } from './auth-output.ts'
import { authResult } from './auth-result.ts'

interface UnattendedOptions {
  readonly provider: string
  readonly here: Here & { readonly again: boolean }
  /** Ask the provider whether it takes what is there already; a refusal is exit 1. */
  readonly check: boolean
}

/** Signs in by what works here with nobody at the keyboard, or says that nothing is to be done, and why. */
export async function signInUnattended(
  session: Session,
  output: DeviceSignInOutput,
  { provider, here, check }: UnattendedOptions,
  signInWithDevice: () => Promise<number>,
): Promise<number> {
  const verdict = await chooseUnattended(session, provider, here)
  if (verdict.kind === 'device') {
    await output.note(verdict.why)
    return signInWithDevice()
  }
  const checked = check && verdict.kind === 'present' ? await checkPresent(session, verdict.chosen) : null
  if (output.json) await output.print(resultOf(session, provider, verdict, checked))
  else await output.note(verdict.kind === 'none' ? `\`${provider}\` needs no credential` : whatIsThere(verdict))
  if (checked && !output.json) await sayCheck(output, checked, 'kept')
  return checked?.status === 'fail' ? 1 : 0
}

type Done = Exclude<Unattended, { kind: 'device' }>

function whatIsThere({ chosen }: Extract<Done, { kind: 'present' }>): string {
  const { kind, source, route, profile, expiresAt, state } = chosen
  const until = expiresAt === null ? '' : state === 'refreshable' ? ', to be refreshed' : `, until ${formatInstant(expiresAt)}`
  return `already there: ${kind} from ${source} for ${slotName({ route: route.id, profile })}${until}; --force signs in all the same`
}

function resultOf(session: Session, provider: string, done: Done, check: CheckedSignIn | null): Readonly<Record<string, unknown>> {
  const facts = { store: null, changed: false, check }
  if (done.kind === 'none') {
    const { route } = done.choice
    const profile = profileOf(session, provider)
    const nothing = { provider: route.provider, route: route.id, profile, method: 'none', kind: 'none', account: null, expiresAt: null }
    return { ...authResult(nothing, facts), source: 'none' }
  }
  const { chosen, method } = done
  const { route, profile, kind, record, expiresAt, source } = chosen
  const account = record?.account ?? { id: null, name: chosen.account }
  const there = { provider: route.provider, route: route.id, profile, method, kind, account, expiresAt }
  const store = record ? session.ports.store.backend : null
  return { ...authResult(there, { ...facts, store }), source }
}
