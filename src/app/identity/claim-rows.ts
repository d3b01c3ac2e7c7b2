import { shownClaims } from '../../protocols/oauth/subject-claims.ts'
import type { Federation } from './federation.ts'
import type { JobToken } from './job-token.ts'

/** One claim as it would be presented, and what the vendor's rule must say of it. */
export interface ClaimRow {
  readonly claim: string
  /** Made visible and cut. */
  readonly value: string
  /** Null where no rule of the vendor looks at it. */
  readonly rule: string | null
}

/** The claims in the order in which people compare them. */
export function rowsOfClaims(
  { rules, audience, isAudienceChosen }: Pick<Federation, 'rules' | 'audience' | 'isAudienceChosen'>,
  token: Pick<JobToken, 'claims'>,
): ClaimRow[] {
  const matches = new Map(Object.entries(rules.claimRules ?? {}))
  const rows = shownClaims(token).map(({ name, value }) => ({ claim: name, value, rule: matches.get(name) ?? null }))
  const usual = rules.defaultAudience.includes('{') ? '' : rules.defaultAudience
  const isOther = isAudienceChosen && usual !== '' && usual !== audience
  const wanted =
    audience === null ? null : isAudienceChosen ? `you asked for ${audience}${isOther ? `, usual is ${usual}` : ''}` : `usually ${audience}`
  return rows.map((row) => (row.claim === 'aud' && wanted !== null ? { ...row, rule: [row.rule, wanted].filter(Boolean).join('; ') } : row))
}
