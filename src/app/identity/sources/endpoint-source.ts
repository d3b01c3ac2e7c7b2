import { ClawError } from '../../../core/errors.ts'
import { Secret } from '../../../core/secret.ts'
import { isHeaderSafe } from '../../../core/vocabulary.ts'
import { unresolved } from '../../../credentials/unresolved.ts'
import { parseSecureUrl } from '../../../platform/secure-url.ts'
import type { Environment } from '../../../platform/environment.ts'
import type { EndpointAsk, SubjectSource } from '../../../providers/subject-source.ts'
import { askSource } from './ask-source.ts'
import { queryOf, withQuery } from './query.ts'
import { subjectOf } from './subject-secret.ts'
import { type Sight, type SubjectWorld, THERE } from './subject-world.ts'

/** Whether the variables that lead to the endpoint are set. */
export function lookForEndpoint(source: SubjectSource, ask: EndpointAsk, environment: Environment): Sight {
  const missing = [ask.urlVariable, ask.secretVariable].filter((name) => environment.get(name) === undefined)
  if (missing.length === 0) return THERE
  const why = missing.length === 1 ? `${missing[0]} is not set` : `${missing.join(' and ')} are not set`
  const isHere = source.hereVariable === null || environment.get(source.hereVariable) !== undefined
  return { there: false, why, fix: isHere ? source.enable : `run it in ${source.name}` }
}

/**
 * Asks the endpoint of a CI system or platform for a token (GitHub: actions/toolkit `oidc-utils.ts`; Azure Pipelines; Azure
 * App Service). The secret goes to https only, to literal loopback, or where the platform has it so to this machine and its link.
 *
 * @throws {ClawError} as `obtainSubjectToken`; `CLAW_INSECURE` and `CLAW_CONFIG_INVALID` for an address that may not have the secret.
 */
export async function askEndpoint(source: SubjectSource, ask: EndpointAsk, audience: string | null, world: SubjectWorld): Promise<Secret> {
  const { environment } = world
  const sight = lookForEndpoint(source, ask, environment)
  const [base, secret] = [environment.get(ask.urlVariable), environment.get(ask.secretVariable)]
  if (!sight.there || base === undefined || secret === undefined) {
    const { why, fix } = sight.there ? { why: undefined, fix: undefined } : sight
    throw unresolved(`${source.name} offers no identity token here`, why, fix)
  }
  if (!isHeaderSafe(secret))
    throw unresolved(`what ${ask.secretVariable} holds cannot be sent`, 'no header can carry it', `check ${ask.secretVariable}`)
  const address = `what ${ask.urlVariable} leads to`
  const allowHttp = ask.mayBeLocal === true && isBesideUs(base)
  try {
    parseSecureUrl(base, allowHttp)
  } catch (thrown) {
    if (!(thrown instanceof ClawError)) throw thrown
    throw thrown.reworded({ why: `${ask.urlVariable} is no address that may have ${ask.secretVariable}`, fix: `check ${address}` })
  }
  const held = new Secret(secret, 'token')
  const answer = await askSource(
    { source, address },
    {
      method: ask.method,
      url: withQuery(base, queryOf(ask, audience, environment)),
      headers: { ...ask.headers, [ask.secretHeader]: `${ask.secretHeader === 'authorization' ? 'Bearer ' : ''}${held.reveal()}` },
      allowHttp,
    },
    world,
  )
  return subjectOf(answer, ask.answerField, source, `check ${address}`)
}

/** This machine by any of its names, or what only it can reach (RFC 3927). */
function isBesideUs(url: string): boolean {
  return URL.canParse(url) && /^(?:localhost|127\.0\.0\.1|\[::1\]|169\.254(?:\.\d+){2})$/.test(new URL(url).hostname)
}
