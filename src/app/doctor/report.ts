import type { AuthMode, CandidateState, Kind } from '../../core/vocabulary.ts'
import type { CheckResult } from './check.ts'

/** One candidate credential in the table of a resolution; nothing in it is secret. */
export interface CandidateRow {
  readonly source: string
  readonly kind: Kind
  readonly state: CandidateState
  readonly masked: string | null
  readonly expiresAt: string | null
  readonly reference?: string
  readonly reason?: string
}

export interface ResolutionRow {
  readonly tier: string | null
  readonly provider: string
  readonly route: string
  readonly profile: string
  readonly model: string | null
  readonly authMode: AuthMode
  readonly candidates: readonly CandidateRow[]
}

export interface DoctorReport {
  readonly version: string
  readonly ok: boolean
  readonly exit: { readonly code: number; readonly name: 'OK' | 'FAILED' }
  readonly summary: { readonly pass: number; readonly warn: number; readonly fail: number; readonly skip: number }
  readonly durationMs: number
  readonly checks: readonly CheckResult[]
  readonly resolution: readonly ResolutionRow[]
}

/** The report of finished checks. `failOn` is the lowest status that makes the exit 1. */
export function reportOf(
  version: string,
  checks: readonly CheckResult[],
  resolution: readonly ResolutionRow[],
  durationMs: number,
  failOn: 'error' | 'warn',
): DoctorReport {
  const count = (status: CheckResult['status']) => checks.filter((check) => check.status === status).length
  const summary = { pass: count('pass'), warn: count('warn'), fail: count('fail'), skip: count('skip') }
  const ok = summary.fail === 0 && (failOn === 'error' || summary.warn === 0)
  return { version, ok, exit: ok ? { code: 0, name: 'OK' } : { code: 1, name: 'FAILED' }, summary, durationMs, checks, resolution }
}
