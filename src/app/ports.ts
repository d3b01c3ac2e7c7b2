import type { AnswerSpool, CredentialStore } from '../credentials/store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Environment } from '../platform/environment.ts'
import type { Http } from '../platform/http.ts'
import type { Machine } from '../platform/machine.ts'
import type { Random } from '../platform/random.ts'

/** The machine as a command finds it, before any configuration was read. */
export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly environment: Environment
  readonly machine: Machine
  readonly version: string
  /** A store that is open already; absent = the one that the configuration names. */
  readonly opened?: Pick<Ports, 'store' | 'spool'>
  /** Where the socket of the platform is that gives identity tokens; absent = at its own path. */
  readonly socketPath?: string
}

/** Everything outside that a use case may touch. Production and tests differ in nothing else. */
export interface Ports extends World {
  readonly http: Http
  readonly store: CredentialStore
  readonly spool: AnswerSpool
}
