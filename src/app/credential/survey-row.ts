import { formatInstant } from '../../core/duration.ts'
import type { CandidateState } from '../../core/vocabulary.ts'
import { type Candidate, masked } from './candidates.ts'
import type { CandidateRow } from '../doctor/report.ts'

/** A row of the table of candidates, with the route that it leads to. */
export interface SurveyRow extends CandidateRow {
  readonly route: string
  readonly profile: string
  /** An identity that is exchanged anew by itself, as often as it must. */
  readonly isExchangedAnew?: boolean
}

export function surveyRow(found: Candidate, state: CandidateState): SurveyRow {
  const { source, kind, expiresAt, reference, reason, route, profile, federation } = found
  return {
    source,
    kind,
    state,
    masked: masked(found),
    expiresAt: expiresAt === null ? null : formatInstant(expiresAt),
    ...(reference !== null && { reference }),
    ...(reason !== null && { reason }),
    route: route.id,
    profile,
    ...(federation?.isFresh === true && { isExchangedAnew: true }),
  }
}
