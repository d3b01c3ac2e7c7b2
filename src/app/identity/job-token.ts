import { ClawError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import { judgeSubject, readSubjectToken, type SubjectFinding } from '../../protocols/oauth/subject-token.ts'
import type { Federation } from './federation.ts'

/** A job's own token as it was read just now. */
export interface JobToken {
  readonly secret: Secret
  readonly claims: ReadonlyMap<string, unknown>
  /** Until it ends by its own claim, ms; null = it claims no end. */
  readonly endsInMs: number | null
  /** What time it is, as far as the token itself or the clock here can tell, ms. */
  readonly now: number
}

/** A clock that is off by more than this is not believed to be the reason. */
const BELIEVABLE_SKEW_MS = 15 * 60_000

/**
 * @param wallNow by the clock here, ms. A token that was made for this very question is dated by its issuer: a wrong clock
 * here would throw away a good one.
 */
export function jobToken({ reference, isFresh }: Federation, secret: Secret, wallNow: number): JobToken {
  const claims = readSubjectToken(secret.reveal())?.claims ?? new Map<string, unknown>()
  const issuedAt = instantOf(claims, 'iat')
  const now = reference.scheme === 'oidc' && isFresh && issuedAt !== null ? issuedAt : wallNow
  const endsAt = instantOf(claims, 'exp')
  return { secret, claims, endsInMs: endsAt === null ? null : endsAt - now, now }
}

/**
 * Refuses what the vendor would refuse by its own documents. Where the token of a source that keeps one looks out of time,
 * the clock here may be the wrong one: the server's is asked before it is refused.
 *
 * @throws {ClawError} `CLAW_IDENTITY_UNFIT`, the first reason
 */
export async function judgeJobToken(federation: Federation, token: JobToken, serverNow: () => Promise<number | null>): Promise<void> {
  const first = fatal(federation, token, token.now)
  if (first.length === 0) return
  const isClockAlone = first.every(({ aspect }) => aspect === 'time')
  const now = isClockAlone && isNearlyInTime(token) ? await serverNow() : null
  const [reason] = now === null ? first : fatal(federation, token, now)
  if (reason) throw unfitError(federation, reason)
}

/** Everything that speaks against a token, at an instant. */
export function findingsOf({ rules, audience }: Federation, { secret }: JobToken, now: number): readonly SubjectFinding[] {
  return judgeSubject(secret.reveal(), rules, { now, audience })
}

function fatal(federation: Federation, token: JobToken, now: number): readonly SubjectFinding[] {
  return findingsOf(federation, token, now).filter(({ isFatal }) => isFatal)
}

/** Whether a clock that is wrong may be all that speaks against it. */
export function isNearlyInTime({ claims, now }: JobToken): boolean {
  const [from, until] = [instantOf(claims, 'nbf') ?? instantOf(claims, 'iat') ?? 0, instantOf(claims, 'exp') ?? Number.POSITIVE_INFINITY]
  return from - now < BELIEVABLE_SKEW_MS && now - until < BELIEVABLE_SKEW_MS
}

function unfitError({ route, source }: Federation, { what, fix, aspect }: SubjectFinding): ClawError {
  return new ClawError('CLAW_IDENTITY_UNFIT', {
    what: `the identity token from \`${source}\` would be refused by \`${route.id}\`, so it was not sent`,
    why: what,
    fix,
    data: { aspect },
  })
}

/** A NumericDate (RFC 7519 section 2) as an instant, ms. */
export function instantOf(claims: ReadonlyMap<string, unknown>, name: string): number | null {
  const value = claims.get(name)
  return typeof value === 'number' && Number.isFinite(value) && value > 0 && value < 1e11 ? value * 1_000 : null
}
