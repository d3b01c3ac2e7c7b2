import type { ServedRequest } from '../../platform/served-request.ts'
import { page, type Reply, type SandboxWorld } from '../dialect.ts'
import { shortHash } from '../journal.ts'
import type { ExchangeFault } from '../scenarios.ts'
import { granting, tokenFault } from '../sign-in/granting.ts'
import type { TokenFacts } from '../sign-in/token-style.ts'
import { lateBody } from './late-body.ts'
import { serverSeconds } from './server-time.ts'
import { judgeSubject, type SubjectFault, type SubjectRules, type TakenSubject } from './subject-judge.ts'

/** The grant types of exchanges (RFC 8693 section 2.1, RFC 7523 section 2.1, RFC 6749 section 4.4). */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const CLIENT_CREDENTIALS = 'client_credentials'

export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'
/** What may be exchanged (RFC 8693 section 3). */
export const SUBJECT_TOKEN_TYPES: readonly string[] = ['urn:ietf:params:oauth:token-type:jwt', 'urn:ietf:params:oauth:token-type:id_token']

/** How the journal calls them. */
const GRANT_NAMES: ReadonlyMap<string, string> = new Map([
  [TOKEN_EXCHANGE, 'token-exchange'],
  [JWT_BEARER, 'jwt-bearer'],
  [CLIENT_CREDENTIALS, 'client-credentials'],
])

/** What a token was minted with. */
export interface Minted {
  readonly accessToken: string
  readonly lifetimeS: number
  /** The end of the life, by the server's clock, s since 1970. */
  readonly expiresAtS: number
  /** For somebody else than before. */
  readonly isOther: boolean
}

/** How a vendor exchanges the token of a job, once the ids are in order. */
export interface ExchangeVendor {
  readonly rules: SubjectRules
  /** How long the token lives that it mints, s; nothing where the subject is too old for any. */
  lifetimeS(subject: TakenSubject): number
  /** What its tokens look like. */
  accessToken(facts: TokenFacts, isOther: boolean): string
  answer(minted: Minted): Readonly<Record<string, unknown>>
  /** What it says of a token that it does not take. */
  refusal(fault: SubjectFault): Reply
  /** The same while it cannot answer. */
  outage(status: 429 | 500 | 503): Reply
}

export interface Asked {
  readonly grantType: string
  readonly subjectToken: string
}

/** Judges the token of a job, and mints one of the vendor's own for it, which only that vendor takes. */
export function exchange(vendor: ExchangeVendor, { grantType, subjectToken }: Asked, request: ServedRequest, world: SandboxWorld): Reply {
  const note = { grantType: GRANT_NAMES.get(grantType) ?? 'other', token: shortHash(subjectToken) }
  const noted = (reply: Reply, text: string): Reply => ({ ...reply, note: { ...note, note: text } })
  const out = tokenFault(world, note)
  if (out) return out
  const fault = world.exchanges.nextFault()
  if (fault === 'rate_limit') return noted(withRetryAfter(vendor.outage(429), '2'), 'rate limited')
  if (fault === 'busy') return noted(withRetryAfter(vendor.outage(503), '1'), 'busy')
  if (fault === 'html') return noted(page(200, 'Sign in', '<h1>Sign in to the network</h1>'), 'page')
  const judged = judgeSubject(subjectToken, vendor.rules, world)
  if ('reason' in judged) return noted(vendor.refusal(judged), judged.reason)
  const lifetimeS = Math.min(vendor.lifetimeS(judged), world.scenario.accessLifetimeS ?? Number.POSITIVE_INFINITY)
  if (lifetimeS <= 0) return noted(vendor.refusal({ aspect: 'time', reason: '' }), 'no life is left of it')
  const isOther = fault === 'other_account'
  const style = { access: (facts: TokenFacts) => vendor.accessToken(facts, isOther), refresh: () => null, lifetimeS }
  const { accessToken } = world.authorization.tokens.issue('', style, vendor.rules.realm)
  const answer = vendor.answer({ accessToken, lifetimeS, expiresAtS: serverSeconds(world) + lifetimeS, isOther })
  return afterwards(
    fault,
    granting(world, withExpiry(answer, fault, world), 'access_token', { ...note, note: 'granted' }),
    vendor,
    request,
    world,
  )
}

/** What happens to the answer of an exchange that was done. */
function afterwards(
  fault: ExchangeFault | undefined,
  reply: Reply,
  vendor: ExchangeVendor,
  request: ServedRequest,
  world: SandboxWorld,
): Reply {
  switch (fault) {
    case 'lost':
      return { status: 200, isCut: true, note: { ...reply.note, note: 'answer lost' } }
    case 'error':
      return { ...vendor.outage(500), note: { ...reply.note, note: 'answer lost' } }
    case 'slow':
    case 'silent':
      return lateBody(reply, fault, request, world)
    default:
      return reply
  }
}

/** Every name under which a vendor says how long a token lives. */
const EXPIRIES = ['expires_in', 'ext_expires_in', 'expires_at']
/** How long ago a token ended that is made to have ended. */
export const PAST_S = 60

function withExpiry(
  answer: Readonly<Record<string, unknown>>,
  fault: ExchangeFault | undefined,
  world: SandboxWorld,
): Readonly<Record<string, unknown>> {
  if (fault !== 'no_expiry' && fault !== 'past_expiry') return answer
  const rest = Object.entries(answer).filter(([name]) => !EXPIRIES.includes(name))
  const past = 'expires_at' in answer ? { expires_at: serverSeconds(world) - PAST_S } : {}
  return { ...Object.fromEntries(rest), ...(fault === 'past_expiry' ? { expires_in: -PAST_S, ...past } : {}) }
}

function withRetryAfter(reply: Reply, seconds: string): Reply {
  return { ...reply, headers: { ...reply.headers, 'retry-after': seconds } }
}

/** A refusal before anything of the token was looked at. */
export function refusedUnseen(reply: Reply, { grantType, subjectToken }: Asked, reason: string): Reply {
  const name = GRANT_NAMES.get(grantType) ?? 'other'
  return { ...reply, note: { grantType: name, ...(subjectToken === '' ? {} : { token: shortHash(subjectToken) }), note: reason } }
}
