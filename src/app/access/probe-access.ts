import { accessStepOf } from './access-step.ts'
import { withAccess } from './api-access.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import type { Session } from '../session.ts'

/**
 * Takes the step that a credential needs before its API, which is then the cheap request that proves it: the provider is
 * asked once, by whoever asks first.
 *
 * @throws {ClawError} as {@link withAccess}
 */
export async function provenAccess(
  session: Session,
  found: ChosenCredential,
): Promise<{ readonly credential: ChosenCredential; readonly isProven: boolean }> {
  if (found.access?.isAsked) return { credential: found, isProven: true }
  const from = found.access?.from ?? found
  if (!accessStepOf(from, true)) return { credential: found, isProven: false }
  const usable = { credential: from, outcome: 'fresh', warning: null, lostScopes: [] } as const
  const { credential } = await withAccess(session, usable, { renew: true }, true)
  return { credential, isProven: credential.access?.isAsked === true }
}
