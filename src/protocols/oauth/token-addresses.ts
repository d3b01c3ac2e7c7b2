import type { Answer } from '../answer.ts'
import { isWordOfOAuth } from './token-endpoint.ts'
import type { Endpoint } from './token-request.ts'

/** Answers of a server that has no such endpoint (any more): nothing was processed (RFC 9110 section 15.5). */
const GONE: readonly number[] = [404, 405, 410]

/**
 * The addresses that a vendor has had for its token endpoint, the first one first: where the endpoint is gone from one, the
 * next is asked, by a refresh and by the exchange of a code alike.
 */
export class TokenAddresses {
  #gone = 0

  /** The endpoint where it is to be asked now. */
  of(endpoint: Endpoint, fallbacks: readonly string[]): Endpoint {
    const url = [endpoint.url, ...fallbacks][this.#gone]
    return url === undefined ? endpoint : { ...endpoint, url }
  }

  /** Whether an answer says that nothing was processed there and there is another address, which is asked from now on. */
  goOn(answer: Answer, fallbacks: readonly string[]): boolean {
    if (!GONE.includes(answer.status) || isWordOfOAuth(answer) || this.#gone >= fallbacks.length) return false
    this.#gone++
    return true
  }
}

/** Asks at one address after the other, until one has the endpoint or none is left. */
export async function askWhereItIs(
  endpoint: Endpoint,
  fallbacks: readonly string[],
  ask: (endpoint: Endpoint) => Promise<Answer>,
): Promise<Answer> {
  const addresses = new TokenAddresses()
  for (;;) {
    const answer = await ask(addresses.of(endpoint, fallbacks))
    if (!addresses.goOn(answer, fallbacks)) return answer
  }
}
