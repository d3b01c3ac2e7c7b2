import { ClawError } from '../../core/errors.ts'
import type { NewCredential } from '../../credentials/record.ts'
import type { BrowserAnswer, ExchangeAnswer } from '../../machines/pkce-words.ts'
import { withDeadline } from '../../platform/deadline.ts'
import { type Answer, jsonFields } from '../../protocols/answer.ts'
import { requestCodeExchange } from '../../protocols/oauth/code-exchange.ts'
import { checkGrant } from '../../protocols/oauth/code-grant.ts'
import { judgeKeyMint, requestKeyMint } from '../../protocols/oauth/key-mint.ts'
import { askWhereItIs } from '../../protocols/oauth/token-addresses.ts'
import { judgeTokenAnswer } from '../../protocols/oauth/token-endpoint.ts'
import { tokenError } from '../../protocols/oauth/token-error.ts'
import type { Endpoint } from '../../protocols/oauth/token-request.ts'
import type { AuthEntry } from '../../providers/entry.ts'
import { baseUrlOf } from '../catalogue/base-url.ts'
import type { Route } from '../catalogue/catalogue.ts'
import { credentialOf } from './grant-credential.ts'
import { keptFields } from './grant-terms.ts'
import type { OAuthClient } from './oauth-client.ts'
import { expectedResponse, nonceOf, type PkceFlow } from './pkce-flow.ts'
import type { Ports } from '../ports.ts'

/** What the code of a sign-in is for. */
export interface Redemption {
  readonly route: Route
  readonly auth: AuthEntry
  /** `browser`: in this process, by callback. `paste`: for another process to finish. `complete`: finishing it. */
  readonly way: 'browser' | 'paste' | 'complete'
  readonly signInCommand: string
}

/** What a server did not process may be asked again, and does no harm: a limit, an overload, a request that never left. */
const NOT_PROCESSED: readonly string[] = ['CLAW_RATE_LIMIT', 'CLAW_OVERLOADED']

/** After these words of the server, or a success of its own that is none, the code is used up. */
const SPENT: readonly string[] = ['CLAW_GRANT_REJECTED', 'CLAW_CODE_EXPIRED', 'CLAW_DENIED', 'CLAW_PROTOCOL']

type Code = Extract<BrowserAnswer, { kind: 'code' }>

/**
 * Redeems a code for a credential: tokens, or a key that the server mints. A code is good once: what may have been processed
 * is never asked again, and what was surely not is told apart, to be asked again later.
 *
 * @throws {ClawError} `CLAW_NETWORK`, `CLAW_TIMEOUT`, `CLAW_SERVER`, `CLAW_CLIENT_REFUSED`, `CLAW_REDIRECT`,
 * and `CLAW_PROTOCOL` for a page in the place of an answer or a refusal without words: nothing says that the code is used up.
 */
export async function redeemCode(
  ports: Pick<Ports, 'clock' | 'http'>,
  redemption: Redemption,
  flow: PkceFlow,
  response: Code,
  signal: AbortSignal,
): Promise<ExchangeAnswer<NewCredential>> {
  try {
    return await redeemOnce(ports, redemption, flow, response, signal)
  } catch (thrown) {
    if (!(thrown instanceof ClawError)) throw thrown
    // What was stored still waits, and the same paste may finish it.
    const stillWaits = 'run the command again with the same paste: the sign-in still waits'
    const error = redemption.way === 'complete' ? withFix(thrown, stillWaits) : thrown
    if (!NOT_PROCESSED.includes(error.code) && error.data.sent !== false) throw error
    const at = ports.clock.now()
    const { retryAfterMs } = error.data
    return { kind: 'notProcessed', at, error, notBefore: typeof retryAfterMs === 'number' ? at + retryAfterMs : at }
  }
}

