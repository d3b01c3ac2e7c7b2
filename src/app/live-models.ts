import { ClawError } from '../core/errors.ts'
import { withDeadline } from '../platform/deadline.ts'
import { readText } from '../platform/read-text.ts'
import { refuseRedirect } from '../platform/refuse-redirect.ts'
import { headersFor } from './credential-headers.ts'
import type { ChosenCredential } from './find-credential.ts'
import { deviceFacts } from './installation.ts'
import { requestUrl } from './request-url.ts'
import { lowerCase, routeHeaders } from './route-headers.ts'
import type { Session } from './session.ts'

const LIST_TIMEOUT_MS = 10_000
const MOST_LIST_BYTES = 4 * 1024 * 1024

/** The ids that a route lists now; `null` where it cannot be asked. */
export async function liveModels(session: Session, credential: ChosenCredential): Promise<string[] | null> {
  const { entry } = credential.route
  if (entry.modelsEndpoint === undefined) return null
  const url = requestUrl(credential, entry.modelsEndpoint)
  const late = () => new ClawError('CLAW_TIMEOUT', { what: 'the list of models did not come in time' })
  try {
    return await withDeadline(session.ports.clock, LIST_TIMEOUT_MS, late, session.signal, async (signal) => {
      const headers = {
        ...routeHeaders(credential.route, await deviceFacts(session)),
        ...lowerCase(Object.entries(entry.modelsHeaders ?? {})),
        accept: 'application/json',
        ...headersFor(credential, url),
      }
      const response = await session.ports.http.request({ method: 'GET', url, headers, signal, allowHttp: entry.allowHttp ?? false })
      refuseRedirect(response, url)
      return response.status === 200 ? idsIn(await readText(response, MOST_LIST_BYTES)) : null
    })
  } catch (thrown) {
    session.signal.throwIfAborted()
    if (thrown instanceof ClawError) return null
    throw thrown
  }
}

function idsIn(text: string): string[] | null {
  try {
    const value: unknown = JSON.parse(text)
    const list: unknown = typeof value === 'object' && value !== null && 'data' in value ? value.data : undefined
    if (!Array.isArray(list)) return null
    return list.flatMap((each: unknown) =>
      typeof each === 'object' && each !== null && 'id' in each && typeof each.id === 'string' ? [each.id] : [],
    )
  } catch {
    return null
  }
}
