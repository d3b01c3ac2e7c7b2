import type { CredentialStore, AnswerSpool } from '../credentials/store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Environment } from '../platform/environment.ts'
import type { Http } from '../platform/http.ts'
import type { Machine } from '../platform/machine.ts'
import type { Random } from '../platform/random.ts'

/** Everything outside that a use case may touch. Production and tests differ in nothing else. */
export interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly environment: Environment
  readonly machine: Machine
  readonly http: Http
  readonly store: CredentialStore
  readonly spool: AnswerSpool
}
