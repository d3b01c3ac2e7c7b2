import type { Clock } from '../platform/clock.ts'
import type { Served } from '../platform/http-server.ts'
import type { ServedRequest } from '../platform/served-request.ts'
import type { AuthorizationServer } from './sign-in/authorization-server.ts'
import type { Exchanges } from './identity/exchanges.ts'
import type { Issuer } from './identity/issuer.ts'
import type { JournalNote } from './journal.ts'
import type { Scenario } from './scenarios.ts'
import type { Script } from './script.ts'

/** What every dialect of the sandbox works with. */
export interface SandboxWorld {
  readonly origin: string
  readonly authorization: AuthorizationServer
  /** Who gives jobs their tokens. */
  readonly issuer: Issuer
  readonly exchanges: Exchanges
  readonly scenario: Scenario
  readonly clock: Pick<Clock, 'now' | 'wall' | 'sleepUntil'>
  readonly script: Script
}

export type Reply = Served & { readonly note?: JournalNote }

/** Answers what is its own, and leaves everything else to the next one. */
export interface Dialect {
  readonly name: string
  answer(request: ServedRequest, world: SandboxWorld): Reply | undefined
}

export function json(status: number, value: unknown, note?: JournalNote, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(value),
    ...(note ? { note } : {}),
  }
}

/** A page of constant text (S-39): nothing of a request may be put into it. */
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

/** The fields of a form; `undefined` where the body is none. */
export function formOf(request: ServedRequest): URLSearchParams | undefined {
  const type = request.headers['content-type'] ?? ''
  return /^application\/x-www-form-urlencoded(?:;|$)/i.test(type) ? new URLSearchParams(request.body) : undefined
}

/** The fields of a JSON body; empty where it is none. */
export function jsonOf(request: Pick<ServedRequest, 'body'>): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(request.body)
    return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : new Map()
  } catch {
    return new Map()
  }
}
