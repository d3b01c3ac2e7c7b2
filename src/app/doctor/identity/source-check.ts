import { ClawError } from '../../../core/errors.ts'
import { type JobToken, jobToken } from '../../identity/job-token.ts'
import type { Federation } from '../../identity/federation.ts'
import { asksAround } from '../../identity/identity-candidates.ts'
import { subjectWorld } from '../../identity/subject-world.ts'
import { lookForSubject, obtainSubjectToken } from '../../identity/subject-tokens.ts'
import type { Finding } from '../check.ts'
import { told, withRemedy } from '../fixes.ts'
import type { Ground } from '../ground.ts'
import type { IdentityUse } from './identity-use.ts'

/** What came of reading the job's own token, and what the check of its source says of that. */
export type SubjectReading =
  | {
      readonly token: JobToken
      /** By the clock here, ms. */
      readonly readAt: number
      readonly finding: Finding
    }
  | { readonly token: null; readonly finding: Finding }

type Facts = Omit<IdentityUse, 'subject'>

/**
 * Reads the token of the job, which uses nothing up. A source that must be asked over the network, or by the program of a
 * CI system, is only looked for with `--offline`.
 */
export async function readSubject(facts: Facts, ground: Ground): Promise<SubjectReading> {
  const { federation } = facts
  const { session, options } = ground
  if (!federation) return { token: null, finding: skip('there is no identity to be had') }
  const { reference, audience, source } = federation
  const world = subjectWorld(session, session.signal)
  try {
    if (options.offline && asksAround(federation)) return { token: null, finding: skip(NOT_ASKED) }
    const sight = await lookForSubject(reference, world)
    if (!sight.there) return { token: null, finding: missing(facts, sight, ground) }
    if (options.offline && reference.scheme === 'oidc') return { token: null, finding: skip(NOT_ASKED) }
    const secret = await obtainSubjectToken({ reference, audience }, world)
    const readAt = session.ports.clock.wall()
    const how = federation.isFresh ? 'a new one each time' : 'the same one until it is replaced'
    return {
      token: jobToken(federation, secret, readAt),
      readAt,
      finding: { status: 'pass', evidence: reference.scheme === 'oidc' ? 'reached' : 'resolved', detail: `\`${source}\` gives ${how}` },
    }
  } catch (thrown) {
    if (!(thrown instanceof ClawError) || session.signal.aborted) throw thrown
    return { token: null, finding: { status: 'fail', evidence: 'resolved', ...told(forHere(thrown, federation)) } }
  }
}

const NOT_ASKED = 'not asked: --offline'

function skip(detail: string): Finding {
  return { status: 'skip', evidence: 'static', detail }
}

/** The source is not here: that is a fault where it should be, and nothing where another credential is used in its place. */
function missing(facts: Facts, sight: { readonly why: string; readonly fix: string }, { ci }: Ground): Finding {
  const { federation, row, use, isAway } = facts
  const what = `\`${federation?.source}\` has no identity token here: ${sight.why}`
  if (isAway) return skip(`${what}; ${use.chosen?.kind} from ${use.chosen?.source} is used in its place`)
  const fails = { status: 'fail', evidence: 'resolved' } as const
  if (ci.isFork === true && row?.forkLine !== undefined)
    return { ...fails, ...withRemedy(`${what}; a pull request from a fork gets none in ${row.name}`, row.forkLine) }
  return { ...fails, ...withRemedy(what, filled(sight.fix, federation)) }
}

function forHere(error: ClawError, federation: Federation): ClawError {
  return error.fix === undefined ? error : error.reworded({ fix: filled(error.fix, federation) })
}

/** The line with the audience that is wanted, where it names one. */
export function filled(line: string, federation: Pick<Federation, 'audience'> | null): string {
  return line.replaceAll('AUDIENCE', () => federation?.audience ?? 'AUDIENCE')
}
