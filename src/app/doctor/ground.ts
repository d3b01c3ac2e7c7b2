import type { ClawError } from '../../core/errors.ts'
import type { Kind } from '../../core/vocabulary.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import type { Snapshot, StoreInspection } from '../../credentials/store.ts'
import type { CiSystem } from '../../platform/ci.ts'
import type { Named } from '../catalogue/catalogue.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import type { Session } from '../session.ts'
import type { SignedOutAnswer } from '../sign-out/signed-out-answers.ts'
import type { ResolutionRow } from './report.ts'

/** One credential that a tier, a fallback or a provider would take. */
export interface CredentialUse extends ResolutionRow {
  /** Null where nobody knows what the tier means. */
  readonly named: Named | null
  readonly chosen: ChosenCredential | null
  readonly record: CredentialRecord | null
  /** Who says its `authMode`: `CLAW_AUTH_MODE`, `providers.openai.auth_mode`, `the default`. */
  readonly authModeBy: string
  /** The answer to its last refresh was lost. */
  readonly isInDoubt: boolean
  /** Why there is none to be used. */
  readonly error: ClawError | null
}

export interface DoctorOptions {
  readonly offline: boolean
  /** An identity may be exchanged. */
  readonly probe: boolean
  readonly mayRefresh: boolean
  readonly only: readonly string[]
  readonly skip: readonly string[]
  readonly tier?: string | undefined
  readonly provider?: string | undefined
  readonly require?: Kind | undefined
  readonly minTtlMs?: number | undefined
  readonly failOn: 'error' | 'warn'
  readonly fix: boolean
}

/** What is known before the first check runs. What could not be read is an error in its place: doctor goes on with the rest. */
export interface Ground {
  readonly session: Session
  readonly options: DoctorOptions
  readonly ci: CiSystem
  readonly store:
    | {
        readonly snapshot: Snapshot
        readonly inspection: StoreInspection
        /** Answers to refreshes of grants that are signed out: live tokens that nobody will use. */
        readonly signedOutAnswers: readonly SignedOutAnswer[]
        /** Why nothing can be written, where there is anything that could be changed. */
        readonly writeError: ClawError | null
      }
    | { readonly error: ClawError }
  readonly uses: readonly CredentialUse[]
  /** What `--fix` did before anything was judged. */
  readonly repairs: readonly string[]
}
