import { ClawError } from '../../core/errors.ts'
import { withDeadline } from '../../platform/deadline.ts'
import { readText } from '../../platform/read-text.ts'
import { refuseRedirect } from '../../platform/refuse-redirect.ts'
import { jsonFields } from '../../protocols/answer.ts'
import { providerError } from '../../protocols/prompt/provider-error.ts'
import { accountWords } from '../sign-in/account.ts'
import { ownerOf } from './access-step.ts'
import { answerContext } from './answer-context.ts'
import { headersFor } from '../credential/credential-headers.ts'
import type { ChosenCredential } from '../credential/find-credential.ts'
import { deviceFacts } from './installation.ts'
import { provenAccess } from './probe-access.ts'
import { requestUrl } from './request-url.ts'
import { routeHeaders } from './route-headers.ts'
import type { Session } from '../session.ts'

export interface ProbeResult {
  readonly status: 'pass' | 'warn' | 'fail'
  readonly evidence: 'resolved' | 'reached' | 'accepted'
  readonly detail: string
  readonly error: ClawError | null
}

/** The limit of one cheap request, ms. */
const PROBE_TIMEOUT_MS = 10_000

/**
 * One cheap request with a credential, to the address that the catalogue names for it: proves that the provider takes it.
 * Only the provider's own refusal is a failure of the credential.
 */
export async function probeCredential(session: Session, found: ChosenCredential): Promise<ProbeResult> {
  try {
    const { credential, isProven } = await provenAccess(session, found)
    return isProven ? accepted(credential, '') : await probeRequest(session, credential)
  } catch (thrown) {
    if (!(thrown instanceof ClawError) || session.signal.aborted) throw thrown
    const isBusy = BUSY.includes(thrown.code)
    return { status: isBusy ? 'warn' : 'fail', evidence: isBusy ? 'reached' : 'resolved', detail: describe(thrown), error: thrown }
  }
}

const BUSY: readonly string[] = ['CLAW_RATE_LIMIT', 'CLAW_OVERLOADED', 'CLAW_SERVER']

async function probeRequest(session: Session, credential: ChosenCredential): Promise<ProbeResult> {
  const { route, auth } = credential
  const { entry } = route
  // What stands between a credential and its API was asked already, or is not for this one.
  const probe = credential.access ? undefined : (auth.probe ?? entry.probe)
  const path = probe?.replace(/^GET\s+/, '') ?? entry.modelsEndpoint
  if (!path) return { status: 'pass', evidence: 'resolved', detail: 'no cheap request is known for this provider', error: null }
  const url = requestUrl(credential, path)
  const { http, clock } = session.ports
  const headers = { ...routeHeaders(route, await deviceFacts(session)), accept: 'application/json', ...headersFor(credential, url) }
  const late = () =>
    new ClawError('CLAW_TIMEOUT', {
      what: `\`${new URL(url).host}\` did not answer within ${PROBE_TIMEOUT_MS / 1_000} s`,
      data: { limit: { limit: 'probe', seconds: PROBE_TIMEOUT_MS / 1_000, source: 'built-in' } },
    })
  const answer = await withDeadline(clock, PROBE_TIMEOUT_MS, late, session.signal, async (signal) => {
    const response = await http.request({ method: 'GET', url, headers, signal, allowHttp: entry.allowHttp ?? false })
    refuseRedirect(response, url)
    return { status: response.status, headers: response.headers, text: await readText(response, 4 * 1024 * 1024) }
  })
  if (answer.status >= 200 && answer.status <= 299) return accepted(credential, answer.text)
  return refused(providerError(answer, { ...answerContext(session, credential, url, ''), now: clock.wall() }), answer.status)
}

/** Where the catalogue says that a 200 is not enough (an empty balance), the answer is looked into. */
function accepted(credential: ChosenCredential, text: string): ProbeResult {
  const { route, secret } = credential
  const { probeFunds, probeNote } = route.entry
  const funds = probeFunds && numberAt(jsonFields(text), probeFunds.path)
  if (probeFunds && funds !== undefined && funds <= probeFunds.above) {
    return {
      status: 'fail',
      evidence: 'accepted',
      detail: `the credential is taken, but \`${probeFunds.path}\` is ${funds}`,
      error: new ClawError('CLAW_QUOTA', { what: `the account of \`${route.id}\` has no funds` }),
    }
  }
  const account = accountWords(credential.access?.account ?? ownerOf(credential))
  const whose = account === '' ? '' : ` for ${account}`
  const detail = secret === null ? 'it answers' : `the provider takes it${whose}${probeNote ? `; this ${probeNote}` : ''}`
  return { status: 'pass', evidence: secret === null ? 'reached' : 'accepted', detail, error: null }
}

function refused(error: ClawError, status: number): ProbeResult {
  // A key of limited rights may be refused a model list and still be good for prompts.
  const isRestricted = error.code === 'CLAW_FORBIDDEN' && status === 403
  const isBusy = BUSY.includes(error.code)
  return { status: isRestricted || isBusy ? 'warn' : 'fail', evidence: 'reached', detail: describe(error), error }
}

function describe(error: ClawError): string {
  return [error.message, error.why].filter(Boolean).join(': ')
}

function numberAt(fields: ReadonlyMap<string, unknown> | undefined, path: string): number | undefined {
  let value: unknown = fields
  for (const name of path.split('.')) {
    if (value instanceof Map) value = value.get(name)
    else if (typeof value === 'object' && value !== null) value = new Map(Object.entries(value)).get(name)
    else return undefined
  }
  return typeof value === 'number' ? value : undefined
}
