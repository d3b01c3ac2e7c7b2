import { formatDuration } from '../../../core/duration.ts'
import { visibleLine } from '../../../core/visible.ts'
import { readSubjectToken, type SubjectAspect, type SubjectFinding } from '../../../protocols/oauth/subject-token.ts'
import { subjectFormOf } from '../../../protocols/oauth/subject-claims.ts'
import type { SubjectSource } from '../../../providers/subject-source.ts'
import type { Federation } from '../../identity/federation.ts'
import { findingsOf, type JobToken } from '../../identity/job-token.ts'
import type { Finding } from '../check.ts'
import { withRemedy } from '../fixes.ts'

/** A token that was read, and whose it is to be. */
export interface Presented {
  readonly federation: Federation
  readonly token: JobToken
  readonly row: SubjectSource | undefined
  /** When it was read, by the clock here, ms. */
  readonly readAt: number
}

export function shape({ federation, token }: Presented): Finding {
  const bytes = Buffer.byteLength(token.secret.reveal())
  return verdict(against(federation, token, 'size', 'shape'), `${bytes} bytes, and ${federation.rules.assertionMaxBytes} are taken`)
}

/** Why nothing more can be said of a token; `undefined` where it can be read. */
export function whyUnread(federation: Federation, token: JobToken): string | undefined {
  return against(federation, token, 'size', 'shape')[0]?.what
}

export function algorithm({ federation, token }: Presented): Finding {
  const header = readSubjectToken(token.secret.reveal(), federation.rules.assertionMaxBytes)?.header
  const [alg, kid] = ['alg', 'kid'].map((name) => visibleLine(String(header?.get(name) ?? 'none'), 80))
  return verdict(against(federation, token, 'algorithm', 'signature', 'header'), `${alg}, key ${kid}`)
}

export function claims({ federation, token }: Presented): Finding {
  const { subjectRequiredClaims } = federation.rules
  const iss = `iss \`${visibleLine(String(token.claims.get('iss') ?? 'none'), 200)}\``
  const all =
    subjectRequiredClaims.length > 0 ? `${subjectRequiredClaims.join(', ')} are there` : 'the vendor names none that must be there'
  return verdict(against(federation, token, 'claims'), `${iss}; ${all}`)
}

/** What a vendor's rule says by default can be changed there: a warning. */
export function lifetime({ federation, token, row }: Presented): Finding {
  const { subjectMaxLifeS } = federation.rules
  const lifeMs = (Number(token.claims.get('exp')) - Number(token.claims.get('iat'))) * 1_000
  const life = lifeMs > 0 ? formatDuration(lifeMs) : 'a time that it does not tell'
  const most = subjectMaxLifeS === 0 ? 'the vendor names no limit' : `${formatDuration(subjectMaxLifeS * 1_000)} are taken`
  return verdict(against(federation, token, 'lifetime'), `it lives ${life}, and ${most}`, row?.shorten)
}

const FORMS = {
  'github-name': 'with the names alone, as repositories have it that were not created, renamed or moved after 15 July 2026',
  'github-id': 'with the ids of owner and repository, as all have it that were created, renamed or moved after 15 July 2026',
} as const

/** What the vendor's rule must say of it: nobody but the vendor can compare the two. */
export function subject({ federation, token }: Presented): Finding {
  const sub = token.claims.get('sub')
  if (typeof sub !== 'string') return { status: 'skip', evidence: 'resolved', detail: 'the identity token has no `sub`' }
  const form = subjectFormOf(sub)
  const rule = federation.rules.claimRules?.sub ?? 'this subject'
  const how = form === null ? '' : `, ${FORMS[form]}`
  return { status: 'pass', evidence: 'resolved', detail: `\`${visibleLine(sub, 300)}\`${how}; the vendor's side: ${rule}` }
}

export function against(federation: Federation, token: JobToken, ...aspects: readonly SubjectAspect[]): readonly SubjectFinding[] {
  return findingsOf(federation, token, token.now).filter(({ aspect }) => aspects.includes(aspect))
}

/** The first thing that speaks against a token, with the line that helps where its source has one. */
export function verdict(found: readonly SubjectFinding[], detail: string, line?: string): Finding {
  const [first] = found
  if (!first) return { status: 'pass', evidence: 'resolved', detail }
  const { what, fix, isFatal } = first
  return { status: isFatal ? 'fail' : 'warn', evidence: 'resolved', ...withRemedy(what, line ?? fix) }
}
