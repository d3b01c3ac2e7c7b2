import { ClawError } from '../../core/errors.ts'
import { type Slot, sameSlot } from '../../credentials/record.ts'
import type { CredentialStore } from '../../credentials/store.ts'
import type { Revocation } from '../sign-out/revoke-tokens.ts'

const FATE: Record<Revocation['outcome'], string> = {
  revoked: 'what was granted has been revoked',
  not_supported: 'what was granted has been dropped; its provider has no way to revoke it',
  failed: 'what was granted has been dropped; its provider did not revoke it',
}

/**
 * Why a sign-in was not stored though it was granted: its flow was gone. A sign-out leaves nothing there or its mark, another
 * sign-in its own flow or credential.
 */
export async function overtakenSignIn(
  store: CredentialStore,
  { slot, signInCommand }: { readonly slot: Slot; readonly signInCommand: string },
  { outcome }: Revocation,
): Promise<ClawError> {
  const { records, flows } = await store.read()
  const isReplaced =
    flows.some(({ route, profile }) => route === slot.route && profile === slot.profile) ||
    records.some((record) => sameSlot(record, slot) && record.state !== 'logged_out')
  return new ClawError('CLAW_DENIED', {
    what: isReplaced
      ? `the sign-in to \`${slot.route}\` was replaced by another one`
      : `the sign-in to \`${slot.route}\` was cancelled by a sign-out`,
    why: FATE[outcome],
    ...(isReplaced ? {} : { fix: signInCommand }),
  })
}
