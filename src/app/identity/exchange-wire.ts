import { ClawError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import { withDeadline } from '../../platform/deadline.ts'
import type { HttpConnection } from '../../platform/http.ts'
import type { Answer } from '../../protocols/answer.ts'
import { discoverServer } from '../../protocols/oauth/discovery.ts'
import { type ExchangeVerdict, judgeExchange, unlessEchoed } from '../../protocols/oauth/exchange-answer.ts'
import { judgeSecondStep, requestSecondStep } from '../../protocols/oauth/second-step.ts'
import { filledTemplate, requestExchange } from '../../protocols/oauth/token-exchange.ts'
import { segmentOf } from '../../protocols/url.ts'
import type { Ports } from '../ports.ts'
import type { Federation } from './federation.ts'

export type SentVerdict = ExchangeVerdict & { readonly sentAgoMs: number }

/** The exchange endpoint of one federation: a fresh connection that stands before a token is noted as posted, and one request. */
export class ExchangeWire {
  readonly #ports: Pick<Ports, 'clock' | 'http'>
  readonly #federation: Federation
  readonly #timeoutMs: number
  #standing: { readonly connection: HttpConnection; readonly url: string } | undefined

  constructor(ports: Pick<Ports, 'clock' | 'http'>, federation: Federation, timeoutMs: number) {
    this.#ports = ports
    this.#federation = federation
    this.#timeoutMs = timeoutMs
  }

  /** @throws {ClawError} `CLAW_NETWORK`, `CLAW_PROTOCOL` from discovery, `CLAW_INSECURE`. */
  async connect(signal: AbortSignal): Promise<void> {
    const url = await this.#url(signal)
    this.#standing = { url, connection: await this.#ports.http.connect(url, signal) }
  }

  /** Where the exchange is sent, for records. */
  get url(): string {
    return this.#standing?.url ?? this.#federation.tokenUrl ?? ''
  }

  /**
   * Posts the token. Whatever fails before it was sent leaves it good; whatever fails after may have used it up.
   *
   * @param endsInMs what the token has left by its own claim; null = it claims no end
   * @throws {ClawError} the reason of the signal
   */
  async exchange(subject: Secret, endsInMs: number | null, signal: AbortSignal): Promise<SentVerdict> {
    const { clock } = this.#ports
    const { rules, values } = this.#federation
    const sentAt = clock.now()
    const { connection, url } = this.#connected()
    const assumedMaxMs = rules.outlivesSubject === 'never' && endsInMs !== null && endsInMs > 0 ? endsInMs : undefined
    const verdict = await this.#sent(
      url,
      signal,
      (limited) => requestExchange((request) => connection.request(request), url, rules, subject, values, limited),
      (answer) => unlessEchoed(judgeExchange(answer, rules, { url, now: clock.wall(), assumedMaxMs }), subject, { url }),
    )
    const second = verdict.kind === 'granted' ? afterFirst(await this.#secondStep(verdict.token, signal)) : undefined
    return { ...(second ?? verdict), sentAgoMs: clock.now() - sentAt }
  }

  /** What time it is by the server's clock, ms; null where it does not say. Asked only where a token looks out of time by the clock here. */
  async serverNow(signal: AbortSignal): Promise<number | null> {
    const url = new URL('/', await this.#url(signal)).href
    try {
      const response = await withDeadline(
        this.#ports.clock,
        this.#timeoutMs,
        () => overdue(url, this.#timeoutMs),
        signal,
        (limited) => this.#ports.http.request({ method: 'GET', url, headers: { accept: 'application/json' }, signal: limited }),
      )
      response.discard()
      const at = Date.parse(response.headers.date ?? '')
      return Number.isNaN(at) ? null : at
    } catch (thrown) {
      if (signal.aborted) throw thrown
      return null
    }
  }

  close(): void {
    this.#standing?.connection.close()
    this.#standing = undefined
  }

  async #url(signal: AbortSignal): Promise<string> {
    const { tokenUrl, auth, rules } = this.#federation
    if (tokenUrl !== null) return tokenUrl
    return (await discoverServer(this.#ports.http, auth.issuer ?? '', signal, rules.exchangeHosts)).tokenEndpoint
  }

  /** With what was minted, where the vendor wants a second request for what its API takes. */
  async #secondStep(minted: Secret, signal: AbortSignal): Promise<ExchangeVerdict | undefined> {
    const { rules, values } = this.#federation
    const { secondStep } = rules
    if (!secondStep || values[secondStep.when] === undefined) return undefined
    const { http, clock } = this.#ports
    const url = filledTemplate(secondStep.url, values, segmentOf)
    return this.#sent(
      url,
      signal,
      (limited) => requestSecondStep((request) => http.request(request), url, secondStep, minted, values, limited),
      (answer) => judgeSecondStep(answer, secondStep, rules, { url, now: clock.wall() }),
    )
  }

  #connected(): { readonly connection: HttpConnection; readonly url: string } {
    if (this.#standing) return this.#standing
    throw new ClawError('CLAW_INTERNAL', { what: 'an exchange had no connection' })
  }

  async #sent(
    url: string,
    signal: AbortSignal,
    send: (limited: AbortSignal) => Promise<Answer>,
    judge: (answer: Answer) => ExchangeVerdict,
  ): Promise<ExchangeVerdict> {
    const limitMs = this.#timeoutMs
    try {
      return judge(await withDeadline(this.#ports.clock, limitMs, () => overdue(url, limitMs), signal, send))
    } catch (thrown) {
      if (!(thrown instanceof ClawError)) throw thrown
      return failed(thrown)
    }
  }
}

/** The first request has used the token up, whatever became of the second. */
function afterFirst(second: ExchangeVerdict | undefined): ExchangeVerdict | undefined {
  return second?.kind === 'not_processed' ? { kind: 'lost', error: second.error } : second
}

/** What was never sent leaves the token good. */
function failed(error: ClawError): ExchangeVerdict {
  if (error.code === 'CLAW_REDIRECT' || error.code === 'CLAW_PROTOCOL') return { kind: 'broken', error }
  if (error.exit.name === 'CONFIG') return { kind: 'config', error }
  return error.data.sent === false ? { kind: 'not_processed', error, retryAfterMs: null } : { kind: 'lost', error }
}

function overdue(url: string, timeoutMs: number): ClawError {
  const seconds = timeoutMs / 1_000
  return new ClawError('CLAW_TIMEOUT', {
    what: `\`${new URL(url).host}\` did not answer the exchange within ${seconds} s`,
    why: 'limit exchange.request, `[store] request_timeout`',
    fix: 'run the command again later',
    data: { sent: true, limit: { limit: 'exchange.request', seconds, source: 'config' } },
  })
}
