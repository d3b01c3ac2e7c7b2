import type { Clock } from '../platform/clock.ts'
import type { Served, ServedRequest } from '../platform/http-server.ts'
import type { AuthorizationServer } from './authorization-server.ts'
import type { JournalNote } from './journal.ts'
import type { Scenario } from './scenarios.ts'

/** What every dialect of the sandbox works with. */
export interface SandboxWorld {
  readonly origin: string
  readonly authorization: AuthorizationServer
  readonly scenario: Scenario
  readonly clock: Pick<Clock, 'now' | 'wall' | 'sleepUntil'>
  readonly signal: AbortSignal
  /** Counts down the polls that a scenario slows down. */
  slowDownsLeft: number
}

export type Reply = Served & { readonly note?: JournalNote }

/** Answers what is its own, and leaves everything else to the next one. */
export interface Dialect {
  readonly name: string
  answer(request: ServedRequest, world: SandboxWorld): Promise<Reply | undefined>
}

export function json(status: number, value: unknown, note?: JournalNote, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(value),
    ...(note ? { note } : {}),
  }
}

export function page(status: number, title: string, body: string): Reply {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; form-action 'self'",
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  }
  return { status, headers, body: `<!doctype html><html lang="en"><title>${title}</title><body>${body}</body></html>` }
}

export function formOf(request: ServedRequest): URLSearchParams {
  return new URLSearchParams(request.body)
}

/** The fields of a JSON body; empty where it is none. */
export function jsonOf(request: ServedRequest): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(request.body)
    return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : new Map()
  } catch {
    return new Map()
  }
}

/** The credential of a request, by the one header it came in. */
export function credentialOf(
  request: ServedRequest,
): { readonly header: 'authorization' | 'x-api-key'; readonly value: string } | 'none' | 'both' {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
  const key = request.headers['x-api-key']
  if (bearer !== undefined && key !== undefined) return 'both'
  if (bearer !== undefined) return { header: 'authorization', value: bearer }
  return key === undefined ? 'none' : { header: 'x-api-key', value: key }
}

/** Server-sent events, one at a time, and a cut or a silence where the scenario wants one. */
export async function* events(frames: Iterable<string>, world: SandboxWorld): AsyncGenerator<string> {
  let sent = 0
  for (const frame of frames) {
    if (sent === 2 && world.scenario.prompt === 'cut') return
    if (sent === 2 && world.scenario.prompt === 'silent') await world.clock.sleepUntil(world.clock.now() + 3_600_000, world.signal)
    yield frame
    sent++
  }
}
