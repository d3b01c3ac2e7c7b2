import { ClawError } from '../../../core/errors.ts'
import { unresolved } from '../../../credentials/unresolved.ts'
import { withDeadline } from '../../../platform/deadline.ts'
import type { HttpRequest } from '../../../platform/http.ts'
import { readText } from '../../../platform/read-text.ts'
import { refuseRedirect } from '../../../platform/refuse-redirect.ts'
import { type Answer, retryAfterMs, shapeOf } from '../../../protocols/answer.ts'
import type { SubjectSource } from '../../../providers/subject-source.ts'
import type { SubjectWorld } from './subject-world.ts'

export type SourceRequest = Omit<HttpRequest, 'signal' | 'headTimeoutMs'>

/** Whom an error is about, and what to do about it. */
export interface Asked {
  readonly source: SubjectSource
  /** What to look at where it answers with something that is no answer. */
  readonly address: string
}

/** No answer with a token is longer. */
const MAX_ANSWER_BYTES = 64 * 1024
/** Before the second and the third attempt. A request makes a token and spends none, so it may be made again. */
const PAUSES_MS: readonly number[] = [500, 2_000]

/**
 * Asks a source over HTTP and gives its answer where that is a good one. What may pass (no connection, 408, 429, 5xx) is
 * tried up to three times, within one limit for all.
 *
 * @throws {ClawError} `CLAW_REFERENCE_UNRESOLVED` for a refusal (4xx), `CLAW_REDIRECT`, `CLAW_PROTOCOL`, `CLAW_NETWORK`,
 * `CLAW_SERVER`, `CLAW_TIMEOUT`; never with a part of the answer.
 */
export function askSource(asked: Asked, request: SourceRequest, world: SubjectWorld): Promise<Answer> {
  const { clock, timeoutMs } = world
  const end = clock.now() + timeoutMs
  return withDeadline(
    clock,
    timeoutMs,
    () => overdue(asked, timeoutMs),
    world.signal,
    async (signal) => {
      for (let attempt = 0; ; attempt++) {
        const outcome = await attemptOnce(asked, request, world, signal)
        if (outcome.kind === 'answered') return outcome.answer
        const pauseMs = Math.max(PAUSES_MS[attempt] ?? Number.POSITIVE_INFINITY, outcome.afterMs)
        if (clock.now() + pauseMs >= end) throw outcome.error
        await clock.sleepUntil(clock.now() + pauseMs, signal)
      }
    },
  )
}

type Outcome =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'again'; readonly error: ClawError; readonly afterMs: number }

async function attemptOnce(asked: Asked, request: SourceRequest, world: SubjectWorld, signal: AbortSignal): Promise<Outcome> {
  let answer: Answer
  try {
    answer = await send(request, world, signal)
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof ClawError) || thrown.code !== 'CLAW_NETWORK') throw thrown
    return { kind: 'again', error: thrown, afterMs: 0 }
  }
  const { status, headers } = answer
  if (status >= 200 && status <= 299) return { kind: 'answered', answer }
  if (status === 408 || status === 429 || status >= 500)
    return { kind: 'again', error: unavailable(asked, answer), afterMs: retryAfterMs(headers, world.clock.wall()) ?? 0 }
  throw refused(asked, answer)
}

async function send(request: SourceRequest, { http }: Pick<SubjectWorld, 'http'>, signal: AbortSignal): Promise<Answer> {
  const headers = { accept: 'application/json', 'user-agent': `claw/${__VERSION__}`, ...request.headers }
  const response = await http.request({ ...request, headers, signal })
  refuseRedirect(response, request.url)
  const text = await readText(response, MAX_ANSWER_BYTES, request.socketPath ?? new URL(request.url).origin)
  return { status: response.status, headers: response.headers, text }
}

function refused({ source, address }: Asked, answer: Answer): ClawError {
  const { status } = answer
  if (status < 400)
    return new ClawError('CLAW_PROTOCOL', {
      what: `${source.name} answered without an identity token`,
      why: shapeOf(answer),
      fix: `check ${address}`,
      data: { sent: true },
    })
  const error = unresolved(`${source.name} refused to give an identity token`, `HTTP ${status}`, source.enable)
  return error.reworded({ data: { sent: true, status } })
}

function unavailable({ source }: Asked, { status }: Answer): ClawError {
  return new ClawError('CLAW_SERVER', {
    what: `${source.name} could not give an identity token`,
    why: `HTTP ${status}`,
    fix: 'run the command again in a while',
    data: { sent: true, status },
  })
}

function overdue({ source, address }: Asked, timeoutMs: number): ClawError {
  const seconds = timeoutMs / 1_000
  return new ClawError('CLAW_TIMEOUT', {
    what: `${source.name} gave no identity token within ${seconds} s`,
    why: 'limit identity.source',
    fix: `check ${address}, and the network of this machine`,
    data: { limit: { limit: 'identity.source', seconds, source: 'built-in' } },
  })
}

/** The longest that is waited to learn whether a server is there, ms. */
const PROBE_MS = 1_000

/** Whether an address answers at once in a way that only the right server does. Never throws for what it finds. */
export async function isAnswering(request: SourceRequest, isRight: (answer: Answer) => boolean, world: SubjectWorld): Promise<boolean> {
  const { clock, signal } = world
  const late = () => new ClawError('CLAW_TIMEOUT', { what: 'a server beside this machine did not answer' })
  try {
    return isRight(await withDeadline(clock, PROBE_MS, late, signal, (limited) => send(request, world, limited)))
  } catch {
    signal.throwIfAborted()
    return false
  }
}
