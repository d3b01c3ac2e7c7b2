import { ClawError } from '../../core/errors.ts'
import { goOnCommand } from './sign-in-command.ts'
import type { CredentialRecord, GrantClient, NewCredential, Slot } from '../../credentials/record.ts'
import type { DeviceDialect } from '../../protocols/oauth/device-dialect.ts'
import type { TokenGrant } from '../../protocols/oauth/token-endpoint.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import type { Revocation } from '../sign-out/revoke-tokens.ts'

/** How the authorization server is spoken to, and what a record must keep of the client that does. */
export interface Spoken {
  readonly dialect: DeviceDialect
  readonly pinned: GrantClient
  /** Makes a credential of what was granted; `serverNow` is what the server's clock says, ms. */
  credentialOf(grant: TokenGrant, serverNow: number): NewCredential
}

/** What a sign-in is for. */
export interface DeviceTarget {
  readonly slot: Slot
  readonly auth: AuthEntry
  readonly region: string | null
  readonly signInCommand: string
  /** What goes on with the sign-in, and repeats an exchange whose answer never came. */
  readonly waitCommand: string
  /** @param pinned the client of a flow that is gone on with, whatever the configuration has become */
  speak(pinned: GrantClient | null): Promise<Spoken>
  /** Gives up at the provider what was granted and may not be kept. */
  revoke(credential: NewCredential): Promise<Revocation>
}

/** What a granted poll brings: a credential, or the news that another process has stored it. */
export type Granted = { readonly credential: NewCredential } | { readonly elsewhere: CredentialRecord }

export interface StoredGrant {
  readonly record: CredentialRecord
  readonly changed: boolean
}

export function nothingPending({ slot, signInCommand }: DeviceTarget, profiles: readonly string[] = []): ClawError {
  const [other] = profiles.filter((profile) => profile !== slot.profile)
  return new ClawError('CLAW_NOTHING_PENDING', {
    what: `no sign-in to \`${slot.route}\` is waiting for approval`,
    ...(other !== undefined && { why: `one waits under the profile \`${other}\`` }),
    fix: other === undefined ? signInCommand : goOnCommand({ method: 'device', route: slot.route, profile: other }),
  })
}
