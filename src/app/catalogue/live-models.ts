import { ClawError } from '../../core/errors.ts'
import { withDeadline } from '../../platform/deadline.ts'
import { readText } from '../../platform/read-text.ts'
import { refuseRedirect } from '../../platform/refuse-redirect.ts'
import { providerError } from '../../protocols/prompt/provider-error.ts'
import { answerContext } from '../access/answer-context.ts'
import { headersFor } from '../credential/credential-headers.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import { deviceFacts } from '../access/installation.ts'
import { type ListedModel, modelsIn } from './listed-models.ts'
import { requestUrl } from '../access/request-url.ts'
import { lowerCase, routeHeaders } from '../access/route-headers.ts'
import type { Session } from '../session.ts'
import { usableCredential } from '../credential/usable-credential.ts'

const LIST_TIMEOUT_MS = 10_000
const MOST_LIST_BYTES = 8 * 1024 * 1024

/** Whether a credential can ask its route for a list. */
export function canListModels({ route, auth }: Pick<ChosenCredential, 'route' | 'auth'>): boolean {
  return route.entry.modelsEndpoint !== undefined && (auth.modelsEndpointWorks !== false || route.entry.modelsEndpointPublic === true)
}

/**
 * The models that a route lists now.
 *
 * @throws {ClawError} `CLAW_METHOD_UNSUPPORTED` where there is no list; what the provider answers; `CLAW_PROTOCOL` for no list;
 * `CLAW_NETWORK`, `CLAW_TIMEOUT`.
 */
export async function askForModels(session: Session, credential: ChosenCredential): Promise<ListedModel[]> {
  const { entry, id } = credential.route
  if (entry.modelsEndpoint === undefined)
    throw new ClawError('CLAW_METHOD_UNSUPPORTED', { what: `\`${id}\` has no list of its models`, fix: 'claw model' })
  const facts = await deviceFacts(session)
  const url = requestUrl(credential, entry.modelsEndpoint, { version: facts.version })
  const headers = {
    ...routeHeaders(credential.route, facts),
    ...lowerCase(Object.entries(entry.modelsHeaders ?? {})),
    accept: 'application/json',
    ...headersFor(credential, url),
  }
  const late = () => new ClawError('CLAW_TIMEOUT', { what: `\`${id}\` did not list its models within ${LIST_TIMEOUT_MS / 1_000} s` })
  const { http, clock } = session.ports
  const answer = await withDeadline(clock, LIST_TIMEOUT_MS, late, session.signal, async (signal) => {
    const response = await http.request({ method: 'GET', url, headers, signal, allowHttp: entry.allowHttp ?? false })
    refuseRedirect(response, url)
    return { status: response.status, headers: response.headers, text: await readText(response, MOST_LIST_BYTES) }
  })
  if (answer.status !== 200) throw providerError(answer, { ...answerContext(session, credential, url, ''), now: clock.wall() })
  const models = modelsIn(answer.text, entry)
  if (models) return models
  throw new ClawError('CLAW_PROTOCOL', { what: `\`${id}\` answered with something else than a list of models` })
}

/** The ids that a route lists now, by way of what its credential needs before it is sent; `null` where it cannot be asked. */
export async function liveModels(session: Session, chosen: ChosenCredential): Promise<string[] | null> {
  try {
    const { credential } = await usableCredential(session, chosen)
    return (await askForModels(session, credential)).map(({ id }) => id)
  } catch (thrown) {
    session.signal.throwIfAborted()
    if (thrown instanceof ClawError) return null
    throw thrown
  }
}
