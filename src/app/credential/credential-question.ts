import type { Config, Tier } from '../../config/config.ts'
import { ClawError } from '../../core/errors.ts'
import type { Snapshot } from '../../credentials/store.ts'
import type { Catalogue, Named } from '../catalogue/catalogue.ts'
import type { Ports } from '../ports.ts'

/** What credentials are looked for with; a session is one. */
export interface CredentialWorld {
  readonly ports: Pick<Ports, 'clock' | 'environment' | 'http' | 'machine' | 'socketPath' | 'store'>
  readonly config: Config
  readonly catalogue: Catalogue
  readonly signal: AbortSignal
}

export interface CredentialQuestion {
  readonly named: Named
  /** Null = whatever the route that wins has as its default. */
  readonly model: string | null
  readonly tier?: Tier | undefined
  /** The store, where it was read already, or why it could not be. */
  readonly snapshot?: Snapshot | ClawError | undefined
  /** Nothing is sent: a server beside the machine that gives identity tokens is taken to be there. */
  readonly isOffline?: boolean | undefined
}

/** The store as it is, or why it cannot be read: that matters only to who needs it. */
export async function readStore({ ports }: CredentialWorld): Promise<Snapshot | ClawError> {
  try {
    return await ports.store.read()
  } catch (thrown) {
    if (thrown instanceof ClawError) return thrown
    throw thrown
  }
}