async function redeemOnce(
  ports: Pick<Ports, 'clock' | 'http'>,
  redemption: Redemption,
  flow: PkceFlow,
  response: Code,
  signal: AbortSignal,
): Promise<ExchangeAnswer<NewCredential>> {
  const { clock } = ports
  const client = issuedTo(flow.client, response.clientId)
  const timeoutMs = client.token.headTimeoutMs ?? 30_000
  const sentAt = clock.now()
  const answer = await withDeadline(
    clock,
    timeoutMs,
    () => overdue(client.token, timeoutMs),
    signal,
    (limited) => send(ports, redemption, flow, client, response, limited),
  )
  try {
    const credential = judged(answer, redemption, flow, client, clock.wall())
    return { kind: 'granted', credential: { ...credential, sentAgoMs: clock.now() - sentAt } }
  } catch (thrown) {
    // A page was written by somebody in between: the server itself may never have seen the code.
    if (!(thrown instanceof ClawError) || !isSpent(thrown) || jsonFields(answer.text) === undefined) throw thrown
    return { kind: 'refused', error: withFix(thrown, `run \`${redemption.signInCommand}\``) }
  }
}

/** A refusal without words breaks the protocol too, though not by a success. */
function isSpent({ code, data }: ClawError): boolean {
  return SPENT.includes(code) && (code !== 'CLAW_PROTOCOL' || data.sent === true)
}

function send(
  { http }: Pick<Ports, 'http'>,
  { auth }: Redemption,
  flow: PkceFlow,
  client: OAuthClient,
  response: Code,
  signal: AbortSignal,
): Promise<Answer> {
  const { code } = response
  const { verifier, notice } = flow
  const { resource, audience, token, tokenFallbacks } = client
  const state = auth.stateInBody ? (expectedResponse(flow, auth).state ?? undefined) : undefined
  const post = (request: Parameters<typeof http.request>[0]) => http.request(request)
  return askWhereItIs(token, tokenFallbacks, (endpoint) =>
    auth.kind === 'pkce_key_mint'
      ? requestKeyMint(post, endpoint, { code, verifier }, signal)
      : requestCodeExchange(post, endpoint, { code, verifier, redirectUri: notice.redirectUri ?? '' }, signal, {
          resource,
          audience,
          state,
        }),
  )
}

function judged(answer: Answer, { route, auth }: Redemption, flow: PkceFlow, client: OAuthClient, wallNow: number): NewCredential {
  if (auth.kind === 'pkce_key_mint') {
    const { key, userId } = judgeKeyMint(answer, wallNow, auth.resultField ?? 'key')
    return {
      method: 'pkce',
      auth: auth.id,
      secrets: { access: key },
      lifetimeMs: null,
      sentAgoMs: 0,
      account: userId === null ? null : { id: userId, name: null, plan: null },
      region: route.region,
      scopes: null,
      origins: [new URL(baseUrlOf(route)).origin],
      client: null,
    }
  }
  const said = judgeTokenAnswer(answer, wallNow, keptFields(auth))
  if (said.kind !== 'granted') throw tokenError(said)
  checkGrant(said.grant, {
    requiredScope: auth.requiredGrantedScope,
    requiresIdToken: auth.requiresIdTokenOnExchange ?? false,
    nonce: nonceOf(flow),
  })
  return credentialOf(route, auth, said.grant, client, 'pkce', wallNow)
}

/** The client id that the redirect brought is this installation's from now on: for the exchange and for every refresh. */
function issuedTo(client: OAuthClient, clientId: string | null): OAuthClient {
  if (clientId === null) return client
  return { ...client, token: { ...client.token, clientId }, pinned: { ...client.pinned, clientId } }
}

/** A sign-in that was refused in the browser is over: what helps is another one. */
export function withWayOn(said: BrowserAnswer, { signInCommand }: Pick<Redemption, 'signInCommand'>): BrowserAnswer {
  return said.kind === 'refused' ? { ...said, error: withFix(said.error, `run \`${signInCommand}\``) } : said
}

/** The same error with what to do, where it does not say so itself. */
function withFix(error: ClawError, fix: string): ClawError {
  return error.reworded({ fix: error.fix ?? fix })
}

function overdue({ url }: Endpoint, timeoutMs: number): ClawError {
  const seconds = timeoutMs / 1_000
  return new ClawError('CLAW_TIMEOUT', {
    what: `\`${new URL(url).host}\` did not answer the exchange of the code within ${seconds} s`,
    why: 'limit exchange, built-in',
    data: { sent: true, limit: { limit: 'exchange', seconds, source: 'built-in' } },
  })
}
